package aws

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// loadBalancers are Application Load Balancers. The scheme cannot change on a
// living one, so it is part of the name and a change makes a new one.
type loadBalancers struct {
	*client
	owner owner
	// names are the names that the stack's load balancers can have.
	names []string
}

type loadBalancerSpec struct {
	Name           string
	Scheme         elbtypes.LoadBalancerSchemeEnum
	Subnets        []string
	SecurityGroups []string
	Attributes     map[string]string
}

type loadBalancerLive struct {
	elbtypes.LoadBalancer
	Tags, Attributes map[string]string
}

var (
	_ stack.Kind[loadBalancerSpec, loadBalancerLive] = loadBalancers{}
	_ stack.Replacer                                 = loadBalancers{}
)

// Replaceable is true because of the scheme.
func (k loadBalancers) Replaceable() {}

func (k loadBalancers) Find(ctx context.Context, object string) ([]*loadBalancerLive, error) {
	all, err := k.reader.loadBalancers.Get(ctx, all)
	if err != nil {
		return nil, err
	}
	var out []*loadBalancerLive
	for _, lb := range all {
		if !slices.Contains(k.names, aws.ToString(lb.LoadBalancerName)) {
			continue
		}
		tags, err := k.reader.elbTags.Get(ctx, aws.ToString(lb.LoadBalancerArn))
		if isCode(err, "LoadBalancerNotFound") {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := k.owner.claim(tags, object, aws.ToString(lb.LoadBalancerArn), "load balancer "+aws.ToString(lb.LoadBalancerName)); err != nil {
			return nil, err
		}
		attributes, err := k.elb.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn})
		if isCode(err, "LoadBalancerNotFound") {
			continue
		}
		if err != nil {
			return nil, err
		}
		live := &loadBalancerLive{LoadBalancer: lb, Tags: tags, Attributes: map[string]string{}}
		for _, a := range attributes.Attributes {
			live.Attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
		}
		out = append(out, live)
	}
	return out, nil
}

func (k loadBalancers) ID(live *loadBalancerLive) string { return aws.ToString(live.LoadBalancerArn) }

func (k loadBalancers) State(live *loadBalancerLive) stack.State {
	if live.State == nil {
		return stack.State{}
	}
	switch live.State.Code {
	case elbtypes.LoadBalancerStateEnumProvisioning:
		return stack.State{Phase: stack.Pending, Reason: "provisioning"}
	case elbtypes.LoadBalancerStateEnumFailed:
		return stack.State{Phase: stack.Failed, Reason: aws.ToString(live.State.Reason)}
	}
	return stack.State{}
}

func (k loadBalancers) Diff(name string, want loadBalancerSpec, live *loadBalancerLive) []stack.Difference {
	diffs := fixed("name", aws.ToString(live.LoadBalancerName), want.Name)
	diffs = append(diffs, fixed("scheme", live.Scheme, want.Scheme)...)
	if live.IpAddressType != "" {
		diffs = append(diffs, same("address type", live.IpAddressType, elbtypes.IpAddressTypeIpv4)...)
	}
	diffs = append(diffs, sameSet("subnet", live.subnets(), want.Subnets)...)
	diffs = append(diffs, sameSet("security group", live.SecurityGroups, want.SecurityGroups)...)
	diffs = append(diffs, sameAttributes(live.Attributes, want.Attributes, loadBalancerDefaults)...)
	return append(diffs, k.owner.differ(name, live.Tags)...)
}

func (l *loadBalancerLive) subnets() []string {
	var out []string
	for _, z := range l.AvailabilityZones {
		out = append(out, aws.ToString(z.SubnetId))
	}
	return out
}

// modelled maps load balancer attributes to the Terraform attributes that model
// them.
var modelled = map[string]string{
	"idle_timeout.timeout_seconds": "endpoint.idle_timeout_seconds",
}

