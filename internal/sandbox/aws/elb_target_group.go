package aws

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "CreateTargetGroup", (*call).elbCreateTargetGroup)
	handle("elasticloadbalancing", "DescribeTargetGroups", (*call).elbDescribeTargetGroups)
	handle("elasticloadbalancing", "ModifyTargetGroup", (*call).elbModifyTargetGroup)
	handle("elasticloadbalancing", "DeleteTargetGroup", (*call).elbDeleteTargetGroup)
}

func (c *call) elbCreateTargetGroup(in *elb.CreateTargetGroupInput) (*elb.CreateTargetGroupOutput, error) {
	if err := elbName("Target group", sdkaws.ToString(in.Name)); err != nil {
		return nil, err
	}
	tags, err := elbTagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	tg := &elbTargetGroup{Tags: tags, Attributes: elbDefaults(elbTargetGroupAttributes), Targets: map[string]*elbTarget{}}
	tg.TargetGroupName = in.Name
	tg.TargetType = cmp.Or(in.TargetType, elbtypes.TargetTypeEnumInstance)
	if tg.TargetType != elbtypes.TargetTypeEnumInstance && tg.TargetType != elbtypes.TargetTypeEnumIp {
		return nil, apiError("ValidationError", "The sandbox has target groups of type 'instance' and 'ip' only, not '%s'", tg.TargetType)
	}
	switch in.Protocol {
	case elbtypes.ProtocolEnumHttp, elbtypes.ProtocolEnumHttps:
		tg.Protocol = in.Protocol
	case "":
		return nil, apiError("ValidationError", "A protocol must be specified")
	default:
		return nil, apiError("ValidationError", "Protocol '%s' is not supported for target groups of application load balancers", in.Protocol)
	}
	tg.ProtocolVersion = new(cmp.Or(sdkaws.ToString(in.ProtocolVersion), "HTTP1"))
	if !slices.Contains([]string{"HTTP1", "HTTP2", "GRPC"}, *tg.ProtocolVersion) {
		return nil, apiError("ValidationError", "Protocol version '%s' must be one of 'HTTP1, HTTP2, GRPC'", *tg.ProtocolVersion)
	}
	if in.Port == nil {
		return nil, apiError("ValidationError", "A port must be specified")
	}
	tg.Port, tg.TargetControlPort = in.Port, in.TargetControlPort
	if in.VpcId == nil {
		return nil, apiError("ValidationError", "A VPC ID must be specified")
	}
	if c.region().VPCs[*in.VpcId] == nil {
		return nil, apiError("ValidationError", "The VPC ID '%s' is not found", *in.VpcId)
	}
	tg.VpcId = in.VpcId
	tg.IpAddressType = cmp.Or(in.IpAddressType, elbtypes.TargetGroupIpAddressTypeEnumIpv4)
	tg.HealthCheckProtocol = elbtypes.ProtocolEnumHttp
	tg.HealthCheckPort = new("traffic-port")
	tg.HealthCheckEnabled = new(true)
	tg.HealthCheckIntervalSeconds, tg.HealthCheckTimeoutSeconds = new(int32(30)), new(int32(5))
	tg.HealthyThresholdCount, tg.UnhealthyThresholdCount = new(int32(5)), new(int32(2))
	tg.HealthCheckPath, tg.Matcher = new("/"), &elbtypes.Matcher{HttpCode: new("200")}
	if *tg.ProtocolVersion == "GRPC" {
		tg.HealthCheckPath, tg.Matcher = new("/AWS.ALB/healthcheck"), &elbtypes.Matcher{GrpcCode: new("12")}
	}
	if err := elbHealthCheck(&tg.TargetGroup, &elb.ModifyTargetGroupInput{
		HealthCheckEnabled: in.HealthCheckEnabled, HealthCheckIntervalSeconds: in.HealthCheckIntervalSeconds, HealthCheckPath: in.HealthCheckPath,
		HealthCheckPort: in.HealthCheckPort, HealthCheckProtocol: in.HealthCheckProtocol, HealthCheckTimeoutSeconds: in.HealthCheckTimeoutSeconds,
		HealthyThresholdCount: in.HealthyThresholdCount, Matcher: in.Matcher, UnhealthyThresholdCount: in.UnhealthyThresholdCount,
	}); err != nil {
		return nil, err
	}
	for _, other := range c.elb().TargetGroups {
		if *other.TargetGroupName != *in.Name {
			continue
		}
		if !elbSameTargetGroup(tg, other) {
			return nil, apiError("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", *in.Name)
		}
		return &elb.CreateTargetGroupOutput{TargetGroups: c.elbShowTargetGroups(other)}, nil
	}
	if len(c.elb().TargetGroups) >= c.quota("elb.target_groups") {
		return nil, apiError("TooManyTargetGroups", "The maximum number of target groups has been reached")
	}
	arn := c.arn("elasticloadbalancing", "targetgroup/"+*in.Name+"/"+c.newHex(16))
	tg.TargetGroupArn = new(arn)
	tg.Serial = c.cloud.state.Counter
	c.elb().TargetGroups[arn] = tg
	return &elb.CreateTargetGroupOutput{TargetGroups: c.elbShowTargetGroups(tg)}, nil
}

