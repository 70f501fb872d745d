package kube

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A schema is one of the API server's, with what it says of merging.
type schemaNode struct {
	Ref        string                `json:"$ref"`
	AllOf      []schemaNode          `json:"allOf"`
	Properties map[string]schemaNode `json:"properties"`
	Items      *schemaNode           `json:"items"`
	Values     *schemaNode           `json:"additionalProperties"`
	ListType   string                `json:"x-kubernetes-list-type"`
	ListKeys   []string              `json:"x-kubernetes-list-map-keys"`
	MapType    string                `json:"x-kubernetes-map-type"`
	Kinds      []struct {
		Group, Version, Kind string
	} `json:"x-kubernetes-group-version-kind"`
}

// TestMergeRules holds what compare.go knows of lists and maps against what the
// API server says of each field of each manifest.
func TestMergeRules(t *testing.T) {
	w := newWorld(t)
	schemas := map[string]schemaNode{}
	for _, group := range []string{"api/v1", "apis/apps/v1", "apis/autoscaling/v2", "apis/policy/v1", "apis/networking.k8s.io/v1"} {
		text, err := w.Client(t).Discovery().RESTClient().Get().AbsPath("/openapi/v3/" + group).DoRaw(t.Context())
		must(t, err)
		var document struct {
			Components struct {
				Schemas map[string]schemaNode `json:"schemas"`
			} `json:"components"`
		}
		must(t, json.Unmarshal(text, &document))
		for name, s := range document.Components.Schemas {
			schemas["#/components/schemas/"+name] = s
		}
	}
	var walk func(at string, value any, s schemaNode, marks schemaNode)
	lists, wholeMaps := 0, 0
	walk = func(at string, value any, s schemaNode, marks schemaNode) {
		for s.Ref != "" || len(s.AllOf) == 1 {
			if s.MapType != "" {
				marks.MapType = s.MapType
			}
			if s.Ref != "" {
				s = schemas[s.Ref]
			} else {
				s = s.AllOf[0]
			}
		}
		switch value := value.(type) {
		case map[string]any:
			if s.MapType == "atomic" || marks.MapType == "atomic" {
				wholeMaps++
				if !slices.Contains(wholes, last(at)) && !exactAnyway(at) {
					t.Errorf("%s is merged as a whole and not compared so", at)
				}
			}
			for _, key := range names(value) {
				next, ok := s.Properties[key]
				if !ok && s.Values != nil {
					next, ok = *s.Values, true
				}
				if !ok {
					t.Errorf("%s: the API does not know %s", at, key)
					continue
				}
				walk(join(at, key), value[key], next, schemaNode{MapType: next.MapType})
			}
		case []any:
			keys := keysOf(at, value)
			if s.ListType == "map" {
				lists++
				if !slices.Equal(keys, s.ListKeys) {
					t.Errorf("%s is merged by %v and compared by %v", at, s.ListKeys, keys)
				}
			} else if keys != nil {
				t.Errorf("%s is not merged and compared by %v", at, keys)
			}
			if s.Items != nil {
				for i, element := range value {
					walk(fmt.Sprintf("%s[%d]", at, i), element, *s.Items, schemaNode{})
				}
			}
		}
	}
	for name, m := range goldenManifests() {
		found := false
		for _, s := range schemas {
			for _, k := range s.Kinds {
				version := strings.TrimPrefix(k.Group+"/"+k.Version, "/")
				if version == m.content["apiVersion"] && k.Kind == m.content["kind"] {
					found = true
					walk("", m.content, s, schemaNode{})
				}
			}
		}
		if !found {
			t.Errorf("%s has no schema", name)
		}
	}
	if lists == 0 || wholeMaps == 0 {
		t.Errorf("%d lists and %d maps: nothing was held against anything", lists, wholeMaps)
	}
	t.Logf("%d keyed lists and %d whole maps", lists, wholeMaps)
}

// exactAnyway are whole maps of which each field is written, so that there can be
// none more.
func exactAnyway(at string) bool {
	return last(at) == "secretKeyRef" || last(at) == "secret" || last(at) == "configMap" || last(at) == "scaleTargetRef"
}
