package gcp

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func TestClusterLife(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	ctx := t.Context()
	k := w.create()
	endpoints := k.ControlPlaneEndpointsConfig
	if k.Status != containerpb.Cluster_RUNNING || k.Endpoint == "" || k.Endpoint != endpoints.IpEndpointsConfig.PublicEndpoint ||
		!strings.HasPrefix(endpoints.IpEndpointsConfig.PrivateEndpoint, "10.0.") || !strings.HasSuffix(endpoints.DnsEndpointConfig.Endpoint, "-111111111111.us-central1.gke.goog") {
		t.Errorf("cluster is %s with endpoints %v", k.Status, endpoints)
	}
	if k.MasterAuth.GetClusterCaCertificate() == "" || k.ServicesIpv4Cidr != "10.8.0.0/20" || k.ClusterIpv4Cidr != "10.4.0.0/16" || !k.PrivateClusterConfig.EnablePrivateNodes {
		t.Errorf("cluster = %v", k)
	}
	if k.CurrentNodeCount != 2 || len(k.NodePools) != 2 || len(k.InstanceGroupUrls) != 4 {
		t.Errorf("%d nodes, %d pools, groups %v", k.CurrentNodeCount, len(k.NodePools), k.InstanceGroupUrls)
	}
	gpu := k.NodePools[1]
	if gpu.Name != "gpu" || len(gpu.Config.Taints) != 1 || gpu.Config.Taints[0].Key != "nvidia.com/gpu" || gpu.Config.WorkloadMetadataConfig.Mode != containerpb.WorkloadMetadataConfig_GKE_METADATA {
		t.Errorf("pool = %v", gpu)
	}
	groups := fetch(t, projectURL(w.url)+"/aggregated/instanceGroups")["items"].(map[string]any)
	if got := len(groups["zones/us-central1-a"].(map[string]any)["instanceGroups"].([]any)); got != 2 {
		t.Errorf("%d instance groups in a zone, want 2", got)
	}

	w.done(w.client.SetLabels(ctx, &containerpb.SetLabelsRequest{Name: testCluster, LabelFingerprint: k.LabelFingerprint, ResourceLabels: map[string]string{"serving-sealed": "true"}}))
	if got := w.get().ResourceLabels; !maps.Equal(got, map[string]string{"serving-sealed": "true"}) {
		t.Errorf("labels = %v", got)
	}
	w.done(w.update(&containerpb.ClusterUpdate{DesiredControlPlaneEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig{
		IpEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{EnablePublicEndpoint: new(false)},
	}}))
	if k = w.get(); k.Endpoint != k.ControlPlaneEndpointsConfig.IpEndpointsConfig.PrivateEndpoint || !k.MasterAuthorizedNetworksConfig.Enabled {
		t.Errorf("endpoints after the update = %v", k.ControlPlaneEndpointsConfig)
	}

	abac := control.Object{Account: homeProject, Region: testRegion, Kind: "container.cluster", ID: "prod"}
	if err := w.cloud.Mutate(control.Field{Object: abac, Path: "/legacyAbac", Value: map[string]any{"enabled": true}}); err != nil || !w.get().LegacyAbac.GetEnabled() {
		t.Fatalf("mutate: %v, %v", err, w.get().LegacyAbac)
	}
	w.done(w.client.SetLegacyAbac(ctx, &containerpb.SetLegacyAbacRequest{Name: testCluster}))
	if w.get().LegacyAbac.GetEnabled() {
		t.Error("legacy ABAC is still on")
	}

	w.done(w.client.CreateNodePool(ctx, &containerpb.CreateNodePoolRequest{Parent: testCluster, NodePool: &containerpb.NodePool{
		Name: "more", InitialNodeCount: 1, Config: &containerpb.NodeConfig{MachineType: "n2-standard-4"}, Locations: []string{"us-central1-c"},
	}}))
	_, err := w.client.SetLocations(ctx, &containerpb.SetLocationsRequest{Name: testCluster, Locations: []string{"us-east1-b"}})
	wantRefusal(t, err, "not a zone of region")
	w.done(w.client.SetLocations(ctx, &containerpb.SetLocationsRequest{Name: testCluster, Locations: w.get().Locations}))
	pool := testCluster + "/nodePools/more"
	w.done(w.client.SetNodePoolSize(ctx, &containerpb.SetNodePoolSizeRequest{Name: pool, NodeCount: 3}))
	if got := w.get().CurrentNodeCount; got != 5 {
		t.Errorf("%d nodes after growth, want 5", got)
	}
	w.done(w.client.SetNodePoolAutoscaling(ctx, &containerpb.SetNodePoolAutoscalingRequest{Name: pool, Autoscaling: &containerpb.NodePoolAutoscaling{Enabled: true, TotalMaxNodeCount: 2}}))
	got := must(w.client.GetNodePool(ctx, &containerpb.GetNodePoolRequest{Name: pool}))(t)
	relabel := &containerpb.UpdateNodePoolRequest{Name: pool, NodeVersion: got.Version, Labels: &containerpb.NodeLabels{Labels: map[string]string{"team": "ml"}}}
	_, err = w.client.UpdateNodePool(ctx, relabel)
	wantRefusal(t, err, "Required field 'image_type' is missing")
	relabel.ImageType = got.Config.ImageType
	w.done(w.client.UpdateNodePool(ctx, relabel))
	got = must(w.client.GetNodePool(ctx, &containerpb.GetNodePoolRequest{Name: pool}))(t)
	if got.Config.Labels["team"] != "ml" || got.Autoscaling.TotalMaxNodeCount != 2 || w.get().CurrentNodeCount != 4 {
		t.Errorf("pool after updates = %v", got)
	}
	w.done(w.client.SetNodePoolSize(ctx, &containerpb.SetNodePoolSizeRequest{Name: pool, NodeCount: 0}))
	w.done(w.client.DeleteNodePool(ctx, &containerpb.DeleteNodePoolRequest{Name: pool}))

	wantFailure(t, "DELETE", regionURL(w.url)+"/subnetworks/nodes", "", 400, "resourceInUseByAnotherResource", "gke-prod-")
	w.done(w.client.DeleteCluster(ctx, &containerpb.DeleteClusterRequest{Name: testCluster}))
	_, err = w.client.GetCluster(ctx, &containerpb.GetClusterRequest{Name: testCluster})
	wantRefusal(t, err, "Not found: "+testCluster)
	var left []string
	for _, o := range w.cloud.Census().Objects {
		left = append(left, o.Kind)
	}
	if want := []string{"compute.network", "compute.subnetwork", "compute.subnetwork"}; !slices.Equal(left, want) {
		t.Errorf("left = %v", left)
	}
	change(t, "DELETE", regionURL(w.url)+"/subnetworks/nodes", "")
	change(t, "DELETE", regionURL(w.url)+"/subnetworks/proxies", "")
	change(t, "DELETE", projectURL(w.url)+"/global/networks/main", "")
}

