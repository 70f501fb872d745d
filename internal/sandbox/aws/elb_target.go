package aws

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "RegisterTargets", (*call).elbRegisterTargets)
	handle("elasticloadbalancing", "DeregisterTargets", (*call).elbDeregisterTargets)
	handle("elasticloadbalancing", "DescribeTargetHealth", (*call).elbDescribeTargetHealth)
	onSettle("elb.target", func(c *call, id, to string) {
		arn, key, _ := strings.Cut(id, "|")
		tg := c.elb().TargetGroups[arn]
		if tg == nil || tg.Targets[key] == nil {
			return
		}
		target := tg.Targets[key]
		switch to {
		case "gone":
			if target.Health.State == elbtypes.TargetHealthStateEnumDraining {
				delete(tg.Targets, key)
			}
		case "unhealthy":
			// This is what holds while nothing answers health checks: see sandboxOwn.
			if target.Health.State == elbtypes.TargetHealthStateEnumInitial {
				target.Health = elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumUnhealthy, Reason: elbtypes.TargetHealthReasonEnumTimeout, Description: new("Request timed out")}
			}
		}
	})
}

func (c *call) elbRegisterTargets(in *elb.RegisterTargetsInput) (*elb.RegisterTargetsOutput, error) {
	tg, err := c.elbTargetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if err := c.elbCheckTarget(tg, t); err != nil {
			return nil, err
		}
	}
	added := 0
	for _, t := range in.Targets {
		if tg.Targets[elbTargetKey(tg, t)] == nil {
			added++
		}
	}
	if len(tg.Targets)+added > 1000 {
		return nil, apiError("TooManyTargets", "The maximum number of targets per target group is '1000'")
	}
	for _, t := range in.Targets {
		c.elbRegister(tg, t, "")
	}
	return &elb.RegisterTargetsOutput{}, nil
}

// elbRegister adds a target for a caller or, with a name, for an Auto Scaling group.
func (c *call) elbRegister(tg *elbTargetGroup, t elbtypes.TargetDescription, group string) {
	key := elbTargetKey(tg, t)
	if old := tg.Targets[key]; old != nil && old.Health.State != elbtypes.TargetHealthStateEnumDraining {
		return
	}
	if t.Port == nil {
		t.Port = tg.Port
	}
	check := *tg.HealthCheckPort
	if check == "traffic-port" {
		check = fmt.Sprint(*t.Port)
	}
	tg.Targets[key] = &elbTarget{
		Target: t, HealthCheckPort: check, Group: group,
		Health: elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumInitial, Reason: elbtypes.TargetHealthReasonEnumRegistrationInProgress, Description: new("Target registration is in progress")},
	}
	c.after("elb.target.register", transition{Kind: "elb.target", ID: *tg.TargetGroupArn + "|" + key, To: "unhealthy"})
}

// elbDeregister drains a target.
func (c *call) elbDeregister(tg *elbTargetGroup, key string) {
	target := tg.Targets[key]
	if target == nil || target.Health.State == elbtypes.TargetHealthStateEnumDraining {
		return
	}
	if tg.Attributes["deregistration_delay.timeout_seconds"] == "0" || len(c.elb().elbUsers()[*tg.TargetGroupArn]) == 0 {
		delete(tg.Targets, key)
		return
	}
	target.Health = elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumDraining, Reason: elbtypes.TargetHealthReasonEnumDeregistrationInProgress, Description: new("Target deregistration is in progress")}
	c.after("elb.target.deregister", transition{Kind: "elb.target", ID: *tg.TargetGroupArn + "|" + key, To: "gone"})
}

func elbTargetKey(tg *elbTargetGroup, t elbtypes.TargetDescription) string {
	port := *tg.Port
	if t.Port != nil {
		port = *t.Port
	}
	return fmt.Sprintf("%s:%d", sdkaws.ToString(t.Id), port)
}

// elbPrivate are the ranges outside the VPC that ip targets may come from (RegisterTargets, RFC 1918 and RFC 6598).
var elbPrivate = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
}

