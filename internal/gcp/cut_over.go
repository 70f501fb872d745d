package gcp

import (
	"context"
	"errors"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// A load balancer is replaced in this order: the new one with its forwarding
// rules, the peers' ranges in its security policy and its nodes healthy; a while in
// which callers change over; then nodes leave the old one, and it is removed.
// Whoever was killed on the way finds both and goes on.

const (
	// defaultLinger is how long an old load balancer goes on after the new one serves.
	// The record is the user's: who moves it at once is followed by callers when their
	// resolvers forget the old address, for which 5 minutes are usual (Cloud DNS,
	// "Records overview": the default TTL).
	defaultLinger = 5 * time.Minute
	// drainTime is what the cloud grants requests that are under way.
	drainTime = drainSeconds * time.Second
)

// wholeCluster is a cluster with what is inside Kubernetes and what makes callers
// change from one load balancer to another.
func (c *client) wholeCluster(spec serving.Cluster, left remains) *clusterStack {
	s := c.clusterStack(spec, left)
	c.addGateway(s)
	c.cutOver(s)
	return s
}

// cutOver adds what lies between a new load balancer and the end of the old one.
func (c *client) cutOver(s *clusterStack) {
	healthy := c.healthyNodes(s, append(append([]stack.Node{c.admitPeers(s), s.forwardingRule}, s.way...), s.gateway.Ready()...)...)
	// On the way back nodes leave the old load balancer before it is removed, and
	// before those of them go that are not wanted any more.
	old := append([]stack.Node{s.forwardingRule}, s.unwanted...)
	for _, pool := range s.pools {
		old = append(old, pool)
	}
	if s.redirect != nil {
		old = append(old, s.redirect)
	}
	answered := stack.AddDrain(s.Stack, "drain/requests", func(ctx context.Context) error { return c.drainRequests(ctx, s) }, old...)
	stack.AddDrain(s.Stack, "drain/callers", func(ctx context.Context) error { return c.lingers(ctx, s) }, healthy, answered)
}

// faces is who may call the model servers: everyone, as long as one load balancer
// faces the Internet.
func (s *clusterStack) faces() serving.Visibility {
	for _, rule := range s.forwardingRule.All() {
		if rule.GetLoadBalancingScheme() == scheme(serving.Public) {
			return serving.Public
		}
	}
	return s.spec.Visibility
}

// turnedPrivate adds the end of a change to private: model servers without
// authentication are admitted when the old load balancer is gone, and not before.
func (c *client) turnedPrivate(s *clusterStack) *stack.Drain {
	return stack.AddDrain(s.Stack, "drain/visibility", func(ctx context.Context) error { return s.gateway.WriteFacts(ctx) })
}

// replaced reports whether an earlier load balancer still serves.
func (s *clusterStack) replaced() bool { return len(s.forwardingRule.All()) > 1 }

// lingers waits while callers change over.
func (c *client) lingers(ctx context.Context, s *clusterStack) error {
	if !s.replaced() {
		return nil
	}
	s.tell(ctx, "both load balancers serve: lead your DNS record to the new address before the old one goes", c.linger)
	return pause(ctx, c.linger)
}

// drainRequests makes nodes leave the old load balancer, which lets them finish what
// they were asked through it. Without its forwarding rule it would cut them off.
// What nobody shows is when they have, so all of the time is waited that they have.
func (c *client) drainRequests(ctx context.Context, s *clusterStack) error {
	if !s.replaced() {
		return nil
	}
	left := false
	for _, service := range s.oldServices() {
		emptied, err := c.leave(ctx, service.GetName())
		if err != nil {
			return err
		}
		left = left || emptied
	}
	if !left {
		// An earlier run has done it, and callers had longer since than requests have.
		return nil
	}
	atMost := min(drainTime, c.linger)
	s.tell(ctx, "waiting for requests through the old load balancer", atMost)
	return pause(ctx, atMost)
}

// leave takes the nodes out of a backend service, and says whether there were any.
func (c *client) leave(ctx context.Context, name string) (emptied bool, err error) {
	err = c.poll.Until(ctx, func(time.Duration) (bool, error) {
		live, err := c.compute.backendServices.Get(ctx, &computepb.GetRegionBackendServiceRequest{Project: c.project, Region: c.region, BackendService: name})
		if err != nil || len(live.GetBackends()) == 0 {
			return true, absent(err)
		}
		emptied = true
		var changed *stack.LostError
		if err := (backends{client: c}).set(ctx, live, nil); !errors.As(err, &changed) {
			return err == nil, absent(err)
		}
		return false, nil // Somebody has changed it meanwhile: look again.
	})
	return emptied, err
}

// oldServices are the backend services of load balancers that were replaced.
func (s *clusterStack) oldServices() []*computepb.BackendService {
	all := s.backendService.All()
	if s.backendService.Live() == nil {
		return all
	}
	return all[1:]
}

// tell logs that the stack waits, and for how long at most.
func (s *clusterStack) tell(ctx context.Context, what string, atMost time.Duration) {
	if s.Log != nil {
		s.Log(ctx, what, map[string]any{"stack": s.Name, "object": objectForwardingRule, "address": s.address.Live().GetAddress(), "at_most": atMost.String()})
	}
}

// pause waits, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