func elbSameTargetGroup(want, have *elbTargetGroup) bool {
	a, b := want.TargetGroup, have.TargetGroup
	str, num := sdkaws.ToString, sdkaws.ToInt32
	return a.Protocol == b.Protocol && num(a.Port) == num(b.Port) && str(a.VpcId) == str(b.VpcId) && a.TargetType == b.TargetType &&
		str(a.ProtocolVersion) == str(b.ProtocolVersion) && a.IpAddressType == b.IpAddressType && num(a.TargetControlPort) == num(b.TargetControlPort) &&
		a.HealthCheckProtocol == b.HealthCheckProtocol && str(a.HealthCheckPort) == str(b.HealthCheckPort) && str(a.HealthCheckPath) == str(b.HealthCheckPath) &&
		num(a.HealthCheckIntervalSeconds) == num(b.HealthCheckIntervalSeconds) && num(a.HealthCheckTimeoutSeconds) == num(b.HealthCheckTimeoutSeconds) &&
		num(a.HealthyThresholdCount) == num(b.HealthyThresholdCount) && num(a.UnhealthyThresholdCount) == num(b.UnhealthyThresholdCount) &&
		str(a.Matcher.HttpCode) == str(b.Matcher.HttpCode) && str(a.Matcher.GrpcCode) == str(b.Matcher.GrpcCode) && maps.Equal(want.Tags, have.Tags)
}

var elbMatcher = regexp.MustCompile(`^\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*$`)

// elbHealthCheck applies the health check members of a request to a group and checks the outcome as a whole.
func elbHealthCheck(tg *elbtypes.TargetGroup, in *elb.ModifyTargetGroupInput) error {
	if in.HealthCheckEnabled != nil && !*in.HealthCheckEnabled {
		return apiError("ValidationError", "Health check enabled must be true for target groups with target type '%s'", tg.TargetType)
	}
	if in.HealthCheckProtocol != "" {
		if in.HealthCheckProtocol != elbtypes.ProtocolEnumHttp && in.HealthCheckProtocol != elbtypes.ProtocolEnumHttps {
			return apiError("ValidationError", "Health check protocol '%s' is not supported for target groups with the protocol '%s'", in.HealthCheckProtocol, tg.Protocol)
		}
		tg.HealthCheckProtocol = in.HealthCheckProtocol
	}
	if in.HealthCheckPort != nil {
		if port, err := strconv.Atoi(*in.HealthCheckPort); *in.HealthCheckPort != "traffic-port" && (err != nil || port < 1 || port > 65535) {
			return apiError("ValidationError", "Health check port '%s' must be 'traffic-port' or a number between 1 and 65535", *in.HealthCheckPort)
		}
		tg.HealthCheckPort = in.HealthCheckPort
	}
	if in.HealthCheckPath != nil {
		if !strings.HasPrefix(*in.HealthCheckPath, "/") || strings.ContainsAny(*in.HealthCheckPath, " \t\r\n") {
			return apiError("ValidationError", "Health check path '%s' must begin with a '/' character and have no spaces", *in.HealthCheckPath)
		}
		tg.HealthCheckPath = in.HealthCheckPath
	}
	for _, field := range []struct {
		name      string
		from      *int32
		to        **int32
		low, high int32
	}{
		{"interval", in.HealthCheckIntervalSeconds, &tg.HealthCheckIntervalSeconds, 5, 300},
		{"timeout", in.HealthCheckTimeoutSeconds, &tg.HealthCheckTimeoutSeconds, 2, 120},
		{"healthy threshold count", in.HealthyThresholdCount, &tg.HealthyThresholdCount, 2, 10},
		{"unhealthy threshold count", in.UnhealthyThresholdCount, &tg.UnhealthyThresholdCount, 2, 10},
	} {
		if field.from == nil {
			continue
		}
		if *field.from < field.low || *field.from > field.high {
			return apiError("ValidationError", "Health check %s must be between '%d' and '%d', got '%d'", field.name, field.low, field.high, *field.from)
		}
		*field.to = field.from
	}
	if *tg.HealthCheckTimeoutSeconds >= *tg.HealthCheckIntervalSeconds {
		return apiError("ValidationError", "Health check interval must be greater than the timeout.")
	}
	if in.Matcher != nil {
		if err := elbCheckMatcher(tg, in.Matcher); err != nil {
			return err
		}
		tg.Matcher = in.Matcher
	}
	return nil
}

