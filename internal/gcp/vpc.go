package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// vpcs are the networks of the clusters' own.
type vpcs struct {
	named[computepb.Network, *computepb.Network]
}

var _ stack.Kind[*computepb.Network, computepb.Network] = vpcs{}

func (c *client) vpcs(o owner, name string) vpcs {
	return vpcs{named[computepb.Network, *computepb.Network]{
		client: c, owner: o, what: "network", names: []string{name}, all: c.reader.networks,
		how: fields{fixed: []string{"autoCreateSubnetworks", "mtu", "description"}},
	}}
}

func (k vpcs) Create(ctx context.Context, object string, want *computepb.Network, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.networks.Insert(ctx, &computepb.InsertNetworkRequest{Project: k.project, RequestId: id, NetworkResource: k.marked(object, want)})
	})
}

func (k vpcs) Update(ctx context.Context, _ string, want *computepb.Network, live *computepb.Network, _ []stack.Difference) error {
	op, err := k.compute.networks.Patch(ctx, &computepb.PatchNetworkRequest{Project: k.project, Network: live.GetName(), NetworkResource: &computepb.Network{
		RoutingConfig: want.GetRoutingConfig(), NetworkFirewallPolicyEnforcementOrder: want.NetworkFirewallPolicyEnforcementOrder,
	}})
	return k.done(ctx, op, err)
}

func (k vpcs) Delete(ctx context.Context, live *computepb.Network) error {
	op, err := k.compute.networks.Delete(ctx, &computepb.DeleteNetworkRequest{Project: k.project, Network: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
