package aws

import (
	"encoding/base64"
	"path"
	"slices"
	"strconv"
	"strings"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// selection is what the describe calls have in common.
type selection struct {
	ids     []string
	filters []ec2types.Filter
	max     *int32
	token   *string
	// most bounds max; zero means 1000.
	most int32
}

// described says how a kind of object is described.
type described[T any] struct {
	kind idKind
	tags func(o *T) []ec2types.Tag
	// values answers a filter's name with the object's values; known is false for a filter that AWS does not have.
	values func(o *T, filter string) (values []string, known bool)
}

// describe selects visible objects by ids and filters, in the order of their ids, one page at a time.
func describe[T any](c *call, objects map[string]*T, how described[T], s selection) ([]*T, *string, error) {
	if s.max != nil && len(s.ids) > 0 {
		return nil, nil, apiError("InvalidParameterCombination", "The parameter MaxResults cannot be used together with a list of ids.")
	}
	for _, id := range s.ids {
		if err := how.kind.check(id); err != nil {
			return nil, nil, err
		}
		if objects[id] == nil || !c.visible(id) {
			return nil, nil, how.kind.absent(id)
		}
	}
	if err := checkFilters(s.filters, func(name string) bool { _, known := how.values(new(T), name); return known }); err != nil {
		return nil, nil, err
	}
	var found []*T
	for _, id := range sortedKeys(objects) {
		if len(s.ids) > 0 && !slices.Contains(s.ids, id) || !c.visible(id) {
			continue
		}
		object := objects[id]
		if matches(s.filters, how.tags(object), func(name string) []string { values, _ := how.values(object, name); return values }) {
			found = append(found, object)
		}
	}
	return paginate(found, s.max, s.token, s.most)
}

// checkFilters refuses filters that have no name, no values, too many values or a name that AWS does not know.
func checkFilters(filters []ec2types.Filter, known func(name string) bool) error {
	for _, f := range filters {
		name := text(f.Name)
		if name == "" {
			return missingParameter("Filter.Name")
		}
		if len(f.Values) == 0 {
			return apiError("InvalidParameterValue", "The filter '%s' requires at least one value.", name)
		}
		if len(f.Values) > 200 {
			return apiError("FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200")
		}
		if strings.HasPrefix(name, "tag:") || name == "tag-key" || name == "tag-value" {
			continue
		}
		if !known(name) {
			return apiError("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
	}
	return nil
}

// matches holds an object against every filter; values of one filter are alternatives.
func matches(filters []ec2types.Filter, tags []ec2types.Tag, values func(name string) []string) bool {
	for _, f := range filters {
		var have []string
		switch key, isTag := strings.CutPrefix(*f.Name, "tag:"); {
		case isTag:
			for _, tag := range tags {
				if *tag.Key == key {
					have = append(have, text(tag.Value))
				}
			}
		case *f.Name == "tag-key":
			for _, tag := range tags {
				have = append(have, *tag.Key)
			}
		case *f.Name == "tag-value":
			for _, tag := range tags {
				have = append(have, text(tag.Value))
			}
		default:
			// An absent value matches nothing, not even "*".
			have = slices.DeleteFunc(slices.Clone(values(*f.Name)), func(v string) bool { return v == "" })
		}
		if !slices.ContainsFunc(f.Values, func(want string) bool {
			return slices.ContainsFunc(have, func(h string) bool { return wildcard(want, h) })
		}) {
			return false
		}
	}
	return true
}

// wildcard compares with * and ? standing for any run and any one character, unless a backslash is in front of them.
func wildcard(pattern, value string) bool {
	if !strings.ContainsAny(pattern, `*?\`) {
		return pattern == value
	}
	// path.Match gives brackets and slashes a meaning that EC2 does not.
	quote := strings.NewReplacer("[", `\[`, "]", `\]`, "/", "\x00")
	ok, err := path.Match(quote.Replace(pattern), strings.ReplaceAll(value, "/", "\x00"))
	return err == nil && ok
}

// paginate cuts a page out of a list. Tokens are opaque to clients.
func paginate[T any](items []T, limit *int32, token *string, most int32) ([]T, *string, error) {
	if most == 0 {
		most = 1000
	}
	size := int(most)
	if limit != nil {
		if *limit < 5 || *limit > most {
			return nil, nil, apiError("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value from 5 to %d.", *limit, most)
		}
		size = int(*limit)
	}
	start := 0
	if token != nil {
		raw, err := base64.StdEncoding.DecodeString(*token)
		offset, ok := strings.CutPrefix(string(raw), "sandbox-page/")
		if start, err = tokenOffset(offset, ok, err); err != nil {
			return nil, nil, err
		}
	}
	if start > len(items) {
		start = len(items)
	}
	end := min(start+size, len(items))
	var next *string
	if end < len(items) {
		next = new(pageToken(end))
	}
	return items[start:end], next, nil
}

func pageToken(offset int) string {
	return base64.StdEncoding.EncodeToString([]byte("sandbox-page/" + strconv.Itoa(offset)))
}

func tokenOffset(offset string, ok bool, err error) (int, error) {
	if err == nil && ok {
		if n, convErr := strconv.Atoi(offset); convErr == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, apiError("InvalidNextToken", "The token is not valid.")
}

// values turns a list of pointers into one of values, for answers.
func values[T any](pointers []*T) []T {
	out := make([]T, 0, len(pointers))
	for _, p := range pointers {
		out = append(out, *p)
	}
	return out
}