func elbCheckMatcher(tg *elbtypes.TargetGroup, m *elbtypes.Matcher) error {
	codes, low, high := sdkaws.ToString(m.HttpCode), 200, 499
	if *tg.ProtocolVersion == "GRPC" {
		if m.HttpCode != nil {
			return apiError("InvalidConfigurationRequest", "HTTP codes cannot be specified for target groups with the protocol version 'GRPC'")
		}
		codes, low, high = sdkaws.ToString(m.GrpcCode), 0, 99
	} else if m.GrpcCode != nil {
		return apiError("InvalidConfigurationRequest", "gRPC codes can only be specified for target groups with the protocol version 'GRPC'")
	}
	if !elbMatcher.MatchString(codes) {
		return apiError("ValidationError", "Health check matcher '%s' must be codes or ranges of codes separated by commas", codes)
	}
	for part := range strings.SplitSeq(codes, ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, _ := strconv.Atoi(from)
		b := a
		if isRange {
			b, _ = strconv.Atoi(to)
		}
		if a < low || b > high || a > b {
			return apiError("ValidationError", "Health check matcher '%s' must be within the range '%d-%d'", part, low, high)
		}
	}
	return nil
}

// elbShowTargetGroups renders groups with the load balancers that use them now.
func (c *call) elbShowTargetGroups(groups ...*elbTargetGroup) []elbtypes.TargetGroup {
	users := c.elb().elbUsers()
	var out []elbtypes.TargetGroup
	for _, tg := range groups {
		shown := tg.TargetGroup
		shown.LoadBalancerArns = append([]string{}, users[*tg.TargetGroupArn]...)
		out = append(out, shown)
	}
	return out
}

func (c *call) elbDescribeTargetGroups(in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error) {
	selectors := 0
	for _, given := range []bool{in.LoadBalancerArn != nil, len(in.Names) > 0, len(in.TargetGroupArns) > 0} {
		if given {
			selectors++
		}
	}
	if selectors > 1 {
		return nil, apiError("ValidationError", "Only one of load balancer ARN, target group names and target group ARNs can be specified")
	}
	if in.LoadBalancerArn != nil {
		if _, err := c.elbLoadBalancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
	}
	for _, arn := range in.TargetGroupArns {
		if err := c.elbArn(new(arn), "targetgroup/"); err != nil {
			return nil, err
		}
		if c.elb().TargetGroups[arn] == nil {
			return nil, apiError("TargetGroupNotFound", "One or more target groups not found")
		}
	}
	all := slices.SortedFunc(maps.Values(c.elb().TargetGroups), func(a, b *elbTargetGroup) int { return cmp.Compare(a.Serial, b.Serial) })
	for _, name := range in.Names {
		if !slices.ContainsFunc(all, func(tg *elbTargetGroup) bool { return *tg.TargetGroupName == name }) {
			return nil, apiError("TargetGroupNotFound", "One or more target groups not found")
		}
	}
	users := c.elb().elbUsers()
	var found []*elbTargetGroup
	for _, tg := range all {
		if in.LoadBalancerArn != nil && !slices.Contains(users[*tg.TargetGroupArn], *in.LoadBalancerArn) ||
			len(in.Names) > 0 && !slices.Contains(in.Names, *tg.TargetGroupName) ||
			len(in.TargetGroupArns) > 0 && !slices.Contains(in.TargetGroupArns, *tg.TargetGroupArn) {
			continue
		}
		found = append(found, tg)
	}
	page, next, err := elbPage(found, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeTargetGroupsOutput{TargetGroups: c.elbShowTargetGroups(page...), NextMarker: next}, nil
}

func (c *call) elbModifyTargetGroup(in *elb.ModifyTargetGroupInput) (*elb.ModifyTargetGroupOutput, error) {
	tg, err := c.elbTargetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	changed := tg.TargetGroup
	if err := elbHealthCheck(&changed, in); err != nil {
		return nil, err
	}
	tg.TargetGroup = changed
	return &elb.ModifyTargetGroupOutput{TargetGroups: c.elbShowTargetGroups(tg)}, nil
}

func (c *call) elbDeleteTargetGroup(in *elb.DeleteTargetGroupInput) (*elb.DeleteTargetGroupOutput, error) {
	if err := c.elbArn(in.TargetGroupArn, "targetgroup/"); err != nil {
		return nil, err
	}
	if len(c.elb().elbUsers()[*in.TargetGroupArn]) > 0 {
		return nil, apiError("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", *in.TargetGroupArn)
	}
	// A group that is not there is no error: the model of this action knows ResourceInUse only.
	delete(c.elb().TargetGroups, *in.TargetGroupArn)
	return &elb.DeleteTargetGroupOutput{}, nil
}
