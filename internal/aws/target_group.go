package aws

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// targetGroups hold the nodes at the gateway's node port. A target group serves
// one load balancer, so a new load balancer has a new one.
type targetGroups struct {
	*client
	owner owner
	// names are the names that the stack's target groups can have.
	names []string
}

type targetGroupSpec struct {
	Name, VPC  string
	Port       int32
	HealthPath string
	Attributes map[string]string
}

type targetGroupLive struct {
	elbtypes.TargetGroup
	Tags, Attributes map[string]string
}

var (
	_ stack.Kind[targetGroupSpec, targetGroupLive] = targetGroups{}
	_ stack.Replacer                               = targetGroups{}
)

// Replaceable is true because the name holds the scheme of the load balancer.
func (k targetGroups) Replaceable() {}

func (k targetGroups) Find(ctx context.Context, object string) ([]*targetGroupLive, error) {
	all, err := k.reader.targetGroups.Get(ctx, all)
	if err != nil {
		return nil, err
	}
	var out []*targetGroupLive
	for _, tg := range all {
		if !slices.Contains(k.names, aws.ToString(tg.TargetGroupName)) {
			continue
		}
		tags, err := k.reader.elbTags.Get(ctx, aws.ToString(tg.TargetGroupArn))
		if isCode(err, "TargetGroupNotFound") {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := k.owner.claim(tags, object, aws.ToString(tg.TargetGroupArn), "target group "+aws.ToString(tg.TargetGroupName)); err != nil {
			return nil, err
		}
		attributes, err := k.elb.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: tg.TargetGroupArn})
		if isCode(err, "TargetGroupNotFound") {
			continue
		}
		if err != nil {
			return nil, err
		}
		live := &targetGroupLive{TargetGroup: tg, Tags: tags, Attributes: map[string]string{}}
		for _, a := range attributes.Attributes {
			live.Attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
		}
		out = append(out, live)
	}
	return out, nil
}

func (k targetGroups) ID(live *targetGroupLive) string { return aws.ToString(live.TargetGroupArn) }

func (k targetGroups) State(*targetGroupLive) stack.State { return stack.State{} }

