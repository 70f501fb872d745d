package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// ReadPeering reads a peering of which only the id is known. What is as it would
// be without a list is read as no list; who accepts is not kept anywhere.
func (b *Backend) ReadPeering(ctx context.Context, id serving.PeeringID, assumeRoleARN string) (serving.ObservedPeering, error) {
	spec := serving.Peering{Cluster: id.Cluster, Peer: serving.Peer{VPC: id.VPC}, Accept: serving.AcceptAuto}
	c, err := b.client(ctx, id.Cluster.Region)
	if err != nil {
		return serving.ObservedPeering{}, err
	}
	o := peeringOwner(spec)
	found, err := peeringConnections{c, o, &endedPeerings{}}.Find(ctx, objectConnection)
	if err != nil {
		return serving.ObservedPeering{}, explain(err)
	}
	if len(found) == 0 {
		return serving.ObservedPeering{Observation: serving.Observation{Gone: true}}, nil
	}
	accepter := sideOf(found[0].AccepterVpcInfo)
	spec.Peer = serving.Peer{VPC: id.VPC, AccountID: aws.ToString(accepter.OwnerId), Region: aws.ToString(accepter.Region), AssumeRoleARN: assumeRoleARN}
	spec.Tags = userTags(o, fromEC2(found[0].Tags))
	if !accepted(found[0]) {
		spec.Accept = serving.AcceptManual
	}
	spec.DNS = (peeringOptions{requester: true}).dns(found[0])
	p, err := b.peering(ctx, spec)
	if err == nil {
		err = p.recallRoutes(ctx, &spec)
	}
	if err != nil {
		return serving.ObservedPeering{}, explain(err)
	}
	return b.ObservePeering(ctx, spec)
}

// recallRoutes reads which ranges are routed and in which tables.
func (p *peering) recallRoutes(ctx context.Context, spec *serving.Peering) error {
	if p.live == nil || !accepted(p.live) {
		return nil
	}
	s := p.draw(removable)
	for _, way := range []struct {
		side   *peeringSide
		chosen *[]string
		ranges *[]string
		usual  []string
	}{
		{s.clusterSide, &spec.ClusterRouteTables, &spec.CIDRs, rangesOf(p.live.AccepterVpcInfo)},
		{s.peerSide, &spec.PeerRouteTables, nil, nil},
	} {
		if way.side == nil {
			continue
		}
		all, err := way.side.tables(ctx)
		if err != nil {
			return err
		}
		routed, err := way.side.routed(ctx)
		if err != nil {
			return err
		}
		var tables, ranges []string
		for _, r := range routesOf(all, p.connections(way.side), nil).Ours {
			tables, ranges = append(tables, r.Table), append(ranges, r.Destination)
		}
		if len(tables) > 0 && !slices.Equal(sorted(tables), sorted(*routed)) {
			*way.chosen = sorted(tables)
		}
		if way.ranges != nil && len(ranges) > 0 && !slices.Equal(sorted(ranges), sorted(way.usual)) {
			*way.ranges = sorted(ranges)
		}
	}
	return nil
}
