package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// subnetworks are those of the nodes, with ranges for pods and services, and those
// that the load balancers' proxies are in.
type subnetworks struct {
	named[computepb.Subnetwork, *computepb.Subnetwork]
}

var _ stack.Kind[*computepb.Subnetwork, computepb.Subnetwork] = subnetworks{}

func (c *client) subnetworks(o owner, name string) subnetworks {
	return subnetworks{named[computepb.Subnetwork, *computepb.Subnetwork]{
		client: c, owner: o, what: "subnetwork", names: []string{name}, all: c.reader.subnetworks,
		how: fields{
			fixed: []string{"network", "ipCidrRange", "purpose", "stackType", "description"},
			empty: []string{"logConfig.enable"},
		},
	}}
}

// State is not usable while the addresses of a proxy-only subnetwork are being
// given up to another (Subnetwork.state: DRAINING).
func (k subnetworks) State(live *computepb.Subnetwork) stack.State {
	if live.GetState() == "DRAINING" {
		return stack.State{Phase: stack.Pending, Reason: "draining"}
	}
	return stack.State{}
}

func (k subnetworks) Create(ctx context.Context, object string, want *computepb.Subnetwork, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.subnetworks.Insert(ctx, &computepb.InsertSubnetworkRequest{Project: k.project, Region: k.region, RequestId: id, SubnetworkResource: k.marked(object, want)})
	})
}

func (k subnetworks) Update(ctx context.Context, _ string, want *computepb.Subnetwork, live *computepb.Subnetwork, diffs []stack.Difference) error {
	if has(diffs, "privateIpGoogleAccess") {
		op, err := k.compute.subnetworks.SetPrivateIpGoogleAccess(ctx, &computepb.SetPrivateIpGoogleAccessSubnetworkRequest{
			Project: k.project, Region: k.region, Subnetwork: live.GetName(),
			SubnetworksSetPrivateIpGoogleAccessRequestResource: &computepb.SubnetworksSetPrivateIpGoogleAccessRequest{PrivateIpGoogleAccess: want.PrivateIpGoogleAccess},
		})
		// That changes the fingerprint; the rest is for the next round.
		return k.done(ctx, op, err)
	}
	change := &computepb.Subnetwork{Fingerprint: live.Fingerprint}
	switch {
	case has(diffs, "secondaryIpRanges"):
		change.SecondaryIpRanges = want.GetSecondaryIpRanges()
	case has(diffs, "logConfig"):
		off := false
		change.LogConfig = &computepb.SubnetworkLogConfig{Enable: &off}
	case has(diffs, "role"):
		change.Role = want.Role
	}
	op, err := k.compute.subnetworks.Patch(ctx, &computepb.PatchSubnetworkRequest{Project: k.project, Region: k.region, Subnetwork: live.GetName(), SubnetworkResource: change})
	return outdated(k.done(ctx, op, err))
}

func (k subnetworks) Delete(ctx context.Context, live *computepb.Subnetwork) error {
	op, err := k.compute.subnetworks.Delete(ctx, &computepb.DeleteSubnetworkRequest{Project: k.project, Region: k.region, Subnetwork: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
