package tf

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Tags reads a resource's tags with the provider's defaults under them.
func (r *Reader) Tags(p *Provider, own types.Map) map[string]string {
	tags := map[string]string{}
	if p != nil {
		maps.Copy(tags, p.DefaultTags)
		if p.DefaultTagsUnknown {
			r.Unknown["tags"] = true
		}
	}
	maps.Copy(tags, r.StringMap("tags", own))
	return tags
}

// OwnTags takes the provider's defaults out of the tags that were found, unless
// the resource has them itself.
func (p *Provider) OwnTags(prior types.Map, found map[string]string) types.Map {
	was, own := Texts(prior), map[string]string{}
	for key, value := range found {
		if _, mine := was[key]; mine || !p.isDefault(key) {
			own[key] = value
		}
	}
	return StringMap(prior, own)
}

// DriftOfTags is what is not as default_tags want it. No attribute of the
// resource models that, so it is a line of drift.
func (p *Provider) DriftOfTags(prior types.Map, found map[string]string) []string {
	if p == nil || p.DefaultTagsUnknown {
		return nil
	}
	was := Texts(prior)
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(p.DefaultTags)) {
		value, has := found[key]
		_, mine := was[key]
		switch want := p.DefaultTags[key]; {
		case mine || value == want && has:
		case !has:
			lines = append(lines, key+": missing "+want)
		default:
			lines = append(lines, key+": is "+value+", should be "+want)
		}
	}
	return lines
}

func (p *Provider) isDefault(key string) bool {
	if p == nil {
		return false
	}
	_, ok := p.DefaultTags[key]
	return ok
}
