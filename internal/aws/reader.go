package aws

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
)

// ec2Values is the most values of one EC2 filter (EC2 API reference, Filter).
const ec2Values = 200

// all is the key of reads that take everything in the region.
const all = ""

// reader merges the describes of everything that one client refreshes. EC2
// objects are read by the stack they are marked with; each batch is one call
// per kind, however many stacks ask.
type reader struct {
	vpcs           *reads.Batch[[]ec2types.Vpc]
	vpcAttributes  *reads.Batch[vpcAttributes]
	subnets        *reads.Batch[[]ec2types.Subnet]
	gateways       *reads.Batch[[]ec2types.InternetGateway]
	addresses      *reads.Batch[[]ec2types.Address]
	natGateways    *reads.Batch[[]ec2types.NatGateway]
	routeTables    *reads.Batch[[]ec2types.RouteTable]
	securityGroups *reads.Batch[[]ec2types.SecurityGroup]
	groupRules     *reads.Batch[[]ec2types.SecurityGroupRule]
	peerings       *reads.Batch[[]ec2types.VpcPeeringConnection]
	// vpcTables are all route tables of a VPC, by its id.
	vpcTables *reads.Batch[[]ec2types.RouteTable]
	// reach reads what only reachability is about.
	reach *reachReader

	roles *reads.Batch[*roleLive]

	clusters      *reads.Batch[*ekstypes.Cluster]
	nodeGroups    *reads.Batch[[]ekstypes.Nodegroup]
	scalingGroups *reads.Batch[*astypes.AutoScalingGroup]

	loadBalancers *reads.Batch[[]elbtypes.LoadBalancer]
	targetGroups  *reads.Batch[[]elbtypes.TargetGroup]
	elbTags       *reads.Batch[map[string]string]
	listeners     *reads.Batch[[]elbtypes.Listener]
	rules         *reads.Batch[[]elbtypes.Rule]

	listenerAttributes *reads.Batch[map[string]string]

	certificateTags *reads.Batch[map[string]string]

	// records are those of a name, by recordKey.
	records *reads.Batch[[]r53types.ResourceRecordSet]
}

