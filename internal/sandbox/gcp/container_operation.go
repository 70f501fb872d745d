package gcp

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func init() {
	handle("google.container.v1.ClusterManager.GetOperation", (*call).gkeGetOperation)
	handle("google.container.v1.ClusterManager.ListOperations", (*call).gkeListOperations)
	handle("google.container.v1.ClusterManager.CancelOperation", (*call).gkeCancelOperation)
	onSettle("container.operation", (*call).gkeSettle)
}

// gkeWork is what an operation does at its end. It gives what failed.
type gkeWork func(c *call, cluster, pool string) *rpcstatus.Status

// gkeWorks are the kinds of operations. An update, of whatever sort, is over when the changed object takes the old one's place.
var gkeWorks = map[containerpb.Operation_Type]gkeWork{
	containerpb.Operation_CREATE_CLUSTER:           (*call).finishCluster,
	containerpb.Operation_DELETE_CLUSTER:           (*call).removeCluster,
	containerpb.Operation_UPDATE_CLUSTER:           (*call).finishUpdate,
	containerpb.Operation_UPGRADE_MASTER:           (*call).finishUpdate,
	containerpb.Operation_UPGRADE_NODES:            (*call).finishUpdate,
	containerpb.Operation_SET_LABELS:               (*call).finishUpdate,
	containerpb.Operation_CREATE_NODE_POOL:         (*call).finishPool,
	containerpb.Operation_DELETE_NODE_POOL:         (*call).removePool,
	containerpb.Operation_SET_NODE_POOL_SIZE:       (*call).finishUpdate,
	containerpb.Operation_SET_NODE_POOL_MANAGEMENT: (*call).finishUpdate,
}

// gkeStart begins an operation on a cluster, or on a pool of it. The delay is how long it takes.
func (c *call) gkeStart(kind containerpb.Operation_Type, delay string, cluster *Held[*containerpb.Cluster], pool *Held[*containerpb.NodePool]) *containerpb.Operation {
	name := c.newOperationName()
	number := c.cloud.projects()[c.Project]
	target := []string{"clusters", cluster.Body.Name}
	if pool != nil {
		target = append(target, "nodePools", pool.Body.Name)
		pool.Operation, pool.Verb = name, kind.String()
		cluster.Body.Status = containerpb.Cluster_RECONCILING
	}
	cluster.Operation, cluster.Verb = name, kind.String()
	body := &containerpb.Operation{
		Name: name, OperationType: kind, Status: containerpb.Operation_PENDING, Zone: c.Location, Location: c.Location,
		StartTime:  c.at.Format(time.RFC3339Nano),
		SelfLink:   c.gkeLink(number, "operations", name),
		TargetLink: c.gkeLink(number, target...),
		Progress:   gkeProgress(kind, containerpb.Operation_PENDING),
	}
	held := &Held[*containerpb.Operation]{Body: body}
	if c.fail != nil {
		// What will go wrong waits in the next state of the operation.
		held.Next = &containerpb.Operation{Error: &rpcstatus.Status{Code: code.Code_value[c.fail.canonical()], Message: c.fail.Message}}
		held.Operation, held.Verb = name, kind.String()
	}
	c.gke().Operations[name] = held
	c.after("container.operation.start", transition{Kind: "container.operation", ID: name, To: "RUNNING"})
	c.after(delay, transition{Kind: "container.operation", ID: name, To: "DONE"})
	return body
}

// gkeStages are what the operations of a kind go through.
var gkeStages = map[containerpb.Operation_Type][]string{
	containerpb.Operation_CREATE_CLUSTER:   {"DEPLOYING", "HEALTH_CHECKING"},
	containerpb.Operation_DELETE_CLUSTER:   {"DRAINING", "DELETING"},
	containerpb.Operation_CREATE_NODE_POOL: {"DEPLOYING", "HEALTH_CHECKING"},
}

func gkeProgress(kind containerpb.Operation_Type, status containerpb.Operation_Status) *containerpb.OperationProgress {
	var out containerpb.OperationProgress
	for i, name := range gkeStages[kind] {
		stage := &containerpb.OperationProgress{Name: name, Status: status}
		if status == containerpb.Operation_RUNNING && i > 0 {
			stage.Status = containerpb.Operation_PENDING
		}
		out.Stages = append(out.Stages, stage)
	}
	if len(out.Stages) == 0 {
		return nil
	}
	out.Name, out.Status = strings.ToLower(kind.String()), status
	return &out
}

// gkeSettle moves an operation on.
func (c *call) gkeSettle(id, to string) {
	held := c.gke().Operations[id]
	if held == nil || held.Body.Status == containerpb.Operation_DONE {
		return
	}
	op := held.Body
	if to == "RUNNING" {
		op.Status = containerpb.Operation_RUNNING
		op.Progress = gkeProgress(op.OperationType, op.Status)
		return
	}
	cluster, pool := gkeNames(strings.TrimPrefix(op.TargetLink, "https://container.googleapis.com/v1/"), "", "")
	var failed *rpcstatus.Status
	if held.Next != nil {
		failed = held.Next.Error
	}
	if failed != nil {
		c.gkeAbort(op.OperationType, cluster, pool, failed)
	} else {
		failed = gkeWorks[op.OperationType](c, cluster, pool)
	}
	op.Status, op.EndTime, op.Error = containerpb.Operation_DONE, c.at.Format(time.RFC3339Nano), failed
	op.Progress = gkeProgress(op.OperationType, op.Status)
	if failed != nil {
		op.StatusMessage = failed.Message
		op.ClusterConditions, op.NodepoolConditions = c.gkeConditions(cluster, pool)
	}
	held.Next, held.pending = nil, pending{}
	if k := c.gke().Clusters[cluster]; k != nil && k.Operation == id {
		if k.Body.Status == containerpb.Cluster_RECONCILING {
			k.Body.Status = containerpb.Cluster_RUNNING
		}
		k.pending = pending{}
		k.Next = nil
	}
	if p := c.gke().NodePools[cluster+"/"+pool]; p != nil && p.Operation == id {
		p.pending = pending{}
		p.Next = nil
	}
}

