package gcp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// CreateCluster makes a cluster or resumes a create that was interrupted.
func (b *Backend) CreateCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	return b.ensureCluster(ctx, spec, stack.Create)
}

// UpdateCluster converges an existing cluster.
func (b *Backend) UpdateCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	return b.ensureCluster(ctx, spec, stack.Update)
}

func (b *Backend) ensureCluster(ctx context.Context, spec serving.Cluster, mode stack.Mode) (serving.ObservedCluster, error) {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return serving.ObservedCluster{}, err
	}
	ctx = kube.LiveReads(reads.WithLive(ctx))
	if spec, err = c.withZones(ctx, spec); err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	left, err := c.clusterRemains(ctx, spec)
	if err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	if mode == stack.Update {
		if err := b.askServers(ctx, spec); err != nil {
			return serving.ObservedCluster{}, explain(err)
		}
	}
	s := c.wholeCluster(spec, left)
	if err := s.Ensure(ctx, mode); err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	// What converged was read on the way. Another read could only fail, and leave
	// a sealed cluster that is in nobody's state.
	return c.observed(ctx, s, s.Report()), nil
}

// ObserveCluster reads everything that the spec owns and says what differs.
func (b *Backend) ObserveCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return serving.ObservedCluster{}, err
	}
	return c.observeCluster(ctx, spec)
}

func (c *client) observeCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	s := c.wholeCluster(spec, remembered(spec))
	report, err := s.Observe(ctx)
	var unreachable *kube.UnreachableError
	if errors.As(err, &unreachable) {
		// Whoever has no path to the Kubernetes API can still plan what the cloud
		// knows, and destroy. What was read a moment ago is not asked for again.
		s = c.clusterStack(spec, remembered(spec))
		report, err = s.Observe(ctx)
	}
	if err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	out := c.observed(ctx, s, report)
	if unreachable != nil {
		out.Unseen = "The gateway was not looked at: " + unreachable.Error() + "."
	}
	return out, nil
}

// remembered is what was last seen under names that the spec does not know any
// more: what a failed update could not remove stays visible.
func remembered(spec serving.Cluster) remains {
	var left remains
	for object := range spec.LastSeen {
		if pool, ok := strings.CutPrefix(object, objectNodePool); ok {
			left.Pools = append(left.Pools, pool)
		}
		left.Redirect = left.Redirect || object == objectRedirect || object == objectHTTPProxy || object == objectRedirectRule
	}
	return left
}

// DestroyCluster removes everything the cluster owns.
func (b *Backend) DestroyCluster(ctx context.Context, spec serving.Cluster) error {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return err
	}
	ctx = reads.WithLive(ctx)
	all, err := c.reader.clusters.Get(ctx, everything)
	if err != nil {
		return explain(err)
	}
	if live := find(all, spec.Name); live != nil && protected(live) && clusterOwner(spec).owns(live.GetResourceLabels(), objectCluster, c.clusterName(spec.Name)) {
		return fmt.Errorf("GKE cluster %s has deletion protection: set deletion_protection = false and apply first", spec.Name)
	}
	left, err := c.clusterRemains(ctx, spec)
	if err != nil {
		return explain(err)
	}
	return explain(c.clusterStack(spec, left).Destroy(ctx))
}

// clusterRemains finds what carries the cluster's mark under names that only the
// cloud may still know. What changes or removes a cluster looks at port 80 in any
// case.
func (c *client) clusterRemains(ctx context.Context, spec serving.Cluster) (remains, error) {
	o, left := clusterOwner(spec), remains{Redirect: true}
	all, err := c.reader.clusters.Get(ctx, everything)
	if err != nil {
		return left, err
	}
	cluster := find(all, spec.Name)
	if cluster == nil || !o.owns(cluster.GetResourceLabels(), objectCluster, c.clusterName(spec.Name)) {
		return left, nil
	}
	for _, pool := range cluster.GetNodePools() {
		if name, ok := o.nameOf(pool.GetConfig().GetResourceLabels(), objectNodePool, c.poolID(spec.Name, pool.GetName())); ok {
			left.Pools = append(left.Pools, name)
		}
	}
	return left, nil
}

// withZones fills in the zones: those that the cluster has, else the region's
// first two by name.
func (c *client) withZones(ctx context.Context, spec serving.Cluster) (serving.Cluster, error) {
	if len(spec.Network.Zones) > 0 {
		return spec, nil
	}
	all, err := c.reader.clusters.Get(ctx, everything)
	if err != nil {
		return spec, err
	}
	if live := find(all, spec.Name); live != nil && clusterOwner(spec).owns(live.GetResourceLabels(), objectCluster, c.clusterName(spec.Name)) {
		spec.Network.Zones = sorted(live.GetLocations())
		return spec, nil
	}
	region, err := c.readRegion(ctx)
	if err != nil {
		return spec, err
	}
	zones := zonesOf(region)
	if len(zones) == 0 {
		return spec, fmt.Errorf("region %s has no zone that can be used; set network.zones", c.region)
	}
	spec.Network.Zones = zones[:min(2, len(zones))]
	return spec, nil
}

// readRegion reads the region: its zones, and what is left of its quotas.
func (c *client) readRegion(ctx context.Context) (*computepb.Region, error) {
	return c.compute.regions.Get(ctx, &computepb.GetRegionRequest{Project: c.project, Region: c.region})
}

func zonesOf(region *computepb.Region) []string {
	var out []string
	for _, link := range region.GetZones() {
		out = append(out, lastOf(link))
	}
	return sorted(out)
}
