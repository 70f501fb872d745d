package aws_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func (w *world) balancer(name string) string {
	w.t.Helper()
	return *do(w, w.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{Name: &name, Subnets: w.public}).LoadBalancers[0].LoadBalancerArn
}

func (w *world) targetGroup(name string) string {
	w.t.Helper()
	in := &elb.CreateTargetGroupInput{Name: &name, Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(80)), VpcId: &w.vpc, TargetType: elbtypes.TargetTypeEnumIp}
	return *do(w, w.elb.CreateTargetGroup, in).TargetGroups[0].TargetGroupArn
}

func forward(arn string) []elbtypes.Action {
	return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &arn}}
}

func fixed(status string) []elbtypes.Action {
	return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{StatusCode: &status}}}
}

func (w *world) listener(lb string, port int32, actions []elbtypes.Action) string {
	w.t.Helper()
	in := &elb.CreateListenerInput{LoadBalancerArn: &lb, Port: &port, Protocol: elbtypes.ProtocolEnumHttp, DefaultActions: actions}
	return *do(w, w.elb.CreateListener, in).Listeners[0].ListenerArn
}

func TestLoadBalancerLifecycle(t *testing.T) {
	t.Parallel()
	w, clock := slow(t)
	w.network()
	in := &elb.CreateLoadBalancerInput{Name: new("lb"), Subnets: w.public, Tags: []elbtypes.Tag{{Key: new("k"), Value: new("v")}}}
	lb := do(w, w.elb.CreateLoadBalancer, in).LoadBalancers[0]
	if lb.State.Code != elbtypes.LoadBalancerStateEnumProvisioning || !strings.HasSuffix(*lb.DNSName, ".eu-west-1.elb.amazonaws.com") || *lb.CanonicalHostedZoneId != "Z32O12XQLNTSW2" {
		t.Errorf("load balancer: %+v", lb)
	}
	if again := do(w, w.elb.CreateLoadBalancer, in).LoadBalancers[0]; *again.LoadBalancerArn != *lb.LoadBalancerArn {
		t.Errorf("the same create made %s", *again.LoadBalancerArn)
	}
	refused(w, w.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{Name: new("lb"), Subnets: w.public, Scheme: elbtypes.LoadBalancerSchemeEnumInternal}, "DuplicateLoadBalancerName", "different settings")
	clock.advance(3 * time.Minute)
	described := do(w, w.elb.DescribeLoadBalancers, &elb.DescribeLoadBalancersInput{Names: []string{"lb"}}).LoadBalancers[0]
	if described.State.Code != elbtypes.LoadBalancerStateEnumActive {
		t.Errorf("state: %s", described.State.Code)
	}
	do(w, w.elb.ModifyLoadBalancerAttributes, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: []elbtypes.LoadBalancerAttribute{
		{Key: new("deletion_protection.enabled"), Value: new("true")}, {Key: new("idle_timeout.timeout_seconds"), Value: new("4000")},
	}})
	for key, value := range map[string]string{"idle_timeout.timeout_seconds": "4001", "routing.http2.enabled": "yes", "no.such.key": "1"} {
		refused(w, w.elb.ModifyLoadBalancerAttributes, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: []elbtypes.LoadBalancerAttribute{{Key: &key, Value: &value}}}, "ValidationError", key)
	}
	refused(w, w.elb.DeleteLoadBalancer, &elb.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn}, "OperationNotPermitted", "deletion protection")
	do(w, w.elb.ModifyLoadBalancerAttributes, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: []elbtypes.LoadBalancerAttribute{{Key: new("deletion_protection.enabled"), Value: new("false")}}})
	listener := w.listener(*lb.LoadBalancerArn, 80, fixed("404"))
	for range 2 {
		do(w, w.elb.DeleteLoadBalancer, &elb.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
	}
	refused(w, w.elb.DescribeListeners, &elb.DescribeListenersInput{ListenerArns: []string{listener}}, "ListenerNotFound", "")
	refused(w, w.elb.DescribeLoadBalancers, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{*lb.LoadBalancerArn}}, "LoadBalancerNotFound", "")
	// The interfaces stay for a while and hold the subnet.
	refused(w, w.ec2.DeleteSubnet, &ec2.DeleteSubnetInput{SubnetId: &w.public[1]}, "DependencyViolation", "")
	clock.advance(time.Minute)
	do(w, w.ec2.DeleteSubnet, &ec2.DeleteSubnetInput{SubnetId: &w.public[1]})
}

func TestLoadBalancerIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	other := *do(w, w.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: new("10.9.0.0/16")}).Vpc.VpcId
	foreign := []string{w.subnet(other, "10.9.0.0/24", "eu-west-1a"), w.subnet(other, "10.9.1.0/24", "eu-west-1b")}
	group := *do(w, w.ec2.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{GroupName: new("g"), Description: new("d"), VpcId: &other}).GroupId
	for name, tc := range map[string]struct {
		change        func(in *elb.CreateLoadBalancerInput)
		code, message string
	}{
		"long name":      {func(in *elb.CreateLoadBalancerInput) { in.Name = new(strings.Repeat("a", 33)) }, "ValidationError", "32"},
		"internal- name": {func(in *elb.CreateLoadBalancerInput) { in.Name = new("internal-x") }, "ValidationError", "internal-"},
		"hyphen":         {func(in *elb.CreateLoadBalancerInput) { in.Name = new("x-") }, "ValidationError", "hyphen"},
		"underscore":     {func(in *elb.CreateLoadBalancerInput) { in.Name = new("a_b") }, "ValidationError", "alphanumeric"},
		"network":        {func(in *elb.CreateLoadBalancerInput) { in.Type = elbtypes.LoadBalancerTypeEnumNetwork }, "ValidationError", "application"},
		"one subnet":     {func(in *elb.CreateLoadBalancerInput) { in.Subnets = w.public[:1] }, "ValidationError", "two different Availability Zones"},
		"one zone":       {func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{w.public[0], w.private[0]} }, "InvalidConfigurationRequest", "same Availability Zone"},
		"missing subnet": {func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{w.public[0], "subnet-0123456789abcdef0"} }, "SubnetNotFound", ""},
		"no gateway":     {func(in *elb.CreateLoadBalancerInput) { in.Subnets = foreign }, "InvalidSubnet", "has no internet gateway"},
		"foreign group":  {func(in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{group} }, "InvalidConfigurationRequest", "security groups are invalid"},
		"missing group":  {func(in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-0123456789abcdef0"} }, "InvalidSecurityGroup", ""},
		"dualstack":      {func(in *elb.CreateLoadBalancerInput) { in.IpAddressType = elbtypes.IpAddressTypeDualstack }, "InvalidSubnet", "IPv6"},
		"tag twice":      {func(in *elb.CreateLoadBalancerInput) { in.Tags = []elbtypes.Tag{{Key: new("k")}, {Key: new("k")}} }, "DuplicateTagKeys", ""},
	} {
		in := &elb.CreateLoadBalancerInput{Name: new("x"), Subnets: slices.Clone(w.public)}
		tc.change(in)
		t.Run(name, func(t *testing.T) {
			refused(&world{t: t}, w.elb.CreateLoadBalancer, in, tc.code, tc.message)
		})
	}
	internal := do(w, w.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{Name: new("x"), Subnets: foreign, Scheme: elbtypes.LoadBalancerSchemeEnumInternal}).LoadBalancers[0]
	if !strings.HasPrefix(*internal.DNSName, "internal-x-") {
		t.Errorf("DNS name: %s", *internal.DNSName)
	}
}

func TestTargetGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	for name, tc := range map[string]struct {
		change  func(in *elb.CreateTargetGroupInput)
		message string
	}{
		"VPC":      {func(in *elb.CreateTargetGroupInput) { in.VpcId = new("vpc-0123456789abcdef0") }, "is not found"},
		"protocol": {func(in *elb.CreateTargetGroupInput) { in.Protocol = elbtypes.ProtocolEnumTcp }, "not supported"},
		"interval": {func(in *elb.CreateTargetGroupInput) {
			in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds = new(int32(10)), new(int32(10))
		}, "greater than the timeout"},
		"path":     {func(in *elb.CreateTargetGroupInput) { in.HealthCheckPath = new("health") }, "begin with a '/'"},
		"matcher":  {func(in *elb.CreateTargetGroupInput) { in.Matcher = &elbtypes.Matcher{HttpCode: new("200-599")} }, "range"},
		"disabled": {func(in *elb.CreateTargetGroupInput) { in.HealthCheckEnabled = new(false) }, "must be true"},
		"version":  {func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = new("HTTP3") }, "HTTP1, HTTP2, GRPC"},
	} {
		in := &elb.CreateTargetGroupInput{Name: new("x"), Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(80)), VpcId: &w.vpc}
		tc.change(in)
		t.Run(name, func(t *testing.T) {
			refused(&world{t: t}, w.elb.CreateTargetGroup, in, "ValidationError", tc.message)
		})
	}
	tg := w.targetGroup("t")
	if w.targetGroup("t") != tg {
		t.Error("the same create made another group")
	}
	refused(w, w.elb.CreateTargetGroup, &elb.CreateTargetGroupInput{Name: new("t"), Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(81)), VpcId: &w.vpc}, "DuplicateTargetGroupName", "")
	do(w, w.elb.ModifyTargetGroup, &elb.ModifyTargetGroupInput{TargetGroupArn: &tg, HealthCheckPath: new("/ready")})
	attribute := func(key, value string) *elb.ModifyTargetGroupAttributesInput {
		return &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &tg, Attributes: []elbtypes.TargetGroupAttribute{{Key: &key, Value: &value}}}
	}
	do(w, w.elb.ModifyTargetGroupAttributes, attribute("load_balancing.algorithm.type", "least_outstanding_requests"))
	refused(w, w.elb.ModifyTargetGroupAttributes, attribute("slow_start.duration_seconds", "60"), "InvalidConfigurationRequest", "Slow start")
	refused(w, w.elb.RegisterTargets, &elb.RegisterTargetsInput{TargetGroupArn: &tg, Targets: []elbtypes.TargetDescription{{Id: new("8.8.8.8"), AvailabilityZone: new("all")}}}, "ValidationError", "private range")
	do(w, w.elb.RegisterTargets, &elb.RegisterTargetsInput{TargetGroupArn: &tg, Targets: []elbtypes.TargetDescription{{Id: new("10.0.0.50")}}})
	health := func() elbtypes.TargetHealth {
		return *do(w, w.elb.DescribeTargetHealth, &elb.DescribeTargetHealthInput{TargetGroupArn: &tg}).TargetHealthDescriptions[0].TargetHealth
	}
	if h := health(); h.State != elbtypes.TargetHealthStateEnumUnused {
		t.Errorf("health without a listener: %+v", h)
	}
	lb, second := w.balancer("a"), w.balancer("b")
	listener := w.listener(lb, 80, forward(tg))
	if h := health(); h.State != elbtypes.TargetHealthStateEnumUnhealthy {
		t.Errorf("health: %+v", h)
	}
	shown := do(w, w.elb.DescribeTargetGroups, &elb.DescribeTargetGroupsInput{LoadBalancerArn: &lb}).TargetGroups
	if len(shown) != 1 || !slices.Equal(shown[0].LoadBalancerArns, []string{lb}) || *shown[0].HealthCheckPath != "/ready" {
		t.Errorf("target groups: %+v", shown)
	}
	refused(w, w.elb.CreateListener, &elb.CreateListenerInput{LoadBalancerArn: &second, Port: new(int32(80)), Protocol: elbtypes.ProtocolEnumHttp, DefaultActions: forward(tg)}, "TargetGroupAssociationLimit", "")
	refused(w, w.elb.DeleteTargetGroup, &elb.DeleteTargetGroupInput{TargetGroupArn: &tg}, "ResourceInUse", "in use")
	do(w, w.elb.DeleteListener, &elb.DeleteListenerInput{ListenerArn: &listener})
	for range 2 {
		do(w, w.elb.DeleteTargetGroup, &elb.DeleteTargetGroupInput{TargetGroupArn: &tg})
	}
}