func TestEnumForms(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	w.create()
	for query, want := range map[string]string{"": `"status":"RUNNING"`, "?$alt=json%3Benum-encoding%3Dint": `"status":2`} {
		_, text := rawAs(t, "sandbox", "GET", w.url+"/v1/"+testCluster+query, "")
		if !strings.Contains(strings.ReplaceAll(string(text), " ", ""), want) {
			t.Errorf("GET%s has no %s", query, want)
		}
	}
	for _, channel := range []string{`"EXTENDED"`, "4"} {
		status, text := rawAs(t, "sandbox", "PUT", w.url+"/v1/"+testCluster, `{"update":{"desiredReleaseChannel":{"channel":`+channel+`}}}`)
		if status != 200 {
			t.Errorf("update with %s: %s", channel, text)
		}
		w.get()
	}
}

// TestPoolInUse holds that a pool whose groups a load balancer uses cannot go, and that pools follow their cluster's zones.
func TestPoolInUse(t *testing.T) {
	t.Parallel()
	w := newPlane(t)
	end := w.end(w.client.DeleteNodePool(t.Context(), &containerpb.DeleteNodePoolRequest{Name: testCluster + "/nodePools/cpu"}))
	if end.Error.GetCode() != int32(code.Code_FAILED_PRECONDITION) || !strings.Contains(end.Error.Message, "backendServices/private") {
		t.Errorf("operation = %v", end)
	}
	w.done(w.update(&containerpb.ClusterUpdate{DesiredLocations: []string{"us-central1-a", "us-central1-b", "us-central1-c"}}))
	if k := w.get(); len(k.InstanceGroupUrls) != 3 || k.CurrentNodeCount != 3 {
		t.Errorf("%d nodes in %v", k.CurrentNodeCount, k.InstanceGroupUrls)
	}
}

