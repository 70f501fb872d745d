package aws

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// servicePort is where callers connect.
const servicePort = 443

// front is a load balancer of a cluster with its listeners.
type front struct {
	elbtypes.LoadBalancer
	listeners []elbtypes.Listener
}

// serves is the listener that callers get, or nil.
func (f front) serves() *elbtypes.Listener {
	for i, l := range f.listeners {
		if aws.ToInt32(l.Port) == servicePort {
			return &f.listeners[i]
		}
	}
	return nil
}

// front finds the cluster's load balancer, or nil. While one takes the place of
// another, it is the one that serves, and if both do, the one that more can reach.
func (c *client) front(ctx context.Context, cluster string) (*front, error) {
	found, err := c.reader.loadBalancers.Get(ctx, all)
	if err != nil {
		return nil, err
	}
	o := owner{stack: "cluster/" + cluster}
	var fronts []front
	for _, lb := range found {
		if !slices.Contains(bothSchemes(cluster), aws.ToString(lb.LoadBalancerName)) {
			continue
		}
		tags, err := c.reader.elbTags.Get(ctx, aws.ToString(lb.LoadBalancerArn))
		if isCode(err, "LoadBalancerNotFound") {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := o.claim(tags, objectLoadBalancer, aws.ToString(lb.LoadBalancerArn), "load balancer "+aws.ToString(lb.LoadBalancerName)); err != nil {
			return nil, err
		}
		listeners, err := c.reader.listeners.Get(ctx, aws.ToString(lb.LoadBalancerArn))
		if err != nil {
			return nil, err
		}
		fronts = append(fronts, front{lb, listeners})
	}
	if len(fronts) == 0 {
		return nil, nil
	}
	rank := func(f front) int {
		n := 0
		if f.serves() != nil {
			n = 2
		}
		if f.Scheme == elbtypes.LoadBalancerSchemeEnumInternetFacing {
			n++
		}
		return n
	}
	best := slices.MaxFunc(fronts, func(a, b front) int { return cmp.Compare(rank(a), rank(b)) })
	return &best, nil
}

// frontTopology is a load balancer as callers see it.
func (c *client) frontTopology(ctx context.Context, id serving.ID, f *front) (serving.LoadBalancerTopology, error) {
	if f == nil {
		if live, err := c.reader.clusters.Get(ctx, id.Name); err != nil || live == nil {
			return serving.LoadBalancerTopology{}, cmp.Or(err, error(&stack.MissingError{Err: fmt.Errorf("there is no cluster %s that this provider has made; create it with serving_cluster, or correct the id", id)}))
		}
		return serving.LoadBalancerTopology{Absent: "the cluster has no load balancer: apply it again"}, nil
	}
	out := serving.LoadBalancerTopology{
		Name: "load balancer " + aws.ToString(f.LoadBalancerName), Internal: f.Scheme == elbtypes.LoadBalancerSchemeEnumInternal,
		Subnets: (&loadBalancerLive{LoadBalancer: f.LoadBalancer}).subnets(), Groups: sorted(f.SecurityGroups), Port: servicePort,
	}
	if s := f.State; s != nil && (s.Code == elbtypes.LoadBalancerStateEnumProvisioning || s.Code == elbtypes.LoadBalancerStateEnumFailed) {
		out.Absent = strings.TrimSuffix(out.Name+" is "+string(s.Code)+": "+aws.ToString(s.Reason), ": ")
	}
	if l := f.serves(); l != nil {
		out.Listener = &serving.ListenerTopology{HTTPS: l.Protocol == elbtypes.ProtocolEnumHttps, Certificate: firstCertificate(l)}
	}
	var groups []ec2types.SecurityGroup
	for _, id := range out.Groups {
		got, err := c.reader.securityGroups.Get(ctx, reads.ByID+id, prefixed(reads.ByID, out.Groups)...)
		if err != nil {
			return out, err
		}
		groups = append(groups, got...)
	}
	out.Rules = groupTopology(groups)
	return out, nil
}

func prefixed(with string, all []string) []string {
	out := slices.Clone(all)
	for i := range out {
		out[i] = with + out[i]
	}
	return out
}

// gatewayTopology is what the load balancer's health checks find.
func (c *client) gatewayTopology(ctx context.Context, f *front) *serving.GatewayTopology {
	if f == nil {
		return nil
	}
	out := &serving.GatewayTopology{}
	unread := func(err error) *serving.GatewayTopology {
		out.Unread = "the targets of the load balancer were not read: " + explain(err).Error()
		return out
	}
	groups, err := c.reader.targetGroups.Get(ctx, all)
	if err != nil {
		return unread(err)
	}
	for _, g := range groups {
		if !slices.Contains(g.LoadBalancerArns, aws.ToString(f.LoadBalancerArn)) {
			continue
		}
		targets, err := c.reader.reach.health.Get(ctx, aws.ToString(g.TargetGroupArn))
		if err != nil {
			return unread(err)
		}
		for _, t := range targets {
			out.Nodes++
			if t.TargetHealth == nil {
				continue
			}
			switch t.TargetHealth.State {
			case elbtypes.TargetHealthStateEnumHealthy:
				out.Healthy++
			case elbtypes.TargetHealthStateEnumInitial:
				out.Waiting++
			default:
				out.Reason = strings.TrimSpace(string(t.TargetHealth.Reason) + " " + aws.ToString(t.TargetHealth.Description))
			}
		}
	}
	return out
}