func newReader(c *client, e *reads.Epoch) *reader {
	r := &reader{}
	r.vpcs = byStack(e, "vpc-id", func(ctx context.Context, f []ec2types.Filter) ([]ec2types.Vpc, error) {
		in := &ec2.DescribeVpcsInput{Filters: f}
		return pagesByToken(ctx, c.ec2.DescribeVpcs, in, &in.NextToken, func(o *ec2.DescribeVpcsOutput) ([]ec2types.Vpc, *string) { return o.Vpcs, o.NextToken })
	}, func(v ec2types.Vpc) []ec2types.Tag { return v.Tags }, func(v ec2types.Vpc) *string { return v.VpcId })
	r.subnets = byStack(e, "subnet-id", func(ctx context.Context, f []ec2types.Filter) ([]ec2types.Subnet, error) {
		in := &ec2.DescribeSubnetsInput{Filters: f}
		return pagesByToken(ctx, c.ec2.DescribeSubnets, in, &in.NextToken, func(o *ec2.DescribeSubnetsOutput) ([]ec2types.Subnet, *string) { return o.Subnets, o.NextToken })
	}, func(s ec2types.Subnet) []ec2types.Tag { return s.Tags }, func(s ec2types.Subnet) *string { return s.SubnetId })
	r.gateways = byStack(e, "internet-gateway-id", func(ctx context.Context, f []ec2types.Filter) ([]ec2types.InternetGateway, error) {
		in := &ec2.DescribeInternetGatewaysInput{Filters: f}
		return pagesByToken(ctx, c.ec2.DescribeInternetGateways, in, &in.NextToken, func(o *ec2.DescribeInternetGatewaysOutput) ([]ec2types.InternetGateway, *string) {
			return o.InternetGateways, o.NextToken
		})
	}, func(g ec2types.InternetGateway) []ec2types.Tag { return g.Tags }, func(g ec2types.InternetGateway) *string { return g.InternetGatewayId })
	r.addresses = byStack(e, "allocation-id", func(ctx context.Context, f []ec2types.Filter) ([]ec2types.Address, error) {
		out, err := c.ec2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: f})
		if err != nil {
			return nil, err
		}
		return out.Addresses, nil
	}, func(a ec2types.Address) []ec2types.Tag { return a.Tags }, func(a ec2types.Address) *string { return a.AllocationId })
	r.natGateways = byStack(e, "nat-gateway-id", func(ctx context.Context, f []ec2types.Filter) ([]ec2types.NatGateway, error) {
		in := &ec2.DescribeNatGatewaysInput{Filter: f}
		return pagesByToken(ctx, c.ec2.DescribeNatGateways, in, &in.NextToken, func(o *ec2.DescribeNatGatewaysOutput) ([]ec2types.NatGateway, *string) {
			return o.NatGateways, o.NextToken
		})
	}, func(n ec2types.NatGateway) []ec2types.Tag { return n.Tags }, func(n ec2types.NatGateway) *string { return n.NatGatewayId })
	r.routeTables = byStack(e, "route-table-id", c.describeTables, func(t ec2types.RouteTable) []ec2types.Tag { return t.Tags }, func(t ec2types.RouteTable) *string { return t.RouteTableId })
	r.securityGroups = byStack(e, "group-id", func(ctx context.Context, f []ec2types.Filter) ([]ec2types.SecurityGroup, error) {
		in := &ec2.DescribeSecurityGroupsInput{Filters: f}
		return pagesByToken(ctx, c.ec2.DescribeSecurityGroups, in, &in.NextToken, func(o *ec2.DescribeSecurityGroupsOutput) ([]ec2types.SecurityGroup, *string) {
			return o.SecurityGroups, o.NextToken
		})
	}, func(g ec2types.SecurityGroup) []ec2types.Tag { return g.Tags }, func(g ec2types.SecurityGroup) *string { return g.GroupId })
	r.groupRules = byStack(e, "security-group-rule-id", func(ctx context.Context, f []ec2types.Filter) ([]ec2types.SecurityGroupRule, error) {
		in := &ec2.DescribeSecurityGroupRulesInput{Filters: f}
		return pagesByToken(ctx, c.ec2.DescribeSecurityGroupRules, in, &in.NextToken, func(o *ec2.DescribeSecurityGroupRulesOutput) ([]ec2types.SecurityGroupRule, *string) {
			return o.SecurityGroupRules, o.NextToken
		})
	}, func(g ec2types.SecurityGroupRule) []ec2types.Tag { return g.Tags }, func(g ec2types.SecurityGroupRule) *string { return g.SecurityGroupRuleId })
	r.vpcAttributes = reads.New(e, 1, reads.One(c.vpcAttributes))
	r.peerings = byStack(e, "vpc-peering-connection-id", c.describePeerings, func(p ec2types.VpcPeeringConnection) []ec2types.Tag { return p.Tags },
		func(p ec2types.VpcPeeringConnection) *string { return p.VpcPeeringConnectionId })
	r.vpcTables = reads.New(e, ec2Values, c.readVPCTables)
	r.reach = newReachReader(c, e)

	r.roles = reads.New(e, 100, c.readRoles).OrAll(c.readAllRoles)

	r.clusters = reads.New(e, 1, reads.One(func(ctx context.Context, name string) (*ekstypes.Cluster, error) {
		out, err := c.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
		if isCode(err, "ResourceNotFoundException") {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return out.Cluster, nil
	}))
	r.nodeGroups = reads.New(e, 1, reads.One(c.readNodeGroups))
	r.scalingGroups = reads.New(e, 50, func(ctx context.Context, names []string) (map[string]*astypes.AutoScalingGroup, error) {
		return c.readScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: names})
	}).OrAll(func(ctx context.Context) (map[string]*astypes.AutoScalingGroup, bool, error) {
		// EKS tags the groups it makes; somebody may have removed that.
		out, err := c.readScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{Filters: []astypes.Filter{{Name: aws.String("tag-key"), Values: []string{"eks:cluster-name"}}}})
		return out, false, err
	})

	// The describes by name fail as a whole when one name is missing, and an
	// object's name is no proof that it is ours: one call for all is cheaper.
	r.loadBalancers = reads.New(e, 1, reads.One(func(ctx context.Context, _ string) ([]elbtypes.LoadBalancer, error) {
		return pages(ctx, elb.NewDescribeLoadBalancersPaginator(c.elb, &elb.DescribeLoadBalancersInput{}), func(o *elb.DescribeLoadBalancersOutput) []elbtypes.LoadBalancer { return o.LoadBalancers })
	}))
	r.targetGroups = reads.New(e, 1, reads.One(func(ctx context.Context, _ string) ([]elbtypes.TargetGroup, error) {
		return pages(ctx, elb.NewDescribeTargetGroupsPaginator(c.elb, &elb.DescribeTargetGroupsInput{}), func(o *elb.DescribeTargetGroupsOutput) []elbtypes.TargetGroup { return o.TargetGroups })
	}))
	r.elbTags = reads.New(e, elbArns, c.readELBTags).OrAll(c.readAllELBTags)
	r.listeners = reads.New(e, 1, reads.One(func(ctx context.Context, arn string) ([]elbtypes.Listener, error) {
		out, err := pages(ctx, elb.NewDescribeListenersPaginator(c.elb, &elb.DescribeListenersInput{LoadBalancerArn: &arn}), func(o *elb.DescribeListenersOutput) []elbtypes.Listener { return o.Listeners })
		return out, absent(err, "LoadBalancerNotFound", "ListenerNotFound")
	}))
	r.rules = reads.New(e, 1, reads.One(func(ctx context.Context, arn string) ([]elbtypes.Rule, error) {
		out, err := pages(ctx, elb.NewDescribeRulesPaginator(c.elb, &elb.DescribeRulesInput{ListenerArn: &arn}), func(o *elb.DescribeRulesOutput) []elbtypes.Rule { return o.Rules })
		return out, absent(err, "ListenerNotFound")
	}))
	r.listenerAttributes = reads.New(e, 1, reads.One(func(ctx context.Context, arn string) (map[string]string, error) {
		out, err := c.elb.DescribeListenerAttributes(ctx, &elb.DescribeListenerAttributesInput{ListenerArn: &arn})
		if err != nil {
			return nil, err
		}
		attributes := map[string]string{}
		for _, a := range out.Attributes {
			attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
		}
		return attributes, nil
	}))
	r.certificateTags = reads.New(e, 1, reads.One(c.readCertificateTags))
	r.records = reads.New(e, recordPage, c.readRecords)
	return r
}