// sameAttributes compares attributes. One that the cloud does not tell is as
// AWS makes it.
func sameAttributes(live, want, defaults map[string]string) []stack.Difference {
	var diffs []stack.Difference
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got, ok := live[key]; ok || want[key] != defaults[key] {
			diffs = append(diffs, of(modelled[key], same("attribute "+key, got, want[key]))...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(defaults)) {
		if got, ok := live[key]; ok && want[key] == "" {
			diffs = append(diffs, same("attribute "+key, got, defaults[key])...)
		}
	}
	return diffs
}

// changed gives the attributes that differ, with what they should be.
func changed(diffs []stack.Difference) map[string]string {
	out := map[string]string{}
	for _, d := range diffs {
		if key, ok := strings.CutPrefix(d.Field, "attribute "); ok {
			out[key] = d.Want
		}
	}
	return out
}

// loadBalancerDefaults are the attributes that the spec leaves as AWS makes them
// (ELBv2 API reference, LoadBalancerAttribute). Where logs go means nothing while
// they are off.
var loadBalancerDefaults = map[string]string{
	"access_logs.s3.enabled":                                   "false",
	"connection_logs.s3.enabled":                               "false",
	"health_check_logs.s3.enabled":                             "false",
	"load_balancing.cross_zone.enabled":                        "true",
	"ipv6.deny_all_igw_traffic":                                "false",
	"zonal_shift.config.enabled":                               "false",
	"routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
	"routing.http.xff_client_port.enabled":                     "false",
}

func (k loadBalancers) Create(ctx context.Context, object string, want loadBalancerSpec, _ string) error {
	_, err := k.elb.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: &want.Name, Scheme: want.Scheme, Type: elbtypes.LoadBalancerTypeEnumApplication, IpAddressType: elbtypes.IpAddressTypeIpv4,
		Subnets: want.Subnets, SecurityGroups: want.SecurityGroups, Tags: toELB(k.owner.mark(object)),
	})
	return err
}

func (k loadBalancers) Update(ctx context.Context, object string, want loadBalancerSpec, live *loadBalancerLive, diffs []stack.Difference) error {
	arn := live.LoadBalancerArn
	if has(diffs, "security group") {
		if _, err := k.elb.SetSecurityGroups(ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: arn, SecurityGroups: want.SecurityGroups}); err != nil {
			return err
		}
	}
	if has(diffs, "address type") {
		if _, err := k.elb.SetIpAddressType(ctx, &elb.SetIpAddressTypeInput{LoadBalancerArn: arn, IpAddressType: elbtypes.IpAddressTypeIpv4}); err != nil {
			return err
		}
	}
	if has(diffs, "subnet") {
		if _, err := k.elb.SetSubnets(ctx, &elb.SetSubnetsInput{LoadBalancerArn: arn, Subnets: want.Subnets}); err != nil {
			return err
		}
	}
	if has(diffs, "attribute ") {
		if err := k.setAttributes(ctx, arn, changed(diffs)); err != nil {
			return err
		}
	}
	return k.retagELB(ctx, k.owner, object, aws.ToString(arn), live.Tags)
}

func (k loadBalancers) setAttributes(ctx context.Context, arn *string, want map[string]string) error {
	var attributes []elbtypes.LoadBalancerAttribute
	for _, key := range slices.Sorted(maps.Keys(want)) {
		attributes = append(attributes, elbtypes.LoadBalancerAttribute{Key: aws.String(key), Value: aws.String(want[key])})
	}
	_, err := k.elb.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: arn, Attributes: attributes})
	return err
}

// Delete lifts the protection of a load balancer that has been replaced; that of
// a whole cluster is checked before anything is touched.
func (k loadBalancers) Delete(ctx context.Context, live *loadBalancerLive) error {
	if live.Attributes["deletion_protection.enabled"] == "true" {
		if err := absent(k.setAttributes(ctx, live.LoadBalancerArn, map[string]string{"deletion_protection.enabled": "false"}), "LoadBalancerNotFound"); err != nil {
			return err
		}
	}
	_, err := k.elb.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: live.LoadBalancerArn})
	return absent(err, "LoadBalancerNotFound")
}

// retagELB gives an ELB object the tags it should have.
func (c *client) retagELB(ctx context.Context, o owner, object, arn string, live map[string]string) error {
	set, unset := o.retag(object, live)
	if len(set) > 0 {
		if _, err := c.elb.AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{arn}, Tags: toELB(set)}); err != nil {
			return err
		}
	}
	if len(unset) > 0 {
		if _, err := c.elb.RemoveTags(ctx, &elb.RemoveTagsInput{ResourceArns: []string{arn}, TagKeys: unset}); err != nil {
			return err
		}
	}
	return nil
}

func toELB(tags map[string]string) []elbtypes.Tag {
	var out []elbtypes.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, elbtypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

func fromELB(tags []elbtypes.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}
