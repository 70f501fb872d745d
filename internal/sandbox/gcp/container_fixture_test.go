package gcp

import (
	"errors"
	"strings"
	"testing"

	container "cloud.google.com/go/container/apiv1"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

const (
	testParent  = "projects/sandbox-project/locations/us-central1"
	testCluster = testParent + "/clusters/prod"
)

// gkeWorld is a cloud with a network that clusters can live in, and the official client.
type gkeWorld struct {
	t      *testing.T
	cloud  *Cloud
	url    string
	client *container.ClusterManagerClient
}

func newGKE(t *testing.T, change ...func(*Config)) *gkeWorld {
	t.Helper()
	w := &gkeWorld{t: t}
	w.cloud, w.url = serve(t, change...)
	post(t, projectURL(w.url)+"/global/networks", `{"name":"main","autoCreateSubnetworks":false}`)
	post(t, regionURL(w.url)+"/subnetworks", `{"name":"nodes","network":"global/networks/main","ipCidrRange":"10.0.0.0/22","secondaryIpRanges":[
		{"rangeName":"pods","ipCidrRange":"10.4.0.0/16"},{"rangeName":"services","ipCidrRange":"10.8.0.0/20"},{"rangeName":"few","ipCidrRange":"10.9.0.0/23"}]}`)
	post(t, regionURL(w.url)+"/subnetworks", `{"name":"proxies","network":"global/networks/main","ipCidrRange":"10.1.0.0/23","purpose":"REGIONAL_MANAGED_PROXY","role":"ACTIVE"}`)
	w.client = client(t, w.url, func(o ...option.ClientOption) (*container.ClusterManagerClient, error) {
		return container.NewClusterManagerRESTClient(t.Context(), o...)
	})
	return w
}

// goodCluster is what the tests of refusals change one thing in.
func goodCluster() *containerpb.Cluster {
	return &containerpb.Cluster{
		Name: "prod", Network: "main", Subnetwork: "nodes", ResourceLabels: map[string]string{"serving-stack": "cluster_prod"},
		IpAllocationPolicy: &containerpb.IPAllocationPolicy{UseIpAliases: true, ClusterSecondaryRangeName: "pods", ServicesSecondaryRangeName: "services"},
		NetworkConfig:      &containerpb.NetworkConfig{DefaultEnablePrivateNodes: new(true)},
		ControlPlaneEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig{IpEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{
			EnablePublicEndpoint: new(true), AuthorizedNetworksConfig: &containerpb.MasterAuthorizedNetworksConfig{
				Enabled: true, CidrBlocks: []*containerpb.MasterAuthorizedNetworksConfig_CidrBlock{{CidrBlock: "203.0.113.0/24"}},
			},
		}},
		WorkloadIdentityConfig: &containerpb.WorkloadIdentityConfig{WorkloadPool: "sandbox-project.svc.id.goog"},
		ReleaseChannel:         &containerpb.ReleaseChannel{Channel: containerpb.ReleaseChannel_REGULAR},
		Locations:              []string{"us-central1-a", "us-central1-b"},
		NodePools: []*containerpb.NodePool{
			{
				Name: "cpu", InitialNodeCount: 1, Config: &containerpb.NodeConfig{MachineType: "e2-standard-4", Tags: []string{"serving-prod"}},
				Autoscaling: &containerpb.NodePoolAutoscaling{Enabled: true, TotalMinNodeCount: 2, TotalMaxNodeCount: 10},
			},
			{
				Name: "gpu", Config: &containerpb.NodeConfig{
					MachineType: "g2-standard-8", Spot: true, Tags: []string{"serving-prod"}, Accelerators: []*containerpb.AcceleratorConfig{{AcceleratorType: "nvidia-l4", AcceleratorCount: 1}},
				},
				Autoscaling: &containerpb.NodePoolAutoscaling{Enabled: true, TotalMaxNodeCount: 4},
			},
		},
	}
}

// create makes a cluster; without delays it is ready when the next call sees it.
func (w *gkeWorld) create(change ...func(*containerpb.Cluster)) *containerpb.Cluster {
	w.t.Helper()
	k := goodCluster()
	for _, c := range change {
		c(k)
	}
	w.done(w.client.CreateCluster(w.t.Context(), &containerpb.CreateClusterRequest{Parent: testParent, Cluster: k}))
	return w.get()
}

func (w *gkeWorld) get() *containerpb.Cluster {
	w.t.Helper()
	return must(w.client.GetCluster(w.t.Context(), &containerpb.GetClusterRequest{Name: testCluster}))(w.t)
}

// done waits for the good end of an operation, which without delays is the next look.
func (w *gkeWorld) done(op *containerpb.Operation, err error) {
	w.t.Helper()
	if end := w.end(op, err); end.Error != nil {
		w.t.Fatalf("%s: %v", end.OperationType, end.Error)
	}
}

func (w *gkeWorld) end(op *containerpb.Operation, err error) *containerpb.Operation {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	end := must(w.client.GetOperation(w.t.Context(), &containerpb.GetOperationRequest{Name: testParent + "/operations/" + op.Name}))(w.t)
	if end.Status != containerpb.Operation_DONE {
		w.t.Fatalf("operation %v is not done", end)
	}
	return end
}

// update makes one change.
func (w *gkeWorld) update(u *containerpb.ClusterUpdate) (*containerpb.Operation, error) {
	return w.client.UpdateCluster(w.t.Context(), &containerpb.UpdateClusterRequest{Name: testCluster, Update: u})
}

// wantRefusal checks what an error says, or the answer that it is made of: the client reads no details beside a list of errors.
func wantRefusal(t *testing.T, err error, text string) {
	t.Helper()
	var answer *googleapi.Error
	if err == nil || !strings.Contains(err.Error(), text) && (!errors.As(err, &answer) || !strings.Contains(answer.Body, text)) {
		t.Errorf("error = %v, want %q", err, text)
	}
}
