package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
)

// reachReader merges the reads of many questions about reachability. All keys but
// the last are ids of VPCs.
type reachReader struct {
	subnets     *reads.Batch[[]ec2types.Subnet]
	acls        *reads.Batch[[]ec2types.NetworkAcl]
	natGateways *reads.Batch[[]ec2types.NatGateway]
	// peerings are connections that have not ended, of either side.
	peerings *reads.Batch[[]ec2types.VpcPeeringConnection]
	// health is by the ARN of a target group.
	health *reads.Batch[[]elbtypes.TargetHealthDescription]
}

func newReachReader(c *client, e *reads.Epoch) *reachReader {
	return &reachReader{
		subnets: byVPC(e, func(ctx context.Context, f []ec2types.Filter) ([]ec2types.Subnet, error) {
			in := &ec2.DescribeSubnetsInput{Filters: f}
			return pagesByToken(ctx, c.ec2.DescribeSubnets, in, &in.NextToken, func(o *ec2.DescribeSubnetsOutput) ([]ec2types.Subnet, *string) { return o.Subnets, o.NextToken })
		}, func(s ec2types.Subnet) *string { return s.VpcId }),
		acls: byVPC(e, func(ctx context.Context, f []ec2types.Filter) ([]ec2types.NetworkAcl, error) {
			in := &ec2.DescribeNetworkAclsInput{Filters: f}
			return pagesByToken(ctx, c.ec2.DescribeNetworkAcls, in, &in.NextToken, func(o *ec2.DescribeNetworkAclsOutput) ([]ec2types.NetworkAcl, *string) {
				return o.NetworkAcls, o.NextToken
			})
		}, func(a ec2types.NetworkAcl) *string { return a.VpcId }),
		natGateways: byVPC(e, func(ctx context.Context, f []ec2types.Filter) ([]ec2types.NatGateway, error) {
			in := &ec2.DescribeNatGatewaysInput{Filter: f}
			return pagesByToken(ctx, c.ec2.DescribeNatGateways, in, &in.NextToken, func(o *ec2.DescribeNatGatewaysOutput) ([]ec2types.NatGateway, *string) {
				return o.NatGateways, o.NextToken
			})
		}, func(n ec2types.NatGateway) *string { return n.VpcId }),
		peerings: reads.New(e, ec2Values, c.readPeeringsOf),
		health: reads.New(e, 1, reads.One(func(ctx context.Context, arn string) ([]elbtypes.TargetHealthDescription, error) {
			out, err := c.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
			if err != nil {
				return nil, absent(err, "TargetGroupNotFound")
			}
			return out.TargetHealthDescriptions, nil
		})),
	}
}

// byVPC batches a describe by the VPC of the objects.
func byVPC[T any](e *reads.Epoch, describe func(context.Context, []ec2types.Filter) ([]T, error), vpc func(T) *string) *reads.Batch[[]T] {
	return reads.New(e, ec2Values, func(ctx context.Context, vpcs []string) (map[string][]T, error) {
		found, err := describe(ctx, []ec2types.Filter{{Name: aws.String("vpc-id"), Values: vpcs}})
		out := map[string][]T{}
		for _, t := range found {
			out[aws.ToString(vpc(t))] = append(out[aws.ToString(vpc(t))], t)
		}
		return out, err
	})
}

// readPeeringsOf reads the connections of VPCs, whichever side of them they are.
func (c *client) readPeeringsOf(ctx context.Context, vpcs []string) (map[string][]ec2types.VpcPeeringConnection, error) {
	out := map[string][]ec2types.VpcPeeringConnection{}
	for _, side := range []string{"requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id"} {
		found, err := c.describePeerings(ctx, []ec2types.Filter{{Name: &side, Values: vpcs}})
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			if hasEnded(&p) {
				continue
			}
			for _, vpc := range []string{aws.ToString(sideOf(p.RequesterVpcInfo).VpcId), aws.ToString(sideOf(p.AccepterVpcInfo).VpcId)} {
				known := slices.ContainsFunc(out[vpc], func(k ec2types.VpcPeeringConnection) bool {
					return aws.ToString(k.VpcPeeringConnectionId) == aws.ToString(p.VpcPeeringConnectionId)
				})
				if !known {
					out[vpc] = append(out[vpc], p)
				}
			}
		}
	}
	return out, nil
}