// byStack batches a describe with filters. Keys are names of stacks, or ids of
// objects whose mark is damaged; the filter is EC2's for ids of the kind.
func byStack[T any](e *reads.Epoch, filter string, describe func(context.Context, []ec2types.Filter) ([]T, error), tags func(T) []ec2types.Tag, id func(T) *string) *reads.Batch[[]T] {
	read := func(ctx context.Context, out map[string][]T, filter string, values []string, key func(T) string) error {
		if len(values) == 0 {
			return nil
		}
		found, err := describe(ctx, []ec2types.Filter{{Name: &filter, Values: values}})
		for _, t := range found {
			out[key(t)] = append(out[key(t)], t)
		}
		return err
	}
	stackOf := func(t T) string { return fromEC2(tags(t))[tagStack] }
	return reads.New(e, ec2Values, func(ctx context.Context, keys []string) (map[string][]T, error) {
		out := map[string][]T{}
		var stacks, ids []string
		for _, key := range keys {
			if id, ok := strings.CutPrefix(key, reads.ByID); ok {
				ids = append(ids, id)
			} else {
				stacks = append(stacks, key)
			}
		}
		if err := read(ctx, out, "tag:"+tagStack, stacks, stackOf); err != nil {
			return nil, err
		}
		err := read(ctx, out, filter, ids, func(t T) string { return reads.ByID + aws.ToString(id(t)) })
		return out, err
	}).OrAll(func(ctx context.Context) (map[string][]T, bool, error) {
		out := map[string][]T{}
		err := read(ctx, out, "tag-key", []string{tagStack}, stackOf)
		return out, true, err
	})
}

// elbArns is the most ARNs of one DescribeTags call (ELBv2 API reference).
const elbArns = 20

func (c *client) readELBTags(ctx context.Context, arns []string) (map[string]map[string]string, error) {
	tags := map[string]map[string]string{}
	out, err := c.elb.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: arns})
	if len(arns) > 1 && isCode(err, "LoadBalancerNotFound", "TargetGroupNotFound") {
		// One that is gone fails the call for all.
		for _, arn := range arns {
			some, err := c.readELBTags(ctx, []string{arn})
			if absent(err, "LoadBalancerNotFound", "TargetGroupNotFound") != nil {
				return nil, err
			}
			maps.Copy(tags, some)
		}
		return tags, nil
	}
	if err != nil {
		return nil, err
	}
	for _, d := range out.TagDescriptions {
		tags[aws.ToString(d.ResourceArn)] = fromELB(d.Tags)
	}
	return tags, nil
}

