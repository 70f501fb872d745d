package kube

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Facts are what a model server must know of its cluster. They are kept inside
// the cluster, so that a server asks nothing of the cloud.
type Facts struct {
	// Cluster is the cluster's id.
	Cluster    serving.ID
	Visibility serving.Visibility
	// URL is where callers reach the cluster.
	URL string
	// Pools are the node pools with the GPUs of each node.
	Pools map[string]int64
}

// factsPlace is where the facts are.
var factsPlace = place{configMaps, SystemNamespace, "cluster"}

const (
	factCluster    = "cluster_id"
	factVisibility = "visibility"
	factURL        = "url"
	factPools      = "node_pools"
)

func factsManifest(f Facts) manifest {
	return newManifest(factsPlace, selector(componentGateway, factsPlace.name), fields{
		"data": fields{
			factCluster: f.Cluster.String(), factVisibility: f.Visibility, factURL: f.URL,
			factPools: string(mustJSON(f.Pools)),
		},
	})
}

// NoGatewayError says that a cluster has no gateway to put servers behind.
type NoGatewayError struct{ Cluster string }

func (e *NoGatewayError) Error() string {
	return fmt.Sprintf("the cluster %s has no gateway: set gateway.enabled = true on it and apply that first", e.Cluster)
}

// facts reads what is known of the cluster.
func (a *API) facts(ctx context.Context) (Facts, error) {
	live, err := a.reader.get(ctx, factsPlace)
	if err != nil {
		return Facts{}, err
	}
	if live == nil {
		return Facts{}, &NoGatewayError{Cluster: a.access.Cluster.String()}
	}
	return readFacts(live), nil
}

func readFacts(live *unstructured.Unstructured) Facts {
	data, _, _ := unstructured.NestedStringMap(live.Object, "data")
	id, _ := serving.ParseID(data[factCluster])
	f := Facts{Cluster: id, Visibility: serving.Visibility(data[factVisibility]), URL: data[factURL]}
	_ = json.Unmarshal([]byte(data[factPools]), &f.Pools) // Without them, pools are not judged.
	return f
}

// asCluster is what the rules ask of a cluster.
func (f Facts) asCluster() serving.Cluster {
	c := serving.Cluster{Visibility: f.Visibility, NodePools: map[string]serving.NodePool{}}
	if f.Pools == nil {
		c.Unknown = serving.Unknown{"node_pools": true}
	}
	for name, gpus := range f.Pools {
		pool := serving.NodePool{}
		if gpus > 0 {
			pool.Accelerator = &serving.Accelerator{Count: gpus}
		}
		c.NodePools[name] = pool
	}
	return c
}