// TestZonalCluster is about the names of everything in a zone, and about old clients, which say zone and id apart.
func TestZonalCluster(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	parent := "projects/sandbox-project/locations/us-central1-a"
	k := goodCluster()
	k.Locations, k.NodePools = nil, k.NodePools[:1]
	op := must(w.client.CreateCluster(t.Context(), &containerpb.CreateClusterRequest{Parent: parent, Cluster: k}))(t)
	if want := "https://container.googleapis.com/v1/projects/111111111111/zones/us-central1-a/clusters/prod"; op.TargetLink != want {
		t.Errorf("target link = %s", op.TargetLink)
	}
	made := fetch(t, w.url+"/v1/projects/sandbox-project/zones/us-central1-a/clusters/prod")
	if made["status"] != "RUNNING" || made["location"] != "us-central1-a" || made["currentNodeCount"] != float64(2) {
		t.Errorf("cluster = %v", made)
	}
	all := must(w.client.ListClusters(t.Context(), &containerpb.ListClustersRequest{Parent: "projects/sandbox-project/locations/-"}))(t)
	if len(all.Clusters) != 1 {
		t.Errorf("clusters everywhere: %v", all.Clusters)
	}
}

// TestStateFile holds that a cloud goes on where it was, with what was under way.
func TestStateFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gcp.json")
	now := time.Now()
	at := func(c *Config) { c.StateFile, c.Clock = file, func() time.Time { return now } }
	w := newGKE(t, at)
	w.create()
	if err := w.cloud.Configure(control.Settings{Delays: map[string]control.Duration{
		"container.cluster.update": control.Duration(time.Minute), "certificatemanager.certificate": control.Duration(time.Minute),
	}}); err != nil {
		t.Fatal(err)
	}
	must(w.update(&containerpb.ClusterUpdate{DesiredLoggingService: "none"}))(t)
	p := goodPair(t, testDomain)
	if _, err := newCertificates(t, w.url).CreateCertificate(t.Context(), &certificatemanagerpb.CreateCertificateRequest{Parent: testParent, CertificateId: "models", Certificate: p.body()}); err != nil {
		t.Fatal(err)
	}
	cloud, err := New(Config{StateFile: file, Clock: func() time.Time { return now.Add(time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	if got, want := cloud.Census().Total, w.cloud.Census().Total; got != want {
		t.Errorf("%d objects after the restart, %d before", got, want)
	}
	after := cloud.state.region(homeProject, testRegion)
	if k := after.Container.Clusters["prod"]; k.Body.LoggingService != "none" || k.Body.Status != containerpb.Cluster_RUNNING || k.Operation != "" {
		t.Errorf("cluster after the restart = %v", k.Body)
	}
	if h := after.Certificates.Certificates["models"]; h.Operation != "" || after.Keys[certificateKey("models", false)] != p.key {
		t.Errorf("certificate after the restart = %v", h)
	}
}

// TestClusterOfOthers takes what hashicorp/google always sends: settings that are switched off, and no machine type.
func TestClusterOfOthers(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	status, text := rawAs(t, "sandbox", "POST", w.url+"/v1/"+testParent+"/clusters", `{"cluster":{"name":"prod","network":"main","subnetwork":"nodes","initialNodeCount":1,
		"ipAllocationPolicy":{"useIpAliases":true,"clusterSecondaryRangeName":"pods","servicesSecondaryRangeName":"services"},
		"legacyAbac":{"enabled":false},"autopilot":{"enabled":false},"meshCertificates":{"enableCertificates":null}}}`)
	if status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	k := w.get()
	if k.LegacyAbac != nil || k.Autopilot != nil || k.NodePools[0].Config.MachineType != "e2-medium" {
		t.Errorf("cluster = %v", k)
	}
	for name, memory := range map[string]float64{"e2-micro": 1024, "e2-small": 2048, "e2-medium": 4096} {
		m := fetch(t, projectURL(w.url)+"/zones/us-central1-a/machineTypes/"+name)
		if m["memoryMb"] != memory || m["guestCpus"] != 2.0 || m["isSharedCpu"] != true {
			t.Errorf("%s = %v", name, m)
		}
	}
}
