package gcp

import (
	"strings"
	"testing"

	"cloud.google.com/go/container/apiv1/containerpb"
)

func TestClusterIsRefused(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	tests := map[string]struct {
		change func(*containerpb.Cluster)
		want   string
	}{
		"name":             {func(k *containerpb.Cluster) { k.Name = "Prod" }, "cluster.name"},
		"network":          {func(k *containerpb.Cluster) { k.Network = "other" }, "no network named"},
		"subnetwork":       {func(k *containerpb.Cluster) { k.Subnetwork = "other" }, "does not have a subnetwork"},
		"proxy subnetwork": {func(k *containerpb.Cluster) { k.Subnetwork = "proxies" }, "REGIONAL_MANAGED_PROXY"},
		"pod range":        {func(k *containerpb.Cluster) { k.IpAllocationPolicy.ClusterSecondaryRangeName = "none" }, "Pod secondary range \"none\" not found"},
		"same range":       {func(k *containerpb.Cluster) { k.IpAllocationPolicy.ServicesSecondaryRangeName = "pods" }, "should not be the same"},
		"pod range full": {func(k *containerpb.Cluster) {
			k.IpAllocationPolicy.ClusterSecondaryRangeName = "few"
			k.NodePools[0].InitialNodeCount = 2
		}, "is exhausted"},
		"mixed endpoints": {func(k *containerpb.Cluster) {
			k.PrivateClusterConfig = &containerpb.PrivateClusterConfig{EnablePrivateNodes: true}
		}, "cannot be used together"},
		"authorized network": {func(k *containerpb.Cluster) {
			k.ControlPlaneEndpointsConfig.IpEndpointsConfig.AuthorizedNetworksConfig.CidrBlocks[0].CidrBlock = "203.0.113.1/24"
		}, "Invalid master authorized network"},
		"too many networks": {func(k *containerpb.Cluster) {
			a := k.ControlPlaneEndpointsConfig.IpEndpointsConfig.AuthorizedNetworksConfig
			for len(a.CidrBlocks) < 51 {
				a.CidrBlocks = append(a.CidrBlocks, a.CidrBlocks[0])
			}
		}, "The limit is 50"},
		"private without networks": {func(k *containerpb.Cluster) {
			k.ControlPlaneEndpointsConfig.IpEndpointsConfig = &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{EnablePublicEndpoint: new(false)}
		}, "Master authorized networks must be enabled if private endpoint is enabled"},
		"private and Google's addresses": {func(k *containerpb.Cluster) {
			ip := k.ControlPlaneEndpointsConfig.IpEndpointsConfig
			ip.EnablePublicEndpoint, ip.AuthorizedNetworksConfig.GcpPublicCidrsAccessEnabled = new(false), new(true)
		}, "cannot be enabled if private endpoint is enabled"},
		"encrypted without key": {func(k *containerpb.Cluster) {
			k.DatabaseEncryption = &containerpb.DatabaseEncryption{State: containerpb.DatabaseEncryption_ENCRYPTED}
		}, "key_name"},
		"legacy ABAC":        {func(k *containerpb.Cluster) { k.LegacyAbac = &containerpb.LegacyAbac{Enabled: true} }, "does not implement 'cluster.legacy_abac'"},
		"workload pool":      {func(k *containerpb.Cluster) { k.WorkloadIdentityConfig.WorkloadPool = "peer-project.svc.id.goog" }, "only allowed one"},
		"version":            {func(k *containerpb.Cluster) { k.InitialClusterVersion = "1.12" }, "No valid versions"},
		"version of channel": {func(k *containerpb.Cluster) { k.InitialClusterVersion = "1.30" }, "in the REGULAR channel"},
		"zone":               {func(k *containerpb.Cluster) { k.Locations = []string{"us-east1-b"} }, "not a zone of region"},
		"labels":             {func(k *containerpb.Cluster) { k.ResourceLabels["Team"] = "ml" }, "Invalid label key"},
		"machine type":       {func(k *containerpb.Cluster) { k.NodePools[0].Config.MachineType = "m7i.xlarge" }, "does not exist in zone 'us-central1-a'"},
		"accelerator zone": {func(k *containerpb.Cluster) {
			k.NodePools[1].Config.Accelerators[0].AcceleratorType = "nvidia-h200"
		}, "Accelerator type \"nvidia-h200\" does not exist in zone us-central1-a"},
		"accelerator count":   {func(k *containerpb.Cluster) { k.NodePools[1].Config.Accelerators[0].AcceleratorCount = 2 }, "must request these"},
		"accelerator machine": {func(k *containerpb.Cluster) { k.NodePools[1].Config.MachineType = "e2-standard-4" }, "only N1 machines"},
		"no repair": {func(k *containerpb.Cluster) {
			k.NodePools[0].Management = &containerpb.NodeManagement{AutoUpgrade: true}
		}, "Auto_repair must be true when release_channel REGULAR is set"},
		"autoscaling": {func(k *containerpb.Cluster) { k.NodePools[0].Autoscaling.TotalMinNodeCount = 11 }, "not less than min_node_count"},
		"surge": {func(k *containerpb.Cluster) {
			k.NodePools[0].UpgradeSettings = &containerpb.NodePool_UpgradeSettings{MaxSurge: 15, MaxUnavailable: 6}
		}, "between 1 and 20"},
		"same pool twice": {func(k *containerpb.Cluster) { k.NodePools[1].Name = "cpu" }, "used more than once"},
		"pools twice":     {func(k *containerpb.Cluster) { k.InitialNodeCount = 1 }, "must not be used together"},
		"no pools":        {func(k *containerpb.Cluster) { k.NodePools = nil }, "greater than zero"},
		"not implemented": {func(k *containerpb.Cluster) { k.Autopilot = &containerpb.Autopilot{Enabled: true} }, "does not implement 'cluster.autopilot'"},
		"no ip aliases":   {func(k *containerpb.Cluster) { k.IpAllocationPolicy.UseIpAliases = false }, "use_ip_aliases"},
		"metadata without identity": {func(k *containerpb.Cluster) {
			k.WorkloadIdentityConfig = nil
			k.NodePools[0].Config.WorkloadMetadataConfig = &containerpb.WorkloadMetadataConfig{Mode: containerpb.WorkloadMetadataConfig_GKE_METADATA}
		}, "Workload Identity is not enabled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			k := goodCluster()
			tt.change(k)
			_, err := w.client.CreateCluster(t.Context(), &containerpb.CreateClusterRequest{Parent: testParent, Cluster: k})
			wantRefusal(t, err, tt.want)
		})
	}
	if n := len(w.cloud.state.region(homeProject, testRegion).Container.Clusters); n != 0 {
		t.Errorf("%d clusters were made", n)
	}
	status, text := rawAs(t, "sandbox", "POST", w.url+"/v1/"+testParent+"/clusters", `{"cluster":{"name":"prod","nope":1}}`)
	if status != 400 || !strings.Contains(string(text), `Unknown name \"nope\" at 'cluster': Cannot find field.`) {
		t.Errorf("unknown field: %d %s", status, text)
	}
	const nowhere = "projects/sandbox-project/locations/us-nowhere1"
	_, err := w.client.CreateCluster(t.Context(), &containerpb.CreateClusterRequest{Parent: nowhere, Cluster: goodCluster()})
	wantRefusal(t, err, "does not exist")
	_, err = w.client.ListClusters(t.Context(), &containerpb.ListClustersRequest{Parent: nowhere})
	wantRefusal(t, err, "does not exist")
	_, err = w.client.ListOperations(t.Context(), &containerpb.ListOperationsRequest{Parent: nowhere})
	wantRefusal(t, err, "does not exist")
	for path, reason := range map[string]string{nowhere + "/clusters": "badRequest", testCluster: "notFound"} {
		wantFailure(t, "GET", w.url+"/v1/"+path, "", map[string]int{"badRequest": 400, "notFound": 404}[reason], reason, "")
	}
}

