package gcp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// healthDeadline is far beyond what nodes need that answered the old load
// balancer's checks a moment ago.
const healthDeadline = 10 * time.Minute

// healthyNodes adds the gate before a cut-over: the nodes that answer the old load
// balancer answer the new one too. Where nothing is replaced it asks nobody.
func (c *client) healthyNodes(s *clusterStack, after ...stack.Node) *stack.Gate {
	// That an earlier load balancer is still there is said of that.
	look := func(context.Context) ([]stack.Difference, error) { return nil, nil }
	return stack.AddGate(s.Stack, "nodes_healthy", look, func(ctx context.Context) error {
		if !s.replaced() {
			return nil
		}
		s.tell(ctx, "waiting until the nodes answer the new load balancer", healthDeadline)
		return c.awaitHealth(ctx, s, healthDeadline)
	}, after...)
}

func (c *client) awaitHealth(ctx context.Context, s *clusterStack, atMost time.Duration) error {
	missing := ""
	err := c.poll.Until(ctx, func(elapsed time.Duration) (bool, error) {
		all, err := c.reader.backendServices.Get(ctx, everything)
		if err != nil {
			return false, err
		}
		staying := s.staying()
		now, err := c.healthOf(ctx, find(all, s.backendService.Live().GetName()), staying)
		if err != nil {
			return false, err
		}
		before := map[string]string{}
		for _, old := range s.oldServices() {
			states, err := c.healthOf(ctx, find(all, old.GetName()), staying)
			if err != nil {
				return false, err
			}
			for node, state := range states {
				if before[node] != healthyState {
					before[node] = state
				}
			}
		}
		missing = lacks(now, before, !s.spec.Gateway.Disabled)
		if missing != "" && elapsed > atMost {
			return false, fmt.Errorf("after %s %s; the old load balancer still serves, and the next apply goes on", atMost, missing)
		}
		return missing == "", nil
	})
	if err != nil && ctx.Err() != nil && missing != "" {
		return fmt.Errorf("%s: %w", missing, err)
	}
	return err
}

// staying are the instance groups of the pools that stay.
func (s *clusterStack) staying() []string {
	var groups []string
	for _, pool := range s.pools {
		if live := pool.Live(); live != nil {
			groups = append(groups, groupsOf(live)...)
		}
	}
	return groups
}

// healthyState is how a node that answers its checks is told (compute
// HealthStatus.healthState).
const healthyState = "HEALTHY"

// healthOf reads how each node of some groups is behind a backend service, by its
// instance's link. A service or group that is gone has none.
func (c *client) healthOf(ctx context.Context, service *computepb.BackendService, groups []string) (map[string]string, error) {
	var asked []string
	for _, backend := range service.GetBackends() {
		if group := relative(backend.GetGroup()); slices.Contains(groups, group) {
			asked = append(asked, group)
		}
	}
	answers := make([]*computepb.BackendServiceGroupHealth, len(asked))
	var g errgroup.Group
	for i, group := range asked {
		g.Go(func() (err error) {
			answers[i], err = c.compute.backendServices.GetHealth(ctx, &computepb.GetHealthRegionBackendServiceRequest{
				Project: c.project, Region: c.region, BackendService: service.GetName(),
				ResourceGroupReferenceResource: &computepb.ResourceGroupReference{Group: proto.String(computeLink(group))},
			})
			return absent(err)
		})
	}
	err := g.Wait()
	states := map[string]string{}
	for _, answer := range answers {
		for _, node := range answer.GetHealthStatus() {
			states[relative(node.GetInstance())] = node.GetHealthState()
		}
	}
	return states, err
}

// lacks says what a new backend service lacks that the old one has: each node that
// is healthy there must be so here. With a gateway there is one at least; without,
// nobody may be listening yet.
func lacks(now, before map[string]string, atLeastOne bool) string {
	healthy := false
	for _, state := range now {
		healthy = healthy || state == healthyState
	}
	var waits []string
	for node, state := range before {
		if state != healthyState || now[node] == healthyState {
			continue
		}
		said := "is " + now[node]
		if now[node] == "" {
			said = "is not known there"
		}
		waits = append(waits, lastOf(node)+" "+said)
	}
	slices.Sort(waits)
	switch {
	case len(waits) > 0:
		return "nodes do not answer the new load balancer: " + strings.Join(waits, ", ")
	case atLeastOne && !healthy:
		return "no node answers the new load balancer"
	}
	return ""
}
