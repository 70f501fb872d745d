package gcp

import (
	"encoding/json"
	"fmt"
	"maps"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// replace starts the operation that puts next in the place of an object. The caller has got the object from ready.
func (col *collection[M]) replace(c *call, h *Held[M], next M, delay string) (*computepb.Operation, error) {
	before, err := protoTree(h.Body)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"id", "creationTimestamp"} {
		copyField(next, h.Body, name)
	}
	after, err := protoTree(next)
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{"name"}, col.fixed(before, after)...) {
		if was, is := fmt.Sprint(before[name]), fmt.Sprint(after[name]); was != is {
			return nil, invalid("resource."+name, is, "The field cannot be changed; it is '%s'.", was)
		}
	}
	clearField(next, "fingerprint")
	h.Next = next
	return startOperation(c, col, h, "update", delay), nil
}

// fixed are the fields of an object, before and after a change, that the change may not touch.
func (col *collection[M]) fixed(before, after map[string]any) []string {
	if col.mutable == nil {
		return col.immutable
	}
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range append([]string{"fingerprint", "labelFingerprint"}, col.mutable...) {
		delete(all, name)
	}
	return control.SortedKeys(all)
}

// mergePatch is an object after a patch: what the request has replaces what there is, null clears, and lists are replaced as a
// whole (RFC 7396).
func mergePatch[M proto.Message](stored M, patch map[string]any) (M, error) {
	tree, err := protoTree(stored)
	if err != nil {
		return stored, err
	}
	raw, err := json.Marshal(mergeTrees(tree, patch))
	if err != nil {
		return stored, fmt.Errorf("encode patch: %w", err)
	}
	next := fresh[M]()
	if err := protojson.Unmarshal(raw, next); err != nil {
		return stored, fmt.Errorf("decode patch: %w", err)
	}
	return next, nil
}

func mergeTrees(target, patch map[string]any) map[string]any {
	for key, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(target, key)
		case map[string]any:
			child, ok := target[key].(map[string]any)
			if !ok {
				child = map[string]any{}
			}
			target[key] = mergeTrees(child, value)
		default:
			target[key] = value
		}
	}
	return target
}
