package aws

import (
	"maps"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "DescribeLoadBalancerAttributes", (*call).elbDescribeLoadBalancerAttributes)
	handle("elasticloadbalancing", "ModifyLoadBalancerAttributes", (*call).elbModifyLoadBalancerAttributes)
	handle("elasticloadbalancing", "DescribeTargetGroupAttributes", (*call).elbDescribeTargetGroupAttributes)
	handle("elasticloadbalancing", "ModifyTargetGroupAttributes", (*call).elbModifyTargetGroupAttributes)
	handle("elasticloadbalancing", "DescribeListenerAttributes", (*call).elbDescribeListenerAttributes)
	handle("elasticloadbalancing", "ModifyListenerAttributes", (*call).elbModifyListenerAttributes)
}

// elbListenerSpec is the set of attributes of a listener's protocol.
func elbListenerSpec(protocol elbtypes.ProtocolEnum) map[string]elbAttribute {
	spec := maps.Clone(elbListenerAttributes)
	if protocol == elbtypes.ProtocolEnumHttps {
		maps.Copy(spec, elbSecureListenerAttributes)
	}
	return spec
}

// elbChange answers the attributes after a modification, or the first thing that is wrong with it.
func elbChange(kind string, have map[string]string, spec map[string]elbAttribute, keys, values []*string) (map[string]string, error) {
	if len(keys) == 0 {
		return nil, apiError("ValidationError", "At least one %s attribute must be specified", kind)
	}
	out, seen := maps.Clone(have), map[string]bool{}
	for i := range keys {
		key, value := sdkaws.ToString(keys[i]), sdkaws.ToString(values[i])
		attribute, known := spec[key]
		if !known {
			return nil, apiError("ValidationError", "%s attribute key '%s' is not recognized", kind, key)
		}
		if seen[key] {
			return nil, apiError("ValidationError", "%s attribute key '%s' is specified more than once", kind, key)
		}
		seen[key] = true
		if why := attribute.rule(value); why != "" {
			return nil, apiError("ValidationError", "%s attribute value '%s' is not valid for '%s': it %s", kind, value, key, why)
		}
		out[key] = value
	}
	return out, nil
}

func (c *call) elbModifyLoadBalancerAttributes(in *elb.ModifyLoadBalancerAttributesInput) (*elb.ModifyLoadBalancerAttributesOutput, error) {
	lb, err := c.elbLoadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	keys, values := make([]*string, len(in.Attributes)), make([]*string, len(in.Attributes))
	for i, a := range in.Attributes {
		keys[i], values[i] = a.Key, a.Value
	}
	changed, err := elbChange("Load balancer", lb.Attributes, elbLoadBalancerAttributes, keys, values)
	if err != nil {
		return nil, err
	}
	for _, logs := range []string{"access_logs", "connection_logs", "health_check_logs"} {
		if changed[logs+".s3.enabled"] == "true" {
			// The sandbox has no S3, so no bucket can grant the permission that the service checks here.
			return nil, apiError("InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission", changed[logs+".s3.bucket"])
		}
	}
	lb.Attributes = changed
	return &elb.ModifyLoadBalancerAttributesOutput{Attributes: elbLBAttributeList(changed)}, nil
}

func (c *call) elbDescribeLoadBalancerAttributes(in *elb.DescribeLoadBalancerAttributesInput) (*elb.DescribeLoadBalancerAttributesOutput, error) {
	lb, err := c.elbLoadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeLoadBalancerAttributesOutput{Attributes: elbLBAttributeList(lb.Attributes)}, nil
}

func elbLBAttributeList(m map[string]string) []elbtypes.LoadBalancerAttribute {
	var out []elbtypes.LoadBalancerAttribute
	for _, k := range sortedKeys(m) {
		out = append(out, elbtypes.LoadBalancerAttribute{Key: new(k), Value: new(m[k])})
	}
	return out
}

func (c *call) elbModifyTargetGroupAttributes(in *elb.ModifyTargetGroupAttributesInput) (*elb.ModifyTargetGroupAttributesOutput, error) {
	tg, err := c.elbTargetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	keys, values := make([]*string, len(in.Attributes)), make([]*string, len(in.Attributes))
	for i, a := range in.Attributes {
		keys[i], values[i] = a.Key, a.Value
	}
	changed, err := elbChange("Target group", tg.Attributes, elbTargetGroupAttributes, keys, values)
	if err != nil {
		return nil, err
	}
	algorithm := changed["load_balancing.algorithm.type"]
	switch {
	case changed["slow_start.duration_seconds"] != "0" && algorithm != "round_robin":
		return nil, apiError("InvalidConfigurationRequest", "Slow start mode cannot be used with the load balancing algorithm '%s'", algorithm)
	case changed["load_balancing.algorithm.anomaly_mitigation"] == "on" && algorithm != "weighted_random":
		return nil, apiError("InvalidConfigurationRequest", "Anomaly mitigation needs the load balancing algorithm 'weighted_random'")
	case changed["stickiness.enabled"] == "true" && changed["stickiness.type"] == "app_cookie" && changed["stickiness.app_cookie.cookie_name"] == "":
		return nil, apiError("InvalidConfigurationRequest", "Stickiness of type 'app_cookie' needs 'stickiness.app_cookie.cookie_name'")
	}
	tg.Attributes = changed
	return &elb.ModifyTargetGroupAttributesOutput{Attributes: elbTGAttributeList(changed)}, nil
}

func (c *call) elbDescribeTargetGroupAttributes(in *elb.DescribeTargetGroupAttributesInput) (*elb.DescribeTargetGroupAttributesOutput, error) {
	tg, err := c.elbTargetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeTargetGroupAttributesOutput{Attributes: elbTGAttributeList(tg.Attributes)}, nil
}

func elbTGAttributeList(m map[string]string) []elbtypes.TargetGroupAttribute {
	var out []elbtypes.TargetGroupAttribute
	for _, k := range sortedKeys(m) {
		out = append(out, elbtypes.TargetGroupAttribute{Key: new(k), Value: new(m[k])})
	}
	return out
}

func (c *call) elbModifyListenerAttributes(in *elb.ModifyListenerAttributesInput) (*elb.ModifyListenerAttributesOutput, error) {
	l, err := c.elbListener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	keys, values := make([]*string, len(in.Attributes)), make([]*string, len(in.Attributes))
	for i, a := range in.Attributes {
		keys[i], values[i] = a.Key, a.Value
	}
	changed, err := elbChange("Listener", l.Attributes, elbListenerSpec(l.Protocol), keys, values)
	if err != nil {
		return nil, err
	}
	l.Attributes = changed
	return &elb.ModifyListenerAttributesOutput{Attributes: elbListenerAttributeList(changed)}, nil
}

func (c *call) elbDescribeListenerAttributes(in *elb.DescribeListenerAttributesInput) (*elb.DescribeListenerAttributesOutput, error) {
	l, err := c.elbListener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeListenerAttributesOutput{Attributes: elbListenerAttributeList(l.Attributes)}, nil
}

func elbListenerAttributeList(m map[string]string) []elbtypes.ListenerAttribute {
	var out []elbtypes.ListenerAttribute
	for _, k := range sortedKeys(m) {
		out = append(out, elbtypes.ListenerAttribute{Key: new(k), Value: new(m[k])})
	}
	return out
}
