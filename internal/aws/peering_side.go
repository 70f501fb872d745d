package aws

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// peeringSide is one of the two VPCs and its route tables.
type peeringSide struct {
	*client
	// vpc is the VPC's id, empty when nobody knows it any more.
	vpc func(context.Context) (string, error)
	// company is the other VPC where one call can read both.
	company []string
	// seen are routes that tell which tables there were when the VPC is not known.
	seen []peeringRoute
	// chosen are the user's tables, and usual those that are taken without them.
	chosen []string
	usual  func(context.Context, []ec2types.RouteTable) ([]string, error)
}

// tables reads the side's route tables.
func (s *peeringSide) tables(ctx context.Context) ([]ec2types.RouteTable, error) {
	vpc, err := s.vpc(ctx)
	if err != nil {
		return nil, err
	}
	if vpc != "" {
		return s.reader.vpcTables.Get(ctx, vpc, s.company...)
	}
	var ids []string
	for _, r := range s.seen {
		ids = append(ids, r.Table)
	}
	var out []ec2types.RouteTable
	for _, id := range sorted(ids) {
		found, err := s.reader.routeTables.Get(ctx, reads.ByID+id)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// routed are the ids of the tables that get routes.
func (s *peeringSide) routed(ctx context.Context) (*[]string, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	if len(s.chosen) == 0 {
		ids, err := s.usual(ctx, tables)
		return &ids, err
	}
	for _, id := range s.chosen {
		if !slices.ContainsFunc(tables, func(t ec2types.RouteTable) bool { return aws.ToString(t.RouteTableId) == id }) {
			vpc, err := s.vpc(ctx)
			if err != nil {
				return nil, err
			}
			return nil, &stack.MissingError{Err: fmt.Errorf("VPC %s in %s has no route table %s", vpc, s.region, id)}
		}
	}
	return &s.chosen, nil
}

// readVPCTables reads the route tables of many VPCs.
func (c *client) readVPCTables(ctx context.Context, vpcs []string) (map[string][]ec2types.RouteTable, error) {
	found, err := c.describeTables(ctx, []ec2types.Filter{{Name: aws.String("vpc-id"), Values: vpcs}})
	out := map[string][]ec2types.RouteTable{}
	for _, t := range found {
		out[aws.ToString(t.VpcId)] = append(out[aws.ToString(t.VpcId)], t)
	}
	return out, err
}

func (c *client) describeTables(ctx context.Context, f []ec2types.Filter) ([]ec2types.RouteTable, error) {
	in := &ec2.DescribeRouteTablesInput{Filters: f}
	return pagesByToken(ctx, c.ec2.DescribeRouteTables, in, &in.NextToken, func(o *ec2.DescribeRouteTablesOutput) ([]ec2types.RouteTable, *string) {
		return o.RouteTables, o.NextToken
	})
}

// isMain reports whether a table serves the subnets that have none of their own.
func isMain(t ec2types.RouteTable) bool {
	return slices.ContainsFunc(t.Associations, func(a ec2types.RouteTableAssociation) bool { return aws.ToBool(a.Main) })
}

// tablesInUse are those of all subnets, the main one included.
func tablesInUse(_ context.Context, tables []ec2types.RouteTable) ([]string, error) {
	var out []string
	for _, t := range tables {
		if isMain(t) || len(associations(&t)) > 0 {
			out = append(out, aws.ToString(t.RouteTableId))
		}
	}
	return sorted(out), nil
}

// tablesOf are those that serve the given subnets.
func tablesOf(tables []ec2types.RouteTable, subnets []string) []string {
	var out []string
	left := sorted(subnets)
	for _, t := range tables {
		for subnet := range associations(&t) {
			if slices.Contains(subnets, subnet) {
				out = append(out, aws.ToString(t.RouteTableId))
				left = without(left, []string{subnet})
			}
		}
	}
	for _, t := range tables {
		if isMain(t) && len(left) > 0 {
			out = append(out, aws.ToString(t.RouteTableId))
		}
	}
	return sorted(out)
}

// clusterSide is what a peering has to know of its cluster on every refresh: the
// load balancer's security groups, which say in which VPC they are. The cluster
// reads them as well.
type clusterSide struct {
	vpc    string
	groups []ec2types.SecurityGroup
}

// clusterSide is a *stack.MissingError when there is no such cluster.
func (c *client) clusterSide(ctx context.Context, cluster string) (*clusterSide, error) {
	groups, err := c.endpointGroups(ctx, cluster)
	if err != nil {
		return nil, err
	}
	if len(groups) == 0 {
		return nil, &stack.MissingError{Err: fmt.Errorf("there is no cluster aws/%s/%s with a load balancer's security group; create it with serving_cluster, or repair it first", c.region, cluster)}
	}
	return &clusterSide{vpc: aws.ToString(groups[0].VpcId), groups: groups}, nil
}

// endpointGroups are the security groups of a cluster's load balancers, two while
// one is being replaced.
func (c *client) endpointGroups(ctx context.Context, cluster string) ([]ec2types.SecurityGroup, error) {
	found, err := c.reader.securityGroups.Get(ctx, "cluster/"+cluster)
	var out []ec2types.SecurityGroup
	for _, g := range found {
		if objectOf(g.Tags) == objectSecurityGroup {
			out = append(out, g)
		}
	}
	return out, err
}

// clusterTables are the route tables that the cluster has made, or else those of
// the subnets of its nodes and load balancer.
func (c *client) clusterTables(cluster string) func(context.Context, []ec2types.RouteTable) ([]string, error) {
	return func(ctx context.Context, tables []ec2types.RouteTable) ([]string, error) {
		var own []string
		for _, t := range tables {
			if fromEC2(t.Tags)[tagStack] == "cluster/"+cluster {
				own = append(own, aws.ToString(t.RouteTableId))
			}
		}
		if len(own) > 0 {
			return sorted(own), nil
		}
		live, err := c.reader.clusters.Get(ctx, cluster)
		if err != nil {
			return nil, err
		}
		var subnets []string
		if live != nil && live.ResourcesVpcConfig != nil {
			subnets = live.ResourcesVpcConfig.SubnetIds
		}
		balancers, err := c.reader.loadBalancers.Get(ctx, all)
		if err != nil {
			return nil, err
		}
		for _, lb := range balancers {
			if slices.Contains(bothSchemes(cluster), aws.ToString(lb.LoadBalancerName)) {
				subnets = append(slices.Clone(subnets), (&loadBalancerLive{LoadBalancer: lb}).subnets()...)
			}
		}
		return tablesOf(tables, subnets), nil
	}
}
