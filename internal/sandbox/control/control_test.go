package control_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func TestParsePlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "internet", "internet": "internet", "203.0.113.7": "203.0.113.7", "vpc-1/10.0.0.7": "vpc-1/10.0.0.7", "subnet-1": "subnet-1",
		"network-sandbox-project.main": "network-sandbox-project.main", "subnetwork-sandbox-project.us-central1.apps/10.0.0.7": "subnetwork-sandbox-project.us-central1.apps/10.0.0.7",
	} {
		got, err := control.ParsePlace(text)
		if err != nil || got.String() != want {
			t.Errorf("%q = %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"10.0.0.7", "2001:db8::1", "vpc-1/x", "network-main", "subnetwork-p.main", "somewhere"} {
		if got, err := control.ParsePlace(text); err == nil {
			t.Errorf("%q is the place %q", text, got)
		}
	}
}

func TestAssign(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		path  string
		value any
		want  string
	}{
		"leaf":         {"/a/b~1c", "x", `{"a":{"b/c":"x","d":[1,2]}}`},
		"item":         {"/a/d/1", 3, `{"a":{"b/c":"y","d":[1,3]}}`},
		"item cleared": {"/a/d/0", nil, `{"a":{"b/c":"y","d":[2]}}`},
		"leaf cleared": {"/a/b~1c", nil, `{"a":{"d":[1,2]}}`},
		"no such item": {"/a/d/2", 3, ""},
		"no such node": {"/x/y", 3, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree, err := control.Tree(map[string]any{"a": map[string]any{"b/c": "y", "d": []int{1, 2}}})
			if err != nil {
				t.Fatal(err)
			}
			err = control.Assign(tree, tt.path, tt.value)
			if tt.want == "" {
				if err == nil {
					t.Error("there is no error")
				}
				return
			}
			raw, jsonErr := json.Marshal(tree)
			if err != nil || jsonErr != nil || string(raw) != tt.want {
				t.Errorf("tree = %s, %v", raw, err)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	var faults control.Faults
	faults.Add(control.Fault{Service: "container", Mutating: true, Nth: 2, Code: "UNAVAILABLE", Status: 503})
	var got []string
	for _, mutating := range []bool{false, true, true, true} {
		got = append(got, faults.Spoil("container", "ClusterManager.CreateCluster", mutating).Code)
	}
	if want := []string{"", "", "UNAVAILABLE", ""}; !slices.Equal(got, want) {
		t.Errorf("codes = %q, want %q", got, want)
	}
	if hit := faults.Spoil("compute", "Networks.Insert", true); hit.Code != "" {
		t.Errorf("another service is spoilt: %v", hit)
	}
}
