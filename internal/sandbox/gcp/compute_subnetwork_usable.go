package gcp

import (
	"cloud.google.com/go/compute/apiv1/computepb"
)

// usableSubnetwork is a subnetwork as listUsable shows it, which does not show the name.
type usableSubnetwork struct {
	*computepb.UsableSubnetwork
	name string
}

// GetName is what lists are sorted by.
func (u usableSubnetwork) GetName() string { return u.name }

func init() {
	handle("google.cloud.compute.v1.Subnetworks.ListUsable", (*call).listUsable)
}

// listUsable lists the subnetworks of a project, in every region.
func (c *call) listUsable(in *computepb.ListUsableSubnetworksRequest) (*computepb.UsableSubnetworksAggregatedList, error) {
	var all []placed[usableSubnetwork]
	for _, p := range subnetworks.everywhere(c) {
		s := p.item
		one := &computepb.UsableSubnetwork{
			Subnetwork: s.SelfLink, Network: s.Network, IpCidrRange: s.IpCidrRange, Purpose: s.Purpose, Role: s.Role, StackType: s.StackType,
		}
		for _, r := range s.SecondaryIpRanges {
			one.SecondaryIpRanges = append(one.SecondaryIpRanges, &computepb.UsableSubnetworkSecondaryRange{RangeName: r.RangeName, IpCidrRange: r.IpCidrRange})
		}
		all = append(all, placed[usableSubnetwork]{p.scope, usableSubnetwork{one, s.GetName()}})
	}
	list, next, err := items(paged(all, in))
	out := &computepb.UsableSubnetworksAggregatedList{NextPageToken: next, Id: new("projects/" + c.Project + "/aggregated/usableSubnetworks")}
	for _, u := range list {
		out.Items = append(out.Items, u.UsableSubnetwork)
	}
	return out, err
}
