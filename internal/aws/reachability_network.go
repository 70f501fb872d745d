package aws

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// vpcTopology reads a VPC as far as reachability is about it. The company is
// another VPC that is about to be read with the same client.
func (c *client) vpcTopology(ctx context.Context, vpc string, outward bool, company ...string) (serving.VPCTopology, error) {
	var subnets []ec2types.Subnet
	var tables []ec2types.RouteTable
	var acls []ec2types.NetworkAcl
	var nats []ec2types.NatGateway
	var g errgroup.Group
	g.Go(func() (err error) { subnets, err = c.reader.reach.subnets.Get(ctx, vpc, company...); return err })
	g.Go(func() (err error) { tables, err = c.reader.vpcTables.Get(ctx, vpc, company...); return err })
	g.Go(func() (err error) { acls, err = c.reader.reach.acls.Get(ctx, vpc, company...); return err })
	if outward {
		g.Go(func() (err error) {
			nats, err = c.reader.reach.natGateways.Get(ctx, vpc, company...)
			return err
		})
	}
	out := serving.VPCTopology{VPC: vpc, NATs: map[string]serving.NATTopology{}}
	if err := g.Wait(); err != nil {
		return out, err
	}
	for _, s := range subnets {
		out.Subnets = append(out.Subnets, subnetTopology(s, tables, acls))
	}
	slices.SortFunc(out.Subnets, func(a, b serving.SubnetTopology) int { return strings.Compare(a.ID, b.ID) })
	for _, n := range nats {
		nat := serving.NATTopology{Subnet: aws.ToString(n.SubnetId)}
		for _, a := range n.NatGatewayAddresses {
			if ip, err := netip.ParseAddr(aws.ToString(a.PublicIp)); err == nil {
				nat.Public = append(nat.Public, ip)
			}
		}
		out.NATs[aws.ToString(n.NatGatewayId)] = nat
	}
	return out, nil
}

func subnetTopology(s ec2types.Subnet, tables []ec2types.RouteTable, acls []ec2types.NetworkAcl) serving.SubnetTopology {
	out := serving.SubnetTopology{ID: aws.ToString(s.SubnetId), CIDR: prefix(s.CidrBlock)}
	if used := tablesOf(tables, []string{out.ID}); len(used) == 1 {
		out.Table = used[0]
	}
	for _, t := range tables {
		if aws.ToString(t.RouteTableId) == out.Table {
			out.Routes = routeTopology(t)
		}
	}
	for _, acl := range acls {
		own := slices.ContainsFunc(acl.Associations, func(a ec2types.NetworkAclAssociation) bool { return aws.ToString(a.SubnetId) == out.ID })
		if own || out.ACL == "" && aws.ToBool(acl.IsDefault) {
			out.ACL, out.Entries = aws.ToString(acl.NetworkAclId), entryTopology(acl)
		}
	}
	return out
}

// prefix is invalid where there is no range.
func prefix(text *string) netip.Prefix {
	p, _ := netip.ParsePrefix(aws.ToString(text))
	return p
}

func routeTopology(t ec2types.RouteTable) []serving.Route {
	var out []serving.Route
	for _, r := range t.Routes {
		route := serving.Route{To: prefix(r.DestinationCidrBlock), Dead: r.State == ec2types.RouteStateBlackhole}
		route.Kind, route.ID = routeKind(r)
		// Endpoints of S3 and DynamoDB have lists of public ranges, in which neither a
		// load balancer nor a caller is.
		endpoint := r.DestinationPrefixListId != nil && strings.HasPrefix(route.ID, "vpce-")
		if r.DestinationIpv6CidrBlock == nil && !endpoint {
			out = append(out, route)
		}
	}
	return out
}

// routeKind is what a route leads to.
func routeKind(r ec2types.Route) (serving.RouteKind, string) {
	gateway := aws.ToString(r.GatewayId)
	switch {
	case gateway == "local":
		return serving.RouteLocal, "the VPC itself"
	case strings.HasPrefix(gateway, "igw-"):
		return serving.RouteInternet, gateway
	case r.NatGatewayId != nil:
		return serving.RouteNAT, *r.NatGatewayId
	case r.VpcPeeringConnectionId != nil:
		return serving.RoutePeering, *r.VpcPeeringConnectionId
	}
	for _, id := range []*string{r.GatewayId, r.TransitGatewayId, r.NetworkInterfaceId, r.InstanceId, r.LocalGatewayId, r.CarrierGatewayId, r.EgressOnlyInternetGatewayId, r.CoreNetworkArn} {
		if id != nil {
			return serving.RouteOther, *id
		}
	}
	return serving.RouteOther, "something unknown"
}

// entryTopology has the entries about TCP over IPv4 ("-1" is every protocol).
func entryTopology(acl ec2types.NetworkAcl) []serving.ACLEntry {
	var out []serving.ACLEntry
	for _, e := range acl.Entries {
		block, protocol := prefix(e.CidrBlock), aws.ToString(e.Protocol)
		if !block.IsValid() || protocol != "-1" && protocol != "6" {
			continue
		}
		entry := serving.ACLEntry{
			Egress: aws.ToBool(e.Egress), Number: int(aws.ToInt32(e.RuleNumber)), Allow: e.RuleAction == ec2types.RuleActionAllow, Block: block, High: 65535,
		}
		if e.PortRange != nil && protocol == "6" {
			entry.Low, entry.High = int(aws.ToInt32(e.PortRange.From)), int(aws.ToInt32(e.PortRange.To))
		}
		out = append(out, entry)
	}
	return out
}

// groupTopology has what security groups let in by TCP over IPv4.
func groupTopology(groups []ec2types.SecurityGroup) []serving.GroupRule {
	var out []serving.GroupRule
	for _, g := range groups {
		for _, p := range g.IpPermissions {
			rule := serving.GroupRule{High: 65535}
			switch protocol := aws.ToString(p.IpProtocol); {
			case protocol == "tcp" || protocol == "6":
				rule.Low, rule.High = int(aws.ToInt32(p.FromPort)), int(aws.ToInt32(p.ToPort))
			case protocol != "-1":
				continue
			}
			for _, r := range p.IpRanges {
				one := rule
				one.CIDR = prefix(r.CidrIp)
				out = append(out, one)
			}
			for _, l := range p.PrefixListIds {
				one := rule
				one.List = aws.ToString(l.PrefixListId)
				out = append(out, one)
			}
			for _, pair := range p.UserIdGroupPairs {
				one := rule
				one.Group, one.VPC = aws.ToString(pair.GroupId), aws.ToString(g.VpcId)
				if pair.VpcPeeringConnectionId != nil {
					one.VPC = aws.ToString(pair.VpcId)
					one.Stale = pair.PeeringStatus != nil && *pair.PeeringStatus != string(ec2types.VpcPeeringConnectionStateReasonCodeActive)
				}
				out = append(out, one)
			}
		}
	}
	return out
}
