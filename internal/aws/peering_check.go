package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// PreflightPeering reads both networks of a peering that is planned.
func (b *Backend) PreflightPeering(ctx context.Context, spec serving.Peering) ([]serving.Problem, error) {
	if !spec.Known("cluster_id", "peer.vpc", "peer.region", "peer.account_id", "peer.assume_role_arn") {
		return nil, nil
	}
	p, err := b.peering(ctx, spec)
	if err != nil {
		return nil, explain(err)
	}
	problems, err := p.check(ctx)
	return problems, explain(err)
}

// check judges both networks as they are.
func (p *peering) check(ctx context.Context) ([]serving.Problem, error) {
	if p.theirs == nil && p.spec.Accept == serving.AcceptAuto && (p.live == nil || !accepted(p.live)) {
		return []serving.Problem{{Path: "peer.assume_role_arn", Summary: "Peer's credentials are missing", Detail: fmt.Sprintf("The peer VPC %s is in account %s, and the credentials are of account %s. "+
			"Give the ARN of a role in %s that may accept the peering and change its route tables, or write accept = \"manual\".", p.spec.Peer.VPC, p.spec.Peer.AccountID, p.account, p.spec.Peer.AccountID)}}, nil
	}
	var n serving.PeeringRanges
	vpc, problems, err := p.readCluster(ctx, &n)
	if err != nil || len(problems) > 0 {
		return problems, err
	}
	if problems, err = p.readPeer(ctx, &n); err != nil || len(problems) > 0 {
		return problems, err
	}
	if vpc == p.spec.Peer.VPC {
		return []serving.Problem{{Path: "peer.vpc", Summary: "VPC is the cluster's own", Detail: fmt.Sprintf("%s is the VPC of the cluster itself, which has a path to it already. Give another VPC, or remove the peering.", vpc)}}, nil
	}
	if problems, err = p.readOthers(ctx, vpc, &n); err != nil {
		return nil, err
	}
	if problems = append(problems, p.spec.RangeProblems(n)...); len(problems) > 0 || vpc == "" {
		return problems, nil
	}
	if problems, err = p.checkNames(ctx, vpc); err != nil {
		return nil, err
	}
	routes, err := p.checkRoutes(ctx, n)
	return append(problems, routes...), err
}

// readCluster reads the ranges of the cluster, or takes them from its plan. The
// VPC is empty while there is none.
func (p *peering) readCluster(ctx context.Context, n *serving.PeeringRanges) (string, []serving.Problem, error) {
	live, err := p.ours.reader.clusters.Get(ctx, p.spec.Cluster.Name)
	if err != nil {
		return "", nil, err
	}
	if plan := p.spec.Planned; live == nil && plan != nil {
		n.Cluster = serving.Named("network.cidr of the cluster", plan.Network.CIDR)
		n.Inner = serving.Named("its network.service_cidr", plan.Network.ServiceCIDR)
		if plan.Network.VPC == "" || !plan.Known("network.vpc") {
			return "", nil, nil
		}
		found, err := p.ours.readVPC(ctx, plan.Network.VPC)
		if found == nil || err != nil {
			return "", nil, err // The cluster's own preflight says that it is missing.
		}
		n.Cluster = serving.Named("the cluster's VPC", found.ranges()...)
		return plan.Network.VPC, nil, nil
	}
	side, err := p.ours.clusterSide(ctx, p.spec.Cluster.Name)
	if live == nil || isMissing(err) {
		return "", []serving.Problem{{Path: "cluster_id", Summary: "Cluster does not exist", Detail: fmt.Sprintf("There is no cluster %s that this provider has made and completed. "+
			"Create it with serving_cluster first, or correct the id.", p.spec.Cluster)}}, nil
	}
	if err != nil {
		return "", nil, err
	}
	found, err := p.ours.readVPC(ctx, side.vpc)
	if err != nil {
		return "", nil, err
	}
	if found != nil {
		n.Cluster = serving.Named("the cluster's VPC", found.ranges()...)
	}
	if k := live.KubernetesNetworkConfig; k != nil {
		n.Inner = serving.Named("the cluster's service range", aws.ToString(k.ServiceIpv4Cidr))
	}
	return side.vpc, nil, nil
}