// readAllELBTags reads the tags of what has one of our names, in full calls.
func (c *client) readAllELBTags(ctx context.Context) (map[string]map[string]string, bool, error) {
	loadBalancers, err := c.reader.loadBalancers.Get(ctx, all)
	if err != nil {
		return nil, false, err
	}
	targetGroups, err := c.reader.targetGroups.Get(ctx, all)
	if err != nil {
		return nil, false, err
	}
	var arns []string
	for _, lb := range loadBalancers {
		if strings.HasPrefix(aws.ToString(lb.LoadBalancerName), namePrefix) {
			arns = append(arns, aws.ToString(lb.LoadBalancerArn))
		}
	}
	for _, tg := range targetGroups {
		if strings.HasPrefix(aws.ToString(tg.TargetGroupName), namePrefix) {
			arns = append(arns, aws.ToString(tg.TargetGroupArn))
		}
	}
	out := map[string]map[string]string{}
	for chunk := range slices.Chunk(arns, elbArns) {
		tags, err := c.readELBTags(ctx, chunk)
		if err != nil {
			return nil, false, err
		}
		maps.Copy(out, tags)
	}
	return out, false, nil
}

// readScalingGroups describes Auto Scaling groups without their instances.
func (c *client) readScalingGroups(ctx context.Context, in *autoscaling.DescribeAutoScalingGroupsInput) (map[string]*astypes.AutoScalingGroup, error) {
	in.MaxRecords, in.IncludeInstances = aws.Int32(100), aws.Bool(false)
	groups, err := c.describeScalingGroups(ctx, in)
	out := map[string]*astypes.AutoScalingGroup{}
	for _, g := range groups {
		out[aws.ToString(g.AutoScalingGroupName)] = &g
	}
	return out, err
}

func (c *client) describeScalingGroups(ctx context.Context, in *autoscaling.DescribeAutoScalingGroupsInput) ([]astypes.AutoScalingGroup, error) {
	return pagesByToken(ctx, c.autoscaling.DescribeAutoScalingGroups, in, &in.NextToken, func(o *autoscaling.DescribeAutoScalingGroupsOutput) ([]astypes.AutoScalingGroup, *string) {
		return o.AutoScalingGroups, o.NextToken
	})
}

// readNodeGroups describes all node groups of a cluster.
func (c *client) readNodeGroups(ctx context.Context, cluster string) ([]ekstypes.Nodegroup, error) {
	names, err := pages(ctx, eks.NewListNodegroupsPaginator(c.eks, &eks.ListNodegroupsInput{ClusterName: &cluster}), func(o *eks.ListNodegroupsOutput) []string { return o.Nodegroups })
	if err != nil {
		return nil, absent(err, "ResourceNotFoundException")
	}
	groups := make([]*ekstypes.Nodegroup, len(names))
	var g errgroup.Group
	for i, name := range names {
		g.Go(func() error {
			out, err := c.eks.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &cluster, NodegroupName: &name})
			if err == nil {
				groups[i] = out.Nodegroup
			}
			return absent(err, "ResourceNotFoundException")
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []ekstypes.Nodegroup
	for _, group := range slices.DeleteFunc(groups, func(g *ekstypes.Nodegroup) bool { return g == nil }) {
		out = append(out, *group)
	}
	return out, nil
}

// absent drops the errors that say that what was asked for is not there.
func absent(err error, codes ...string) error {
	if isCode(err, codes...) {
		return nil
	}
	return err
}

// isCode reports whether err is an API error with one of the codes. A code that
// ends in ".NotFound" without a prefix matches every EC2 kind's.
func isCode(err error, codes ...string) bool {
	var api interface{ ErrorCode() string }
	if !errors.As(err, &api) {
		return false
	}
	return slices.ContainsFunc(codes, func(code string) bool {
		got := api.ErrorCode()
		return got == code || got == code+"Exception" || strings.HasPrefix(code, ".") && strings.HasSuffix(got, code)
	})
}
