package serving

import (
	"net/netip"
	"strings"
)

var (
	ruleRouteTableID       = mustNot("route_table_id", "Invalid route table id")
	ruleRouteTableRepeated = mustNot("route_table_repeated", "Route table is listed twice")
	rulePeerAccount        = mustNot("peer_account", "Invalid account of the peer")
	rulePeerRoleAccount    = mustNot("peer_role_account", "Role is of another account than the peer")
	rulePeerPartition      = mustNot("peer_partition", "Peer is in another partition")
	rulePeerRangeSize      = mustNot("peer_range_size", "Range is larger than any VPC")
	rulePeerOfGCP          = mustNot("peer_arguments_gcp", "Argument is for a peer on GCP")
)

// widestVPC is the prefix length of the largest range of a VPC (VPC User Guide,
// "VPC CIDR blocks").
const widestVPC = 16

// peer judges where the other VPC is. The cluster's id is the room's to judge.
func (awsRules) peer(f *findings, p Peering) {
	const vpc, account, region, role = "peer.vpc", "peer.account_id", "peer.region", "peer.assume_role_arn"
	if f.known(vpc) && !ec2ID("vpc-", p.Peer.VPC) {
		f.add(rulePeerVPC.at(vpc, "%q is not the id of a VPC, as in \"vpc-0123456789abcdef0\". Copy it from \"aws ec2 describe-vpcs\" in the peer's account and region.", p.Peer.VPC))
	}
	if f.known(account) && p.Peer.AccountID != "" && !accountSyntax.MatchString(p.Peer.AccountID) {
		f.add(rulePeerAccount.at(account, "%q is not the id of an AWS account, which has 12 digits. Write it in quotes, as in \"111122223333\", with its leading zeros.", p.Peer.AccountID))
	}
	if f.known(region) && p.Peer.Region != "" {
		f.peerRegion(region, p)
	}
	if f.known(role) && p.Peer.AssumeRoleARN != "" {
		f.peerRole(role, account, p)
	}
	for _, other := range []struct{ path, value string }{{"peer.project", p.Peer.Project}, {"peer.impersonate_service_account", p.Peer.ImpersonateServiceAccount}} {
		if other.value != "" && f.known(other.path) {
			f.add(rulePeerOfGCP.at(other.path, "The cluster is on AWS, and so is its peer. A VPC is found by account_id and region, and reached by assume_role_arn. Write those in its place."))
		}
	}
}

func (f *findings) peerRegion(path string, p Peering) {
	switch {
	case !awsRegionSyntax.MatchString(p.Peer.Region):
		f.add(ruleRegion.at(path, "%q is not the code of an AWS region. A code looks like \"us-west-2\" or \"eu-central-1\". See \"aws account list-regions\" for the peer's.", p.Peer.Region))
	case f.known("cluster_id") && awsRegionSyntax.MatchString(p.Cluster.Region) && PartitionOf(p.Peer.Region) != PartitionOf(p.Cluster.Region):
		f.add(rulePeerPartition.at(path, "The peer's region %s is in the partition %q and the cluster's region %s in %q. VPCs of different partitions cannot be peered. Choose a VPC in the cluster's partition.",
			p.Peer.Region, PartitionOf(p.Peer.Region), p.Cluster.Region, PartitionOf(p.Cluster.Region)))
	}
}

func (f *findings) peerRole(path, account string, p Peering) {
	role := p.Peer.AssumeRoleARN
	a, ok := parseARN(role)
	if !ok || a.service != "iam" || a.region != "" || !accountSyntax.MatchString(a.account) || !roleOK(a.resource) {
		f.add(ruleRoleARN.at(path, "%q is not the ARN of an IAM role, as in \"arn:aws:iam::111122223333:role/peering\". Copy it from \"aws iam get-role\" in the peer's account, "+
			"or leave it out where the peer VPC is in the cluster's account.", role))
		return
	}
	if f.known("cluster_id") {
		f.partition(path, role, a, Cluster{Region: p.Cluster.Region})
	}
	if f.known(account) && accountSyntax.MatchString(p.Peer.AccountID) && a.account != p.Peer.AccountID {
		f.add(rulePeerRoleAccount.at(path, "The role is of account %s, and account_id is %s. The role must be one of the account that has the peer VPC. Correct one of them, or leave account_id out.",
			a.account, p.Peer.AccountID))
	}
}

func (f *findings) routeTables(list string, ids []string) {
	for i, id := range ids {
		if path := item(list, i); f.known(path) && !ec2ID("rtb-", id) {
			f.add(ruleRouteTableID.at(path, "%q is not the id of a route table, as in \"rtb-0123456789abcdef0\". Copy it from \"aws ec2 describe-route-tables\".", id))
		}
	}
	f.repeated(list, ids, func(path, value string, first int) {
		f.add(ruleRouteTableRepeated.at(path, "%s is already at index %d. Remove one of the two.", value, first))
	})
}

func (awsRules) routing(f *findings, p Peering) {
	f.routeTables("cluster_route_tables", p.ClusterRouteTables)
	f.routeTables("peer_route_tables", p.PeerRouteTables)
	f.ranges("cidrs", p.CIDRs, func(path string, r netip.Prefix) {
		if r.Bits() < widestVPC {
			f.add(rulePeerRangeSize.at(path, "%s is a /%d, and no VPC has a range larger than /%d. It is a range of the peer VPC, or a part of one. Write such a range.", r, r.Bits(), widestVPC))
		}
	})
}

// source judges where callers are that are in a VPC.
func (awsRules) source(f *findings, s Source) {
	if !strings.HasPrefix(s.VPC, "vpc-") {
		f.add(ruleVPCID.at("from.vpc", "%q is not the id of a VPC, which starts with \"vpc-\". Copy it from the console or from aws_vpc.<name>.id.", s.VPC))
	}
	for _, other := range []struct{ path, value string }{{"from.project", s.Project}, {"from.impersonate_service_account", s.ImpersonateServiceAccount}} {
		if other.value != "" {
			f.add(rulePeerOfGCP.at(other.path, "The cluster is on AWS, and so are its callers. A VPC is found by account_id and region, and read by assume_role_arn. Write those in its place."))
		}
	}
}
