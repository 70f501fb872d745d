package gcp

import (
	"errors"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestRefusals meets what a project, region or zone may lack, and asserts what the
// user is told.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings control.Settings
		change   func(*serving.Cluster)
		// says are words of the error.
		says []string
	}{
		"API not enabled": {
			control.Settings{Disabled: map[string]bool{"sandbox-project/container": true}}, nil,
			[]string{"not enabled", "gcloud services enable", "container.googleapis.com"},
		},
		"quota": {
			control.Settings{Quotas: map[string]int{"compute.networks": 0}}, nil,
			[]string{"create network", "QUOTA", "Quotas"},
		},
		"stock-out": {
			control.Settings{StockOuts: map[string]bool{"us-central1-a/nvidia-l4": true, "us-central1-b/nvidia-l4": true}},
			func(spec *serving.Cluster) {
				pool := spec.NodePools["gpu"]
				pool.MinSize = 2
				spec.NodePools["gpu"] = pool
			},
			[]string{"node_pool/gpu", "capacity in us-central1-", "nvidia-l4", "choose other zones"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox, b := prepared(t)
			if err := sandbox.Configure(test.settings); err != nil {
				t.Fatal(err)
			}
			spec := testCluster(serving.Private)
			if test.change != nil {
				test.change(&spec)
			}
			_, err := b.CreateCluster(t.Context(), spec)
			if err == nil {
				t.Fatal("the cluster was made")
			}
			for _, word := range test.says {
				if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(word)) {
					t.Errorf("error %q does not say %q", err, word)
				}
			}
			var whole *stack.Error
			if name != "API not enabled" && !errors.As(err, &whole) {
				t.Errorf("error %T does not tell what exists", err)
			}
		})
	}
}

// TestPreflight judges specs against a region before anything is made.
func TestPreflight(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	missing := map[string]bool{"us-central1/g2-standard-8": true, "us-central1-b/n2-standard-4": true}
	for name, test := range map[string]struct {
		settings control.Settings
		change   func(*serving.Cluster)
		path     string
	}{
		"nothing":      {control.Settings{}, func(*serving.Cluster) {}, ""},
		"zone":         {control.Settings{}, func(s *serving.Cluster) { s.Network.Zones = []string{"us-central1-a", "us-central1-z"} }, "network.zones"},
		"certificate":  {control.Settings{}, func(s *serving.Cluster) { s.Endpoint.CertificateID = "gcp/us-central1/none" }, "endpoint.certificate_id"},
		"domain":       {control.Settings{}, func(s *serving.Cluster) { s.Endpoint.Domain = "other.example.org" }, "endpoint.domain"},
		"network":      {control.Settings{}, func(s *serving.Cluster) { s.Network = serving.Network{VPC: "none", Subnets: []string{"none"}} }, "network.vpc"},
		"no proxies":   {control.Settings{}, func(s *serving.Cluster) { s.Network = serving.Network{VPC: "default", Subnets: []string{"default"}} }, "network.vpc"},
		"machine type": {control.Settings{Missing: missing}, func(s *serving.Cluster) { delete(s.NodePools, "cpu") }, "node_pools.gpu.machine_type"},
		"in one zone":  {control.Settings{Missing: missing}, func(s *serving.Cluster) { delete(s.NodePools, "gpu") }, "node_pools.cpu.machine_type"},
		"accelerator": {control.Settings{Missing: map[string]bool{"us-central1/nvidia-tesla-t4": true}}, func(s *serving.Cluster) {
			s.NodePools["gpu"] = serving.NodePool{MachineType: "n1-standard-8", MaxSize: 1, DiskGB: 100, Accelerator: &serving.Accelerator{Type: "nvidia-tesla-t4", Count: 1}}
		}, "node_pools.gpu.accelerator.type"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := sandbox.Configure(test.settings); err != nil {
				t.Fatal(err)
			}
			spec := testCluster(serving.Private)
			test.change(&spec)
			problems, err := b.PreflightCluster(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if test.path == "" && len(problems) == 0 {
				return
			}
			if len(problems) == 0 || problems[0].Path != test.path {
				t.Errorf("problems %+v, want one at %q", problems, test.path)
			}
			lift := map[string]bool{}
			for key := range test.settings.Missing {
				lift[key] = false
			}
			if err := sandbox.Configure(control.Settings{Missing: lift}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestPreflightElsewhere asserts that a project that is not there is told from a
// region that is not.
func TestPreflightElsewhere(t *testing.T) {
	t.Parallel()
	sandbox, _ := prepared(t)
	for name, test := range map[string]struct{ project, region, says string }{
		"project": {"no-such-project", testRegion, noProject},
		"region":  {"sandbox-project", "us-central9", noRegion},
	} {
		b := testBackend(sandbox.URL)
		b.cfg.Project = test.project
		spec := testCluster(serving.Private)
		spec.Region = test.region
		problems, err := b.PreflightCluster(t.Context(), spec)
		if err != nil || len(problems) == 0 || problems[0].Summary != test.says {
			t.Errorf("%s: problems %+v, error %v, want %q", name, problems, err, test.says)
		}
	}
}
