package gcp

import (
	"context"
	"slices"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"

	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// vpcs are the networks of the clusters' own. What can change of a living one is
// not the cluster's: how far dynamic routes reach, and when firewall policies are
// asked, matters to those alone who add such.
type vpcs struct {
	named[computepb.Network, *computepb.Network]
	// within is the name of the subnetwork that the nodes are in.
	within string
}

var _ stack.Kind[*computepb.Network, computepb.Network] = vpcs{}

func (c *client) vpcs(o owner, name, within string) vpcs {
	return vpcs{named[computepb.Network, *computepb.Network]{
		client: c, owner: o, what: "network", names: []string{name}, all: c.reader.networks,
		how: fields{fixed: []string{"autoCreateSubnetworks", "mtu", "description"}},
	}, within}
}

// Find takes a subnetwork of ours for proof of its network, which cannot go before
// it: a plan saves the call that lists networks. Verbs that change things look.
func (k vpcs) Find(ctx context.Context, object string) ([]*computepb.Network, error) {
	if reads.Live(ctx) {
		return k.named.Find(ctx, object)
	}
	all, err := k.reader.subnetworks.Get(ctx, everything)
	if err != nil {
		return nil, err
	}
	inside := find(all, k.within)
	if !k.owner.marks(inside.GetDescription(), objectSubnetwork) || relative(inside.GetNetwork()) != k.global("networks", k.names[0]) {
		return k.named.Find(ctx, object)
	}
	return []*computepb.Network{{Name: proto.String(k.names[0]), SelfLink: inside.Network}}, nil
}

// Diff shows what no call can put right. A network without an id was not read, but
// is as it was made: nothing of what is compared can change.
func (k vpcs) Diff(object string, want *computepb.Network, live *computepb.Network) []stack.Difference {
	if live.Id == nil {
		return nil
	}
	return slices.DeleteFunc(k.named.Diff(object, want, live), func(d stack.Difference) bool { return !d.Immutable })
}

func (k vpcs) Create(ctx context.Context, object string, want *computepb.Network, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.networks.Insert(ctx, &computepb.InsertNetworkRequest{Project: k.project, RequestId: id, NetworkResource: k.marked(object, want)})
	})
}

// Update has nothing to do: Diff shows nothing that it could change.
func (k vpcs) Update(context.Context, string, *computepb.Network, *computepb.Network, []stack.Difference) error {
	return nil
}

func (k vpcs) Delete(ctx context.Context, live *computepb.Network) error {
	op, err := k.compute.networks.Delete(ctx, &computepb.DeleteNetworkRequest{Project: k.project, Network: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
