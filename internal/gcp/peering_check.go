package gcp

import (
	"context"
	"fmt"
	"net/http"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// PreflightPeering reads both networks of a peering that is planned.
func (b *Backend) PreflightPeering(ctx context.Context, spec serving.Peering) ([]serving.Problem, error) {
	if !spec.Known("cluster_id", "peer.vpc", "peer.project", "peer.impersonate_service_account", "accept") {
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
	var n serving.PeeringRanges
	network, problems, err := p.readCluster(ctx, &n)
	if err != nil || len(problems) > 0 {
		return problems, err
	}
	if network != "" && p.ours.global("networks", network) == p.peerLink() {
		return []serving.Problem{{Path: "peer.vpc", Summary: "VPC is the cluster's own", Detail: fmt.Sprintf("%s is the network of the cluster itself, which has a path to it already. Give another network, or remove the peering.", network)}}, nil
	}
	if problems, err = p.readPeer(ctx, &n); err != nil || len(problems) > 0 {
		return problems, err
	}
	if problems, err = p.readOthers(ctx, network, &n); err != nil {
		return nil, err
	}
	return append(problems, p.spec.RangeProblems(n)...), nil
}

// readCluster reads the ranges of the cluster's network, or takes them from its
// plan. The name is empty while there is none.
func (p *peering) readCluster(ctx context.Context, n *serving.PeeringRanges) (string, []serving.Problem, error) {
	link, err := p.ours.networkOf(ctx, p.spec.Cluster.Name)
	if err != nil {
		return "", nil, err
	}
	network := lastOf(link)
	if plan := p.spec.Planned; link == "" && plan != nil {
		if !plan.Known("network.vpc", "network.cidr", "network.pod_cidr", "network.service_cidr") {
			return "", nil, nil
		}
		if plan.Network.Own() {
			// Where there is no layout, the rules on the cluster say why.
			if layout, err := plan.Network.Ranges(); err == nil {
				n.Cluster = serving.Named("network.cidr of the cluster", layout.Nodes.String(), layout.Proxies.String())
				n.Inner = append(serving.Named("its range of pods", layout.Pods.String()), serving.Named("its range of services", layout.Services.String())...)
			}
			return "", nil, nil
		}
		network = plan.Network.VPC
		n.Inner = append(serving.Named("the cluster's network.pod_cidr", plan.Network.PodCIDR), serving.Named("its network.service_cidr", plan.Network.ServiceCIDR)...)
	} else if link == "" {
		return "", []serving.Problem{{Path: "cluster_id", Summary: "Cluster does not exist", Detail: fmt.Sprintf("There is no cluster %s that this provider has made and completed. "+
			"Create it with serving_cluster first, or correct the id.", p.spec.Cluster)}}, nil
	}
	ranges, err := p.ours.rangesIn(ctx, network, "")
	n.Cluster = serving.Named("the cluster's network", ranges...)
	return network, nil, err
}

// readPeer reads the peer's network. What is made by hand there need not be readable.
func (p *peering) readPeer(ctx context.Context, n *serving.PeeringRanges) ([]serving.Problem, error) {
	all, err := p.theirs.reader.networks.Get(ctx, everything)
	if isCode(err, http.StatusForbidden, http.StatusNotFound) {
		if p.byHand() {
			return nil, nil
		}
		return []serving.Problem{{Path: "peer.project", Summary: "Peer's project cannot be read", Detail: fmt.Sprintf("The networks of the project %s cannot be listed: %v. "+
			"Give a service account that may change them as impersonate_service_account, or write accept = \"manual\".", p.theirs.project, explain(err))}}, nil
	}
	if err != nil {
		return nil, err
	}
	if find(all, p.spec.Peer.VPC) == nil {
		return []serving.Problem{{Path: "peer.vpc", Summary: "Peer VPC does not exist", Detail: fmt.Sprintf("There is no network %s in the project %s. Check the name, and peer.project.", p.spec.Peer.VPC, p.theirs.project)}}, nil
	}
	ranges, err := p.theirs.rangesIn(ctx, p.spec.Peer.VPC, "")
	n.Peer = serving.Named("the peer's network", ranges...)
	return nil, err
}

// readOthers reads the other peerings of both networks.
func (p *peering) readOthers(ctx context.Context, network string, n *serving.PeeringRanges) ([]serving.Problem, error) {
	var problems []serving.Problem
	cluster := ""
	if network != "" {
		cluster = p.ours.global("networks", network)
		beside, problem, err := p.beside(ctx, p.ours, network, p.peerLink(), "the cluster's network")
		if err != nil {
			return nil, err
		}
		problems, n.BesideCluster = append(problems, problem...), beside
	}
	if len(n.Peer) == 0 || p.byHand() {
		return problems, nil
	}
	beside, problem, err := p.beside(ctx, p.theirs, p.spec.Peer.VPC, cluster, "the peer's network")
	n.BesidePeer = beside
	return append(problems, problem...), err
}

// beside are the ranges that arrive at a network from other peers, and the problem
// of a peering with the other network that is not ours.
func (p *peering) beside(ctx context.Context, c *client, network, other, of string) ([]serving.NamedRange, []serving.Problem, error) {
	var ranges []serving.NamedRange
	var failed error
	for _, half := range c.halves(ctx, network, &failed) {
		far := relative(half.GetNetwork())
		switch {
		case half.GetName() == p.name:
		case far == other:
			return nil, []serving.Problem{{Path: "peer.vpc", Summary: "VPCs are peered already", Detail: fmt.Sprintf("Peering %s (%s) of network %s with %s exists and is not managed here. Two networks have one peering at most: delete that one, or keep it and remove this resource.",
				half.GetName(), half.GetState(), network, far)}}, nil
		case half.GetState() == peeringConnected:
			found, err := c.arriving(ctx, network, half.GetName())
			if err != nil {
				return nil, nil, err
			}
			ranges = append(ranges, serving.Named(farName(half, of), found...)...)
		}
	}
	return ranges, nil, failed
}

func farName(half *computepb.NetworkPeering, of string) string {
	return fmt.Sprintf("%s, to which %s has the peering %s", relative(half.GetNetwork()), of, half.GetName())
}
