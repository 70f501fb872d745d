package gcp

import (
	"strings"
	"testing"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func TestOneOperationAtATime(t *testing.T) {
	t.Parallel()
	w := newGKE(t, func(c *Config) { c.TimeScale = 0 })
	w.create()
	slow := control.Settings{Delays: map[string]control.Duration{"container.cluster.update": control.Duration(3600e9)}}
	if err := w.cloud.Configure(slow); err != nil {
		t.Fatal(err)
	}
	op := must(w.update(&containerpb.ClusterUpdate{DesiredLoggingService: "none"}))(t)
	if w.get().Status != containerpb.Cluster_RECONCILING {
		t.Errorf("status = %s", w.get().Status)
	}
	_, err := w.update(&containerpb.ClusterUpdate{DesiredMonitoringService: "none"})
	wantRefusal(t, err, "Cluster is running incompatible operation "+op.Name)
	_, err = w.client.DeleteNodePool(t.Context(), &containerpb.DeleteNodePoolRequest{Name: testCluster + "/nodePools/gpu"})
	wantRefusal(t, err, "CLUSTER_ALREADY_HAS_OPERATION")
	if err := w.cloud.Configure(control.Settings{Quotas: map[string]int{"container.concurrent_operations": 1}}); err != nil {
		t.Fatal(err)
	}
	_, err = w.update(&containerpb.ClusterUpdate{DesiredMonitoringService: "none"})
	wantRefusal(t, err, "hits the concurrent operations quota 1, please try again later")
}

func TestOperationFails(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	w.create()
	w.cloud.AddFault(control.Fault{Service: "container", Action: "ClusterManager.UpdateCluster", Later: true, Code: "INTERNAL", Message: "an internal error has occurred"})
	end := w.end(w.update(&containerpb.ClusterUpdate{DesiredLoggingService: "none"}))
	if end.Error.GetCode() != int32(code.Code_INTERNAL) || w.get().LoggingService == "none" || w.get().Status != containerpb.Cluster_RUNNING {
		t.Errorf("operation = %v", end)
	}
	w.cloud.ClearFaults()
	w.done(w.update(&containerpb.ClusterUpdate{DesiredLoggingService: "none"}))
}

func TestStockOut(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	w.create()
	if err := w.cloud.Configure(control.Settings{StockOuts: map[string]bool{"us-central1-b/nvidia-l4": true}}); err != nil {
		t.Fatal(err)
	}
	pool := &containerpb.NodePool{Name: "l4", InitialNodeCount: 1, Config: &containerpb.NodeConfig{MachineType: "g2-standard-4"}}
	end := w.end(w.client.CreateNodePool(t.Context(), &containerpb.CreateNodePoolRequest{Parent: testCluster, NodePool: pool}))
	if end.Error.GetCode() != int32(code.Code_RESOURCE_EXHAUSTED) || !strings.Contains(end.Error.Message, "us-central1-b") || !strings.Contains(end.Error.Message, "nvidia-l4") {
		t.Errorf("operation = %v", end)
	}
	got := must(w.client.GetNodePool(t.Context(), &containerpb.GetNodePoolRequest{Name: testCluster + "/nodePools/l4"}))(t)
	if got.Status != containerpb.NodePool_RUNNING_WITH_ERROR || len(got.Conditions) != 1 || got.Conditions[0].Code != containerpb.StatusCondition_GCE_STOCKOUT {
		t.Errorf("pool is %s: %v", got.Status, got.Conditions)
	}
	if k := w.get(); len(k.Conditions) != 1 || k.Status != containerpb.Cluster_RUNNING {
		t.Errorf("cluster is %s: %v", k.Status, k.Conditions)
	}
}
