package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// existing is a network that somebody else made.
type existing struct {
	vpc     ec2types.Vpc
	subnets map[string]ec2types.Subnet
	tables  []ec2types.RouteTable
}

// ranges are the VPC's own and the further ones that are in use.
func (e *existing) ranges() []string {
	out := []string{aws.ToString(e.vpc.CidrBlock)}
	for _, a := range e.vpc.CidrBlockAssociationSet {
		if a.CidrBlockState == nil || a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated {
			out = append(out, aws.ToString(a.CidrBlock))
		}
	}
	return sorted(out)
}

// existingNetwork looks a given network up.
func (c *client) existingNetwork(s *stack.Stack, spec serving.Cluster) *network {
	n := spec.Network
	look := stack.Look(s, "network", func(ctx context.Context) (*existing, error) {
		found, problems, err := c.readNetwork(ctx, n)
		if err == nil && len(problems) > 0 {
			err = &stack.MissingError{Err: fmt.Errorf("%s: %s", problems[0].Path, problems[0].Detail)}
		}
		if err == nil {
			// A peering of the cluster reads the same tables.
			found.tables, err = c.reader.vpcTables.Get(ctx, n.VPC)
		}
		return found, err
	})
	return &network{
		vpc: func() string { return n.VPC },
		ranges: func() []string {
			return look.Live().ranges()
		},
		private: func() []string { return sorted(n.Subnets) }, public: func() []string { return sorted(n.PublicSubnets) },
		live: func() []ec2types.Subnet {
			var out []ec2types.Subnet
			if look.Live() == nil {
				return nil
			}
			for _, id := range n.Subnets {
				out = append(out, look.Live().subnets[id])
			}
			return out
		},
		tables: func() []ec2types.RouteTable {
			if look.Live() == nil {
				return nil
			}
			return look.Live().tables
		},
		vpcNode: look, privateNodes: []stack.Node{look}, publicNodes: []stack.Node{look},
	}
}

// readNetwork reads a given network and says what is wrong with it.
func (c *client) readNetwork(ctx context.Context, n serving.Network) (*existing, []serving.Problem, error) {
	out, err := c.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{n.VPC}})
	if isCode(err, "InvalidVpcID.NotFound", "InvalidVpcID.Malformed") || err == nil && len(out.Vpcs) == 0 {
		return nil, []serving.Problem{{Path: "network.vpc", Summary: "VPC does not exist", Detail: fmt.Sprintf("There is no VPC %s in %s. Check the id, the region and the account of the credentials.", n.VPC, c.region)}}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	found := &existing{vpc: out.Vpcs[0], subnets: map[string]ec2types.Subnet{}}
	all := append(slices.Clone(n.Subnets), n.PublicSubnets...)
	subnets, err := c.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: aws.String("subnet-id"), Values: sorted(all)}}})
	if err != nil {
		return nil, nil, err
	}
	for _, s := range subnets.Subnets {
		found.subnets[aws.ToString(s.SubnetId)] = s
	}
	problems := append(found.check("network.subnets", n.VPC, n.Subnets), found.check("network.public_subnets", n.VPC, n.PublicSubnets)...)
	return found, problems, nil
}

// check judges the subnets of one attribute.
func (e *existing) check(path, vpc string, ids []string) []serving.Problem {
	var problems []serving.Problem
	var zones []string
	for _, id := range sorted(ids) {
		s, ok := e.subnets[id]
		switch {
		case !ok:
			problems = append(problems, serving.Problem{Path: path, Summary: "Subnet does not exist", Detail: fmt.Sprintf("There is no subnet %s in this account and region.", id)})
			continue
		case aws.ToString(s.VpcId) != vpc:
			problems = append(problems, serving.Problem{Path: path, Summary: "Subnet of another VPC", Detail: fmt.Sprintf("Subnet %s belongs to %s and not to %s.", id, aws.ToString(s.VpcId), vpc)})
		case strings.HasPrefix(path, "network.subnets") && aws.ToBool(s.MapPublicIpOnLaunch):
			problems = append(problems, serving.Problem{Path: path, Summary: "Nodes would get public addresses", Detail: fmt.Sprintf("Subnet %s gives public addresses to what starts in it, and nodes are always private. Turn that off on the subnet, or choose another.", id)})
		}
		zones = append(zones, aws.ToString(s.AvailabilityZone))
	}
	if len(ids) > 0 && len(problems) == 0 && len(sorted(zones)) < 2 {
		problems = append(problems, serving.Problem{Path: path, Summary: "Subnets of one zone", Detail: fmt.Sprintf("All subnets are in %s; EKS and the load balancer need subnets in at least two zones.", strings.Join(sorted(zones), ", "))})
	}
	return problems
}