func TestClusterUpdateIsRefused(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	k := w.create()
	_, err := w.client.CreateCluster(t.Context(), &containerpb.CreateClusterRequest{Parent: testParent, Cluster: goodCluster()})
	wantRefusal(t, err, "Already exists: "+testCluster)
	tests := map[string]struct {
		update *containerpb.ClusterUpdate
		want   string
	}{
		"nothing":         {&containerpb.ClusterUpdate{Etag: k.Etag}, "Must specify a field"},
		"two":             {&containerpb.ClusterUpdate{DesiredLoggingService: "none", DesiredMonitoringService: "none"}, "Only one field"},
		"etag":            {&containerpb.ClusterUpdate{DesiredLoggingService: "none", Etag: "old"}, "does not match"},
		"downgrade":       {&containerpb.ClusterUpdate{DesiredMasterVersion: "1.32"}, "cannot go back"},
		"channel":         {&containerpb.ClusterUpdate{DesiredReleaseChannel: &containerpb.ReleaseChannel{Channel: containerpb.ReleaseChannel_STABLE}}, "not available"},
		"not implemented": {&containerpb.ClusterUpdate{DesiredStackType: containerpb.StackType_IPV4_IPV6}, "does not implement 'update.desired_stack_type'"},
		"encryption":      {&containerpb.ClusterUpdate{DesiredDatabaseEncryption: &containerpb.DatabaseEncryption{State: containerpb.DatabaseEncryption_ENCRYPTED}}, "key_name"},
		"private": {&containerpb.ClusterUpdate{DesiredControlPlaneEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig{
			IpEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{
				EnablePublicEndpoint: new(false), AuthorizedNetworksConfig: &containerpb.MasterAuthorizedNetworksConfig{},
			},
		}}, "Master authorized networks must be enabled if private endpoint is enabled"},
		"networks": {&containerpb.ClusterUpdate{DesiredControlPlaneEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig{
			IpEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{AuthorizedNetworksConfig: &containerpb.MasterAuthorizedNetworksConfig{
				CidrBlocks: []*containerpb.MasterAuthorizedNetworksConfig_CidrBlock{{CidrBlock: "203.0.113.0/24"}},
			}},
		}}, "must be enabled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := w.update(tt.update)
			wantRefusal(t, err, tt.want)
		})
	}
	_, err = w.client.SetLabels(t.Context(), &containerpb.SetLabelsRequest{Name: testCluster, LabelFingerprint: "00000000"})
	wantRefusal(t, err, "fingerprint mismatch")
	w.done(w.update(&containerpb.ClusterUpdate{DesiredMasterVersion: "1.34"}))
	w.done(w.update(&containerpb.ClusterUpdate{DesiredNodeVersion: "-", DesiredNodePoolId: "cpu"}))
	if k = w.get(); !strings.HasPrefix(k.CurrentMasterVersion, "1.34.") || k.NodePools[0].Version != k.CurrentMasterVersion || k.NodePools[1].Version == k.CurrentMasterVersion {
		t.Errorf("versions after the upgrade: %s, %s, %s", k.CurrentMasterVersion, k.NodePools[0].Version, k.NodePools[1].Version)
	}
}
