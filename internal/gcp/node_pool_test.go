package gcp

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestPoolUpdates holds that every update of a pool says the version and the image
// type that the pool has by then, so that it changes what it is about.
func TestPoolUpdates(t *testing.T) {
	t.Parallel()
	live := &containerpb.NodePool{Version: "1.32.4-gke.1000", Config: &containerpb.NodeConfig{ImageType: "UBUNTU_CONTAINERD"}}
	want := nodePoolSpec{Least: "1.33", Version: "1.34.2-gke.2201000", NodePool: &containerpb.NodePool{Config: &containerpb.NodeConfig{ImageType: "COS_CONTAINERD", MachineType: "n2-standard-8"}}}
	type said struct{ version, image string }
	for name, test := range map[string]struct {
		fields []string
		want   []said
	}{
		"labels":    {[]string{"label"}, []said{{"1.32.4-gke.1000", "UBUNTU_CONTAINERD"}}},
		"two":       {[]string{"config.tags", "locations"}, []said{{"1.32.4-gke.1000", "UBUNTU_CONTAINERD"}, {"1.32.4-gke.1000", "UBUNTU_CONTAINERD"}}},
		"the image": {[]string{"config.imageType"}, []said{{"1.32.4-gke.1000", "COS_CONTAINERD"}}},
		"a version and others": {
			[]string{"version", "config.machineType", "config.imageType", "config.tags"},
			[]said{{"1.34.2-gke.2201000", "UBUNTU_CONTAINERD"}, {"1.34.2-gke.2201000", "UBUNTU_CONTAINERD"}, {"1.34.2-gke.2201000", "COS_CONTAINERD"}, {"1.34.2-gke.2201000", "COS_CONTAINERD"}},
		},
	} {
		var diffs []stack.Difference
		for _, field := range test.fields {
			diffs = append(diffs, stack.Difference{Field: field})
		}
		var got []said
		for _, update := range want.desired(diffs, live) {
			got = append(got, said{update.GetNodeVersion(), update.GetImageType()})
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: said %v, want %v", name, got, test.want)
		}
	}
}

// TestPoolUpdateKeepsTheVersion changes labels of pools that are behind the control
// plane, where GKE left them.
func TestPoolUpdateKeepsTheVersion(t *testing.T) {
	t.Parallel()
	sandbox, _ := clustered(t)
	mutate(t, sandbox, "container.cluster", "/currentMasterVersion", "1.34.2-gke.2201000")
	r := recorded(t, sandbox.Cloud)
	spec := inZones(testCluster(serving.Private))
	pool := spec.NodePools["cpu"]
	pool.Labels = map[string]string{"pool": "cpu", "tier": "a"}
	spec.NodePools["cpu"] = pool
	if _, err := testBackend(r.URL).UpdateCluster(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	bodies := r.bodies(http.MethodPut, "/nodePools/"+nodePool("cpu", pool, spec, clusterOwner(spec)).GetName())
	if len(bodies) != 1 {
		t.Fatalf("%d updates: %v", len(bodies), bodies)
	}
	var sent containerpb.UpdateNodePoolRequest
	if err := protojson.Unmarshal([]byte(bodies[0]), &sent); err != nil {
		t.Fatal(err)
	}
	if minor(sent.GetNodeVersion()) != "1.33" || sent.GetImageType() != "COS_CONTAINERD" || sent.GetLabels().GetLabels()["tier"] != "a" {
		t.Errorf("sent %v", &sent)
	}
}

// TestPoolID holds that a pool has one name, whatever its own link looks like.
func TestPoolID(t *testing.T) {
	t.Parallel()
	c := &client{project: "ml-prod", region: "us-central1"}
	k := nodePools{c, owner{}, nil, "prod"}
	const want = "projects/ml-prod/locations/us-central1/clusters/prod/nodePools/cpu"
	for _, link := range []string{"", "https://container.googleapis.com/v1/projects/ml-prod/zones/us-central1-a/clusters/prod/nodePools/cpu", "https://container.googleapis.com/v1/projects/123456789012/locations/us-central1/clusters/prod/nodePools/cpu"} {
		if got := k.ID(&containerpb.NodePool{Name: "cpu", SelfLink: link}); got != want {
			t.Errorf("%s: %s, want %s", link, got, want)
		}
	}
}

// TestFirstPools holds that a cluster begins with a node for GKE's own pods, and with
// no more than is wanted where there is one anyway.
func TestFirstPools(t *testing.T) {
	t.Parallel()
	taint := []serving.Taint{{Key: "dedicated", Value: "x", Effect: "NoSchedule"}}
	for name, test := range map[string]struct {
		pools map[string]serving.NodePool
		want  []int32
	}{
		"one with nodes":      {map[string]serving.NodePool{"a": {MinSize: 2, MaxSize: 4}}, []int32{1}},
		"one of two":          {map[string]serving.NodePool{"a": {MaxSize: 4}, "b": {MinSize: 2, MaxSize: 4}}, []int32{0, 1}},
		"none":                {map[string]serving.NodePool{"a": {MaxSize: 4}, "b": {MaxSize: 4}}, []int32{1, 0}},
		"none, tainted":       {map[string]serving.NodePool{"a": {MaxSize: 4, Taints: taint}, "b": {MaxSize: 4}}, []int32{0, 1}},
		"none but tainted":    {map[string]serving.NodePool{"a": {MaxSize: 4, Taints: taint}}, []int32{1}},
		"accelerators alone":  {map[string]serving.NodePool{"a": {MaxSize: 4, Accelerator: &serving.Accelerator{Count: 1}}, "b": {MaxSize: 4, Accelerator: &serving.Accelerator{Count: 1}}}, []int32{1}},
		"and some for others": {map[string]serving.NodePool{"a": {MinSize: 2, MaxSize: 4, Accelerator: &serving.Accelerator{Count: 1}}, "b": {MaxSize: 4}}, []int32{1}},
		"no pools":            {nil, nil},
	} {
		spec := inZones(testCluster(serving.Private))
		spec.NodePools = test.pools
		var got []int32
		for _, pool := range firstPools(spec, clusterOwner(spec)) {
			got = append(got, pool.GetInitialNodeCount())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v nodes in each zone, want %v (pools %v)", name, got, test.want, slices.Sorted(maps.Keys(test.pools)))
		}
	}
}
