package gcp

import (
	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// The methods that are alike for every collection. Names are read by the getters of the requests.

func serveGet[M named, I proto.Message](service fullName, col *collection[M], name func(I) string) {
	handle(service+".Get", func(c *call, in I) (M, error) { return col.answer(c, name(in)) })
}

func serveDelete[M named, I proto.Message](service fullName, col *collection[M], name func(I) string) {
	handleChange(service+".Delete", func(c *call, in I) (*computepb.Operation, error) { return col.remove(c, name(in)) })
}

func serveList[M named, I listRequest, L proto.Message](service fullName, col *collection[M], wrap func(items []M, next, id *string) L) {
	handle(service+".List", func(c *call, in I) (L, error) {
		list, next, err := col.list(c, in)
		return wrap(list, next, c.listID(col.plural)), err
	})
}

func serveAggregatedList[M named, S any, I listRequest, L proto.Message](
	service fullName, col *collection[M], scopes func() []string, scoped func(items []M, none *computepb.Warning) S, wrap func(items map[string]S, next, id *string) L,
) {
	handle(service+".AggregatedList", func(c *call, in I) (L, error) {
		all, next, err := aggregated(col.everywhere(c), in, scopes(), scoped)
		return wrap(all, next, new("projects/"+c.Project+"/aggregated/"+col.plural)), err
	})
}

// checkLabels holds labels against the rules that all of Google Cloud has for them.
func checkLabels(field string, labels map[string]string) error {
	if len(labels) > 64 {
		return invalid(field, "", "There may be at most 64 labels.")
	}
	for key, value := range labels {
		if !pattern(`[a-z][a-z0-9_-]{0,62}`).MatchString(key) {
			return invalid(field, key, "Label keys must start with a lowercase letter and have lowercase letters, digits, dashes and underscores, 63 at most.")
		}
		if !pattern(`[a-z0-9_-]{0,63}`).MatchString(value) {
			return invalid(field, value, "Label values must have lowercase letters, digits, dashes and underscores, 63 at most.")
		}
	}
	return nil
}

// setLabels is the handler of setLabels. The fingerprint has to be that of the labels which are replaced.
func setLabels[M interface {
	named
	GetLabels() map[string]string
}](c *call, col *collection[M], name, given string, labels map[string]string, set func(next M)) (*computepb.Operation, error) {
	h, err := col.ready(c, name)
	if err != nil {
		return nil, err
	}
	if err := checkLabels("labels", labels); err != nil {
		return nil, err
	}
	if given != labelFingerprint(h.Body) {
		return nil, &Error{Status: 412, Message: "Labels fingerprint either invalid or resource labels have changed", Location: "If-Match"}
	}
	next := cloned(h.Body)
	set(next)
	h.Next = next
	return startOperation(c, col, h, "update", col.plural+".setLabels"), nil
}
