package gcp

import (
	"regexp"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// computeURL is what self links start with.
const computeURL = "https://www.googleapis.com/compute/v1/"

// target names an object of Compute Engine.
type target struct{ project, location, plural, name string }

// path is the name that messages use.
func (t target) path() string {
	place := "regions/" + t.location
	switch {
	case t.location == global:
		place = global
	case zoneExists(t.location):
		place = "zones/" + t.location
	}
	return "projects/" + t.project + "/" + place + "/" + t.plural + "/" + t.name
}

func (t target) link() string { return computeURL + t.path() }

// computePrefix is what may stand before "projects/..." in a reference: either host of the API, and an endpoint on loopback, which
// gcloud uses once it is told to call there.
var computePrefix = regexp.MustCompile(`^(?:https://(?:www|compute)\.googleapis\.com/compute/(?:v1|beta)/|https?://(?:127\.0\.0\.1|localhost)(?::\d+)?/compute/v1/|/?compute/v1/)`)

// parseTarget reads a reference: a URL, "projects/...", or "global/...", "regions/..." and "zones/..." in the call's project.
func (c *call) parseTarget(reference string) (target, bool) {
	text := computePrefix.ReplaceAllString(reference, "")
	if !strings.HasPrefix(text, "projects/") {
		if text != reference {
			return target{}, false
		}
		text = "projects/" + c.Project + "/" + text
	}
	s := strings.Split(text, "/")
	var t target
	switch {
	case len(s) == 5 && s[2] == global:
		t = target{s[1], global, s[3], s[4]}
	case len(s) == 6 && (s[2] == "regions" || s[2] == "zones"):
		t = target{s[1], s[3], s[4], s[5]}
	default:
		return t, false
	}
	if id, ok := c.cloud.projectID(t.project); ok {
		t.project = id
	}
	return t, t.name != "" && t.plural != ""
}

// refer finds the object that a field of a request refers to: one of the call's project, and for regional objects of the call's
// region. It returns the URL that is stored.
func (col *collection[M]) refer(c *call, field, reference string) (*Held[M], string, error) {
	t, ok := c.parseTarget(reference)
	switch {
	case reference == "":
		return nil, "", required(field)
	case !ok:
		return nil, "", invalid(field, reference, "The URL is malformed.")
	case t.plural != col.plural || (col.scope == inProject) != (t.location == global):
		return nil, "", invalid(field, reference, "Unexpected resource collection; it must be one of %s.", col.plural)
	case t.project != c.Project:
		return nil, "", invalid(field, reference, "Cross project referencing is not allowed for this resource.")
	case col.scope == inRegion && c.Location != t.location:
		return nil, "", invalid(field, reference, "Cross region referencing is not allowed for this resource; it must be in %s.", c.Location)
	}
	h := col.in(c, t.location)[t.name]
	switch {
	case h == nil && col.missing != "":
		return nil, "", invalid(field, reference, "%s", col.missing)
	case h == nil:
		return nil, "", notFound(t.path())
	case h.Verb == "insert" || h.Verb == "delete":
		return nil, "", notReady(t.path())
	}
	return h, t.link(), nil
}

// users are asked for objects of other services that use one of Compute Engine's: they return the name of one, or nothing.
var users []func(c *call, t target) string

// userOf returns the path of an object that refers to a target, or nothing.
func (c *call) userOf(t target) string {
	link, self := t.link(), t.path()
	found := ""
	for _, key := range control.SortedKeys(c.cloud.state.Regions) {
		project, location, _ := strings.Cut(key, "/")
		if project != t.project {
			continue
		}
		at := c.in(project, location)
		for _, plural := range control.SortedKeys(collections) {
			collections[plural].links(at, location, func(path, text string) {
				if text == link && path != self && found == "" && !at.madeAlong(plural, location, path) {
					found = path
				}
			})
		}
	}
	for _, ask := range users {
		if found == "" {
			found = ask(c, t)
		}
	}
	return found
}

// madeAlong reports whether a reference keeps nobody from deleting: the routes of a network go away with it, and a peering is
// inactive without the network at its other end.
func (c *call) madeAlong(plural, location, path string) bool {
	if plural == networks.plural {
		return true
	}
	if plural != routes.plural {
		return false
	}
	h := routes.in(c, location)[path[strings.LastIndex(path, "/")+1:]]
	return h != nil && madeByNetwork(h.Body)
}