func (c *call) elbCheckTarget(tg *elbTargetGroup, t elbtypes.TargetDescription) error {
	id := sdkaws.ToString(t.Id)
	if t.QuicServerId != nil {
		return apiError("ValidationError", "A QUIC server ID can only be specified for QUIC target groups")
	}
	if tg.TargetType == elbtypes.TargetTypeEnumInstance {
		if t.AvailabilityZone != nil {
			return apiError("ValidationError", "You cannot specify an Availability Zone for targets of type 'instance'")
		}
		vpc := c.autoscalingInstanceVPC(id)
		if vpc == "" {
			return apiError("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", id)
		}
		if vpc != *tg.VpcId {
			return apiError("InvalidTarget", "The following targets are not in the target group VPC '%s': '%s'", *tg.VpcId, id)
		}
		return nil
	}
	addr, err := netip.ParseAddr(id)
	if err != nil {
		return apiError("ValidationError", "The IP address '%s' is not a valid IPv4 or IPv6 address", id)
	}
	vpc := c.region().VPCs[*tg.VpcId]
	if vpc == nil {
		return apiError("InvalidTarget", "The VPC '%s' of the target group does not exist", *tg.VpcId)
	}
	for _, block := range vpc.CidrBlockAssociationSet {
		if p, err := netip.ParsePrefix(sdkaws.ToString(block.CidrBlock)); err == nil && p.Contains(addr) {
			return nil
		}
	}
	for _, block := range vpc.Ipv6CidrBlockAssociationSet {
		if p, err := netip.ParsePrefix(sdkaws.ToString(block.Ipv6CidrBlock)); err == nil && p.Contains(addr) {
			return nil
		}
	}
	if sdkaws.ToString(t.AvailabilityZone) != "all" {
		return apiError("ValidationError", "You must specify an Availability Zone of 'all' for IP addresses outside the VPC: '%s'", id)
	}
	if !slices.ContainsFunc(elbPrivate, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return apiError("ValidationError", "The IP address '%s' is not within a private range", id)
	}
	return nil
}

func (c *call) elbDeregisterTargets(in *elb.DeregisterTargetsInput) (*elb.DeregisterTargetsOutput, error) {
	tg, err := c.elbTargetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if t.Port != nil {
			c.elbDeregister(tg, elbTargetKey(tg, t))
			continue
		}
		// Without a port, all ports of the target go.
		for key, have := range tg.Targets {
			if sdkaws.ToString(have.Target.Id) == sdkaws.ToString(t.Id) {
				c.elbDeregister(tg, key)
			}
		}
	}
	return &elb.DeregisterTargetsOutput{}, nil
}

func (c *call) elbDescribeTargetHealth(in *elb.DescribeTargetHealthInput) (*elb.DescribeTargetHealthOutput, error) {
	tg, err := c.elbTargetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	used := len(c.elb().elbUsers()[*tg.TargetGroupArn]) > 0
	out := &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: []elbtypes.TargetHealthDescription{}}
	found := c.elbHealth(tg)
	show := func(key string) {
		t, health := tg.Targets[key], found[key]
		if !used {
			health = elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumUnused, Reason: elbtypes.TargetHealthReasonEnumNotInUse, Description: new("Target group is not configured to receive traffic from the load balancer")}
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbtypes.TargetHealthDescription{Target: &t.Target, TargetHealth: &health, HealthCheckPort: new(t.HealthCheckPort)})
	}
	if len(in.Targets) > 0 {
		for _, t := range in.Targets {
			if key := elbTargetKey(tg, t); tg.Targets[key] != nil {
				show(key)
				continue
			}
			t.Port = cmp.Or(t.Port, tg.Port)
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbtypes.TargetHealthDescription{Target: &t, TargetHealth: &elbtypes.TargetHealth{
				State: elbtypes.TargetHealthStateEnumUnused, Reason: elbtypes.TargetHealthReasonEnumNotRegistered, Description: new("Target is not registered to the target group"),
			}})
		}
		return out, nil
	}
	for _, key := range sortedKeys(tg.Targets) {
		show(key)
	}
	return out, nil
}