func (c *call) gkeConditions(cluster, pool string) (ofCluster, ofPool []*containerpb.StatusCondition) {
	if k := c.gke().Clusters[cluster]; k != nil {
		ofCluster = k.Body.Conditions
	}
	if p := c.gke().NodePools[cluster+"/"+pool]; p != nil {
		ofPool = p.Body.Conditions
	}
	return ofCluster, ofPool
}

// gkeAbort ends the work of an operation that is made to fail: what was being made is broken, and what was being changed stays.
func (c *call) gkeAbort(kind containerpb.Operation_Type, cluster, pool string, why *rpcstatus.Status) {
	k, p := c.gke().Clusters[cluster], c.gke().NodePools[cluster+"/"+pool]
	if k != nil {
		k.Body.Status = containerpb.Cluster_RUNNING
		if kind == containerpb.Operation_CREATE_CLUSTER || kind == containerpb.Operation_DELETE_CLUSTER {
			k.Body.Status, k.Body.StatusMessage = containerpb.Cluster_ERROR, why.Message
		}
	}
	if p != nil {
		p.Body.Status = containerpb.NodePool_RUNNING
		if kind == containerpb.Operation_CREATE_NODE_POOL || kind == containerpb.Operation_DELETE_NODE_POOL {
			p.Body.Status, p.Body.StatusMessage = containerpb.NodePool_ERROR, why.Message
		}
	}
}

// finishUpdate puts the changed objects in place. Nodes follow when a pool has changed, or the zones of all of them.
func (c *call) finishUpdate(cluster, pool string) *rpcstatus.Status {
	k, p := c.gke().Clusters[cluster], c.gke().NodePools[cluster+"/"+pool]
	if p != nil && p.Next != nil {
		p.Body = p.Next
		p.Body.Status = containerpb.NodePool_RUNNING
	}
	if k == nil {
		return nil
	}
	moved := false
	if k.Next != nil {
		moved = !slices.Equal(k.Body.Locations, k.Next.Locations)
		k.Body = k.Next
	}
	k.Body.Status = containerpb.Cluster_RUNNING
	if moved {
		for _, one := range c.pools(cluster) {
			one.Body.Locations = slices.Clone(k.Body.Locations)
		}
	}
	if moved || p != nil {
		return c.scale(k, pool)
	}
	return nil
}

func (c *call) gkeGetOperation(in *containerpb.GetOperationRequest) (*containerpb.Operation, error) {
	name := in.Name[strings.LastIndex(in.Name, "/")+1:]
	if name == "" {
		name = in.OperationId
	}
	held := c.gke().Operations[name]
	if held == nil {
		return nil, errElsewhere
	}
	return held.Body, nil
}

func (c *call) gkeListOperations(in *containerpb.ListOperationsRequest) (*containerpb.ListOperationsResponse, error) {
	out := &containerpb.ListOperationsResponse{}
	locations, err := c.gkeLocations(in.Parent)
	for _, at := range locations {
		for _, name := range control.SortedKeys(at.gke().Operations) {
			out.Operations = append(out.Operations, at.gke().Operations[name].Body)
		}
	}
	return out, err
}

// gkeCancelOperation is possible in reality for some upgrades of nodes, of which the sandbox has none that take long.
func (c *call) gkeCancelOperation(in *containerpb.CancelOperationRequest) (*emptypb.Empty, error) {
	op, err := c.gkeGetOperation(&containerpb.GetOperationRequest{Name: in.Name, OperationId: in.OperationId})
	if err != nil {
		return nil, err
	}
	return nil, gkePrecondition("OPERATION_NOT_CANCELLABLE", "Operation %s of type %s cannot be cancelled.", op.Name, op.OperationType)
}

// gkeLocations are the calls for every location that a parent such as "projects/p/locations/-" means.
func (c *call) gkeLocations(parent string) ([]*call, error) {
	if c.Location != "" && !strings.HasSuffix(parent, "/locations/-") {
		return []*call{c}, c.checkGKELocation()
	}
	var out []*call
	for _, key := range control.SortedKeys(c.cloud.state.Regions) {
		project, location, _ := strings.Cut(key, "/")
		if project == c.Project {
			out = append(out, c.in(project, location))
		}
	}
	return out, nil
}

// gkeFailed is the error of an operation.
func gkeFailed(kind code.Code, format string, args ...any) *rpcstatus.Status {
	return &rpcstatus.Status{Code: int32(kind), Message: fmt.Sprintf(format, args...)}
}