// targetGroupDefaults are the attributes that the spec leaves as AWS makes them
// (ELBv2 API reference, TargetGroupAttribute). How long stickiness lasts means
// nothing while it is off.
var targetGroupDefaults = map[string]string{
	"load_balancing.algorithm.anomaly_mitigation":                                    "off",
	"load_balancing.cross_zone.enabled":                                              "use_load_balancer_configuration",
	"slow_start.duration_seconds":                                                    "0",
	"stickiness.enabled":                                                             "false",
	"target_group_health.dns_failover.minimum_healthy_targets.count":                 "1",
	"target_group_health.dns_failover.minimum_healthy_targets.percentage":            "off",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "1",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

// The health check: quick to take a node out, and as quick to take it back.
const (
	healthInterval = 10
	healthTimeout  = 5
	healthCount    = 2
)

func (k targetGroups) Diff(name string, want targetGroupSpec, live *targetGroupLive) []stack.Difference {
	diffs := fixed("name", aws.ToString(live.TargetGroupName), want.Name)
	diffs = append(diffs, fixed("vpc", aws.ToString(live.VpcId), want.VPC)...)
	diffs = append(diffs, fixed("port", aws.ToInt32(live.Port), want.Port)...)
	diffs = append(diffs, fixed("protocol", live.Protocol, elbtypes.ProtocolEnumHttp)...)
	diffs = append(diffs, fixed("target type", live.TargetType, elbtypes.TargetTypeEnumInstance)...)
	if live.ProtocolVersion != nil {
		diffs = append(diffs, fixed("protocol version", *live.ProtocolVersion, "HTTP1")...)
	}
	diffs = append(diffs, same("health check enabled", aws.ToBool(live.HealthCheckEnabled), true)...)
	diffs = append(diffs, same("health check protocol", live.HealthCheckProtocol, elbtypes.ProtocolEnumHttp)...)
	diffs = append(diffs, same("health check port", aws.ToString(live.HealthCheckPort), "traffic-port")...)
	diffs = append(diffs, same("health check path", aws.ToString(live.HealthCheckPath), want.HealthPath)...)
	diffs = append(diffs, same("health check interval", aws.ToInt32(live.HealthCheckIntervalSeconds), healthInterval)...)
	diffs = append(diffs, same("health check timeout", aws.ToInt32(live.HealthCheckTimeoutSeconds), healthTimeout)...)
	diffs = append(diffs, same("healthy threshold", aws.ToInt32(live.HealthyThresholdCount), healthCount)...)
	diffs = append(diffs, same("unhealthy threshold", aws.ToInt32(live.UnhealthyThresholdCount), healthCount)...)
	if live.Matcher != nil {
		diffs = append(diffs, same("health check codes", aws.ToString(live.Matcher.HttpCode), "200")...)
	}
	diffs = append(diffs, sameAttributes(live.Attributes, want.Attributes, targetGroupDefaults)...)
	return append(diffs, k.owner.differ(name, live.Tags)...)
}

func (k targetGroups) Create(ctx context.Context, object string, want targetGroupSpec, _ string) error {
	_, err := k.elb.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: &want.Name, VpcId: &want.VPC, Port: &want.Port, Protocol: elbtypes.ProtocolEnumHttp, ProtocolVersion: aws.String("HTTP1"),
		TargetType: elbtypes.TargetTypeEnumInstance, Tags: toELB(k.owner.mark(object)),
		HealthCheckEnabled: aws.Bool(true), HealthCheckProtocol: elbtypes.ProtocolEnumHttp, HealthCheckPort: aws.String("traffic-port"), HealthCheckPath: &want.HealthPath,
		HealthCheckIntervalSeconds: aws.Int32(healthInterval), HealthCheckTimeoutSeconds: aws.Int32(healthTimeout),
		HealthyThresholdCount: aws.Int32(healthCount), UnhealthyThresholdCount: aws.Int32(healthCount), Matcher: &elbtypes.Matcher{HttpCode: aws.String("200")},
	})
	return err
}

func (k targetGroups) Update(ctx context.Context, object string, want targetGroupSpec, live *targetGroupLive, diffs []stack.Difference) error {
	if has(diffs, "health check ", "healthy threshold", "unhealthy threshold") {
		_, err := k.elb.ModifyTargetGroup(ctx, &elb.ModifyTargetGroupInput{
			TargetGroupArn: live.TargetGroupArn, HealthCheckEnabled: aws.Bool(true), HealthCheckProtocol: elbtypes.ProtocolEnumHttp,
			HealthCheckPort: aws.String("traffic-port"), HealthCheckPath: &want.HealthPath,
			HealthCheckIntervalSeconds: aws.Int32(healthInterval), HealthCheckTimeoutSeconds: aws.Int32(healthTimeout),
			HealthyThresholdCount: aws.Int32(healthCount), UnhealthyThresholdCount: aws.Int32(healthCount), Matcher: &elbtypes.Matcher{HttpCode: aws.String("200")},
		})
		if err != nil {
			return err
		}
	}
	if has(diffs, "attribute ") {
		var attributes []elbtypes.TargetGroupAttribute
		set := changed(diffs)
		for _, key := range slices.Sorted(maps.Keys(set)) {
			attributes = append(attributes, elbtypes.TargetGroupAttribute{Key: aws.String(key), Value: aws.String(set[key])})
		}
		if _, err := k.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: live.TargetGroupArn, Attributes: attributes}); err != nil {
			return err
		}
	}
	return k.retagELB(ctx, k.owner, object, aws.ToString(live.TargetGroupArn), live.Tags)
}

func (k targetGroups) Delete(ctx context.Context, live *targetGroupLive) error {
	_, err := k.elb.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: live.TargetGroupArn})
	return k.blocked(ctx, absent(err, "TargetGroupNotFound"), "", "")
}
