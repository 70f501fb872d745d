package aws

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// A load balancer is replaced in this order: the new one with its targets healthy
// and its listeners up; the DNS record; the old one, when nobody uses it any
// more. Whoever was killed on the way finds both load balancers and goes on.

const (
	// recordTTL is how long resolvers remember where an alias record leads. It has
	// the TTL of its target, which is 60 seconds for a load balancer (Route 53
	// developer guide, "Choosing between alias and non-alias records").
	recordTTL = time.Minute
	// keepAlive is how long a client's connection may be used, after which the load
	// balancer asks it to come back on another (ELB user guide, "HTTP client keepalive
	// duration"). The cloud's own hour would keep callers on a load balancer that was
	// replaced; a handshake in two minutes is no load.
	keepAlive = 2 * time.Minute
	// defaultLinger is when the last caller has left an old load balancer: the one
	// that connected just before its resolver forgot the address.
	defaultLinger = recordTTL + keepAlive
)

// wholeCluster is a cluster with what is inside Kubernetes and its DNS record.
func (c *client) wholeCluster(spec serving.Cluster, left remains) *clusterStack {
	s := c.clusterStack(spec, left)
	c.addGateway(s)
	c.cutOver(s, left)
	return s
}

// recordOf is the recordKey of the record that an endpoint has, empty for none.
func recordOf(e serving.Endpoint) string {
	if e.DNS == nil {
		return ""
	}
	return recordKey(e.DNS.ZoneID, e.Domain)
}

// cutOver adds what makes callers change from one load balancer to another.
func (c *client) cutOver(s *clusterStack, left remains) {
	healthy := c.healthyTargets(s, append(append(slices.Clone(s.way), c.admitPeers(s)), s.gateway.Ready()...)...)
	lingering := append(slices.Clone(s.way), healthy, s.loadBalancer)
	record := recordOf(s.spec.Endpoint)
	if record != "" {
		lingering = append(lingering, stack.Add(s.Stack, objectRecord+record, c.record(s, record, true), func() dnsRecordSpec {
			lb := s.loadBalancer.Live()
			return dnsRecordSpec{Target: aws.ToString(lb.DNSName), TargetZone: aws.ToString(lb.CanonicalHostedZoneId)}
		}, s.loadBalancer, healthy))
	}
	gone := stack.AddDrain(s.Stack, "drain/callers", func(ctx context.Context) error { return c.lingers(ctx, s) }, lingering...)
	for _, old := range sorted(left.Records) {
		if old != record && old != "" {
			stack.Absent(s.Stack, objectRecord+old, c.record(s, old, false), s.loadBalancer, gone)
		}
	}
}

func (c *client) record(s *clusterStack, key string, wanted bool) dnsRecords {
	zone, domain, _ := strings.Cut(key, "/")
	return dnsRecords{
		client: c, loadBalancer: s.loadBalancer, all: s.loadBalancer.All, zone: zone, domain: domain,
		wanted: wanted, seen: s.spec.LastSeen[objectRecord+key] == key, names: bothSchemes(s.spec.Name), change: &dnsChange{},
	}
}

// faces is who may call the model servers: everyone, as long as one load balancer
// faces the Internet.
func (s *clusterStack) faces() serving.Visibility {
	for _, lb := range s.loadBalancer.All() {
		if lb.Scheme == scheme(serving.Public) {
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

// replaced reports whether an earlier load balancer is still there.
func (s *clusterStack) replaced() bool { return len(s.loadBalancer.All()) > 1 }

// lingers waits until callers have forgotten a load balancer that was replaced.
// Who uses its own name, or a record of the user's, cannot be waited for.
func (c *client) lingers(ctx context.Context, s *clusterStack) error {
	if !s.replaced() || s.spec.Endpoint.DNS == nil {
		return nil
	}
	s.tell(ctx, "waiting until callers have forgotten the old load balancer", c.linger)
	timer := time.NewTimer(c.linger)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// tell logs that the stack waits, and for how long at most.
func (s *clusterStack) tell(ctx context.Context, what string, atMost time.Duration) {
	if s.Log != nil {
		s.Log(ctx, what, map[string]any{"stack": s.Name, "object": objectLoadBalancer, "at_most": atMost.String()})
	}
}
