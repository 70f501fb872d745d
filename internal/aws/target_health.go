package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

const (
	// deregistrationDelay is how long requests that are under way may go on when
	// their node leaves.
	deregistrationDelay = 2 * time.Minute
	// drainMargin is what the cloud takes longer to say so.
	drainMargin = 30 * time.Second
	// healthDeadline is far beyond what nodes need that answered the old load
	// balancer's checks a moment ago.
	healthDeadline = 10 * time.Minute
)

// healthyTargets adds the gate before a cut-over: the nodes that answer the old
// load balancer answer the new one too. Where nothing is replaced it asks nobody.
func (c *client) healthyTargets(s *clusterStack, after ...stack.Node) *stack.Gate {
	// That an earlier load balancer is still there is said of that.
	look := func(context.Context) ([]stack.Difference, error) { return nil, nil }
	return stack.AddGate(s.Stack, "targets_healthy", look, func(ctx context.Context) error {
		if !s.replaced() {
			return nil
		}
		s.tell(ctx, "waiting until the nodes answer the new load balancer", healthDeadline)
		return c.awaitHealth(ctx, s)
	}, append(after, s.loadBalancer, s.targetGroup)...)
}

func (c *client) awaitHealth(ctx context.Context, s *clusterStack) error {
	missing := ""
	err := c.poll.Until(ctx, func(elapsed time.Duration) (bool, error) {
		now, err := c.targetStates(ctx, s.targetGroup.ID())
		if err != nil {
			return false, err
		}
		before := map[string]string{}
		for _, old := range s.oldTargetGroups() {
			states, err := c.targetStates(ctx, old)
			if err != nil {
				return false, err
			}
			maps.Copy(before, states)
		}
		nodes, err := c.nodes(ctx, s)
		if err != nil {
			return false, err
		}
		missing = lacks(now, before, nodes, !s.spec.Gateway.Disabled)
		if missing != "" && elapsed > healthDeadline {
			return false, fmt.Errorf("after %s %s; the old load balancer still serves, and the next apply goes on", healthDeadline, missing)
		}
		return missing == "", nil
	})
	if err != nil && ctx.Err() != nil && missing != "" {
		return fmt.Errorf("%s: %w", missing, err)
	}
	return err
}

// healthyState is how a target that answers its checks is told.
const healthyState = string(elbtypes.TargetHealthStateEnumHealthy)

// nodes are the instances of the node groups that stay.
func (c *client) nodes(ctx context.Context, s *clusterStack) ([]string, error) {
	var groups []string
	for _, pool := range s.pools {
		if live := pool.Live(); live != nil {
			groups = append(groups, scalingGroups(live)...)
		}
	}
	if len(groups) == 0 {
		return nil, nil
	}
	found, err := c.describeScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: groups})
	var nodes []string
	for _, g := range found {
		for _, i := range g.Instances {
			nodes = append(nodes, aws.ToString(i.InstanceId))
		}
	}
	return nodes, err
}

// lacks says what a new target group lacks that the old one has: each node that
// stays and is healthy there must be so here. With a gateway there is one at
// least; without, nobody may be listening yet.
func lacks(now, before map[string]string, nodes []string, atLeastOne bool) string {
	healthy := 0
	for _, state := range now {
		if state == healthyState {
			healthy++
		}
	}
	var waits []string
	for id, state := range before {
		if state == healthyState && now[id] != healthyState && slices.Contains(nodes, id) {
			said := now[id]
			if said == "" {
				said = "not registered"
			}
			waits = append(waits, id+" is "+said)
		}
	}
	slices.Sort(waits)
	switch {
	case len(waits) > 0:
		return "nodes do not answer the new load balancer: " + strings.Join(waits, ", ")
	case atLeastOne && healthy == 0:
		return "no node answers the new load balancer"
	}
	return ""
}

// targetStates reads how each node of a target group is, by its instance's id. A
// group that is gone has none.
func (c *client) targetStates(ctx context.Context, arn string) (map[string]string, error) {
	out, err := c.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
	if err != nil {
		return nil, absent(err, "TargetGroupNotFound")
	}
	states := map[string]string{}
	for _, d := range out.TargetHealthDescriptions {
		if d.Target == nil || d.TargetHealth == nil {
			continue
		}
		state := string(d.TargetHealth.State)
		if why := string(d.TargetHealth.Reason); why != "" {
			state += " (" + why + ")"
		}
		states[aws.ToString(d.Target.Id)] = state
	}
	return states, nil
}

// oldTargetGroups are those of load balancers that were replaced.
func (s *clusterStack) oldTargetGroups() []string {
	var out []string
	for _, group := range s.targetGroup.All() {
		if arn := aws.ToString(group.TargetGroupArn); arn != s.targetGroup.ID() {
			out = append(out, arn)
		}
	}
	return out
}

// drainTargets adds the wait for requests that are under way: nodes leave the old
// target group and finish what they were asked through it. A load balancer that
// is deleted would cut them off.
func (c *client) drainTargets(s *clusterStack, after ...stack.Node) *stack.Drain {
	return stack.AddDrain(s.Stack, "drain/requests", func(ctx context.Context) error {
		if !s.replaced() {
			return nil
		}
		s.tell(ctx, "waiting for requests through the old load balancer", deregistrationDelay+drainMargin)
		return c.poll.Until(ctx, func(elapsed time.Duration) (bool, error) {
			left := 0
			for _, old := range s.oldTargetGroups() {
				states, err := c.targetStates(ctx, old)
				if err != nil {
					return false, err
				}
				if err := c.deregister(ctx, old, states); err != nil {
					return false, err
				}
				left += len(states)
			}
			return left == 0 || elapsed > deregistrationDelay+drainMargin, nil
		})
	}, after...)
}

// deregister makes all nodes leave a target group. Those whose Auto Scaling group
// was detached do so already; those of a node group that goes as well do not.
func (c *client) deregister(ctx context.Context, arn string, states map[string]string) error {
	var staying []elbtypes.TargetDescription
	for _, id := range slices.Sorted(maps.Keys(states)) {
		if !strings.HasPrefix(states[id], string(elbtypes.TargetHealthStateEnumDraining)) {
			staying = append(staying, elbtypes.TargetDescription{Id: &id})
		}
	}
	if len(staying) == 0 {
		return nil
	}
	_, err := c.elb.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &arn, Targets: staying})
	return absent(err, "TargetGroupNotFound", "InvalidTarget")
}