// readVPC is nil when there is no such VPC.
func (c *client) readVPC(ctx context.Context, id string) (*existing, error) {
	out, err := c.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}})
	if isCode(err, "InvalidVpcID.NotFound", "InvalidVpcID.Malformed") || err == nil && len(out.Vpcs) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &existing{vpc: out.Vpcs[0]}, nil
}

// readPeer reads the peer VPC where its credentials are there.
func (p *peering) readPeer(ctx context.Context, n *serving.PeeringRanges) ([]serving.Problem, error) {
	if p.theirs == nil {
		return nil, nil
	}
	found, err := p.theirs.readVPC(ctx, p.spec.Peer.VPC)
	var role *RoleError
	if errors.As(err, &role) {
		return []serving.Problem{{Path: "peer.assume_role_arn", Summary: "Role cannot be taken", Detail: explain(err).Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	if found == nil {
		return []serving.Problem{{Path: "peer.vpc", Summary: "Peer VPC does not exist", Detail: fmt.Sprintf("There is no VPC %s in account %s and region %s. Check the id, peer.region, and that peer.assume_role_arn is a role of the account that has it.",
			p.spec.Peer.VPC, p.spec.Peer.AccountID, p.spec.Peer.Region)}}, nil
	}
	if owner := aws.ToString(found.vpc.OwnerId); owner != p.spec.Peer.AccountID {
		return []serving.Problem{{Path: "peer.account_id", Summary: "Peer VPC is of another account", Detail: fmt.Sprintf("VPC %s belongs to account %s and not to %s, with which it is shared at most. Only its owner can accept a peering: give account_id and a role of %s.",
			p.spec.Peer.VPC, owner, p.spec.Peer.AccountID, owner)}}, nil
	}
	n.Peer = serving.Named("the peer VPC", found.ranges()...)
	return nil, nil
}

// readOthers reads the other peerings of both VPCs.
func (p *peering) readOthers(ctx context.Context, vpc string, n *serving.PeeringRanges) ([]serving.Problem, error) {
	var problems []serving.Problem
	if vpc != "" {
		others, err := p.ours.peeringsOf(ctx, vpc)
		if err != nil {
			return nil, err
		}
		for _, o := range others {
			far := otherSide(&o, vpc)
			switch {
			case fromEC2(o.Tags)[tagStack] == p.owner.stack || aws.ToString(o.VpcPeeringConnectionId) == p.owner.lastSeen[objectConnection]:
			case aws.ToString(far.VpcId) == p.spec.Peer.VPC:
				problems = append(problems, serving.Problem{Path: "peer.vpc", Summary: "VPCs are peered already", Detail: fmt.Sprintf("VPC peering connection %s (%s) between %s and %s exists and is not managed here. Two VPCs have one peering at most: delete that one, or keep it and remove this resource.",
					aws.ToString(o.VpcPeeringConnectionId), peeringStatus(&o), vpc, p.spec.Peer.VPC)})
			default:
				n.BesideCluster = append(n.BesideCluster, besides(o, far, "the cluster's VPC")...)
			}
		}
	}
	if p.theirs == nil {
		return problems, nil
	}
	others, err := p.theirs.peeringsOf(ctx, p.spec.Peer.VPC)
	if err != nil {
		return nil, err
	}
	for _, o := range others {
		far := otherSide(&o, p.spec.Peer.VPC)
		mine := slices.ContainsFunc(p.known, func(k ec2types.VpcPeeringConnection) bool {
			return aws.ToString(k.VpcPeeringConnectionId) == aws.ToString(o.VpcPeeringConnectionId)
		})
		if !mine && (vpc == "" || aws.ToString(far.VpcId) != vpc) {
			n.BesidePeer = append(n.BesidePeer, besides(o, far, "the peer VPC")...)
		}
	}
	return problems, nil
}

// besides are the ranges at the far end of another peering that is active.
func besides(o ec2types.VpcPeeringConnection, far ec2types.VpcPeeringConnectionVpcInfo, of string) []serving.NamedRange {
	if !accepted(&o) {
		return nil
	}
	return serving.Named(fmt.Sprintf("%s, to which %s has the peering %s", aws.ToString(far.VpcId), of, aws.ToString(o.VpcPeeringConnectionId)), rangesOf(&far)...)
}
