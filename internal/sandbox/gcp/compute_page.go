package gcp

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// listRequest is what all requests for lists have in common.
type listRequest interface {
	proto.Message
	GetFilter() string
	GetMaxResults() uint32
	GetPageToken() string
	GetOrderBy() string
}

// placed is an object in a list with the scope that an aggregated list shows it in, such as "regions/us-central1".
type placed[M any] struct {
	scope string
	item  M
}

// list is a page of the objects of the call's location.
func (col *collection[M]) list(c *call, in listRequest) ([]M, *string, error) {
	if err := col.checkLocation(c); err != nil {
		return nil, nil, err
	}
	return items(paged(col.everyIn(c, c.Location), in))
}

// everyIn are the visible objects of a location, by name.
func (col *collection[M]) everyIn(c *call, location string) []placed[M] {
	var all []placed[M]
	for _, name := range control.SortedKeys(col.in(c, location)) {
		if c.visible(location, col.plural+"/"+name) {
			all = append(all, placed[M]{scopeOf(location), col.shown(c, location, col.in(c, location)[name].Body)})
		}
	}
	return all
}

// everywhere are the visible objects of the call's project.
func (col *collection[M]) everywhere(c *call) []placed[M] {
	var all []placed[M]
	for _, key := range control.SortedKeys(c.cloud.state.Regions) {
		if project, location, _ := strings.Cut(key, "/"); project == c.Project {
			all = append(all, col.everyIn(c, location)...)
		}
	}
	return all
}

// aggregated is a page of the objects of the call's project, by scope. Scopes without any are there too, as the API has them, and
// say so by a warning that the caller gets for them.
func aggregated[M named, L any](all []placed[M], in listRequest, scopes []string, wrap func(items []M, none *computepb.Warning) L) (map[string]L, *string, error) {
	page, next, err := paged(all, in)
	if err != nil {
		return nil, nil, err
	}
	by := map[string][]M{}
	for _, p := range page {
		by[p.scope] = append(by[p.scope], p.item)
	}
	out := map[string]L{}
	for _, scope := range scopes {
		if by[scope] == nil {
			out[scope] = wrap(nil, noResults(scope))
		}
	}
	for scope, list := range by {
		out[scope] = wrap(list, nil)
	}
	return out, next, nil
}

func noResults(scope string) *computepb.Warning {
	return &computepb.Warning{
		Code:    new(computepb.Warning_NO_RESULTS_ON_PAGE.String()),
		Message: new("There are no results for scope '" + scope + "' on this page."),
		Data:    []*computepb.Data{{Key: new("scope"), Value: new(scope)}},
	}
}

func items[M any](page []placed[M], next *string, err error) ([]M, *string, error) {
	var list []M
	for _, p := range page {
		list = append(list, p.item)
	}
	return list, next, err
}

// paged filters, sorts and cuts a list.
func paged[M named](all []placed[M], in listRequest) ([]placed[M], *string, error) {
	conditions, err := parseFilter(in.GetFilter())
	if err != nil {
		return nil, nil, err
	}
	var left []placed[M]
	for _, p := range all {
		ok, err := holds(conditions, p.item)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			left = append(left, p)
		}
	}
	switch in.GetOrderBy() {
	case "":
	case "name":
		slices.SortStableFunc(left, func(a, b placed[M]) int { return strings.Compare(a.item.GetName(), b.item.GetName()) })
	case "creationTimestamp desc":
		slices.SortStableFunc(left, func(a, b placed[M]) int { return strings.Compare(created(b.item), created(a.item)) })
	default:
		return nil, nil, invalid("orderBy", in.GetOrderBy(), "Only sorting by name or by creationTimestamp desc is supported.")
	}
	size, start := 500, 0
	if n := in.GetMaxResults(); n > 500 {
		return nil, nil, invalid("maxResults", strconv.Itoa(int(n)), "Must be less than or equal to 500")
	} else if n > 0 {
		size = int(n)
	}
	if token := in.GetPageToken(); token != "" {
		raw, broken := base64.URLEncoding.DecodeString(token)
		offset, ok := strings.CutPrefix(string(raw), "sandbox-page/")
		if start, err = strconv.Atoi(offset); broken != nil || err != nil || !ok || start < 0 || start > len(left) {
			return nil, nil, invalid("pageToken", token, "The page token is malformed.")
		}
	}
	end := min(start+size, len(left))
	var next *string
	if end < len(left) {
		next = new(base64.URLEncoding.EncodeToString([]byte("sandbox-page/" + strconv.Itoa(end))))
	}
	return left[start:end], next, nil
}

func created(m proto.Message) string {
	if object, ok := m.(interface{ GetCreationTimestamp() string }); ok {
		return object.GetCreationTimestamp()
	}
	return ""
}

// scopeOf is how aggregated lists call a location.
func scopeOf(location string) string {
	switch {
	case zoneExists(location):
		return "zones/" + location
	case location == global:
		return global
	}
	return "regions/" + location
}

// listID is the id of a list in an answer.
func (c *call) listID(plural string) *string {
	return new("projects/" + c.Project + "/" + scopeOf(c.Location) + "/" + plural)
}
