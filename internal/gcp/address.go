package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// addresses are what load balancers answer at. Nothing about one can change but
// its labels, so the visibility is part of the name and a change makes a new one.
type addresses struct {
	named[computepb.Address, *computepb.Address]
}

var (
	_ stack.Kind[*computepb.Address, computepb.Address] = addresses{}
	_ stack.Replacer                                    = addresses{}
)

// Replaceable is true because of the visibility.
func (k addresses) Replaceable() {}

func (c *client) addresses(o owner, names []string) addresses {
	return addresses{named[computepb.Address, *computepb.Address]{
		client: c, owner: o, what: "address", names: names, all: c.reader.addresses,
		how: fields{fixed: []string{"name", "description", "addressType", "networkTier", "purpose", "subnetwork"}},
	}}
}

func address(name string, v serving.Visibility, subnetwork string) *computepb.Address {
	if v == serving.Public {
		return &computepb.Address{Name: &name, AddressType: proto.String("EXTERNAL"), NetworkTier: proto.String("PREMIUM")}
	}
	return &computepb.Address{Name: &name, AddressType: proto.String("INTERNAL"), Purpose: proto.String("GCE_ENDPOINT"), Subnetwork: proto.String(computeLink(subnetwork))}
}

func (k addresses) State(live *computepb.Address) stack.State {
	if live.GetStatus() == "RESERVING" {
		return stack.State{Phase: stack.Pending, Reason: "status RESERVING"}
	}
	return stack.State{}
}

func (k addresses) Diff(object string, want *computepb.Address, live *computepb.Address) []stack.Difference {
	return append(k.named.Diff(object, want, live), k.owner.differ(object, live.GetLabels())...)
}

func (k addresses) Create(ctx context.Context, object string, want *computepb.Address, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.addresses.Insert(ctx, &computepb.InsertAddressRequest{Project: k.project, Region: k.region, RequestId: id, AddressResource: k.marked(object, want)})
	})
}

func (k addresses) Update(ctx context.Context, object string, _ *computepb.Address, live *computepb.Address, _ []stack.Difference) error {
	op, err := k.compute.addresses.SetLabels(ctx, &computepb.SetLabelsAddressRequest{Project: k.project, Region: k.region, Resource: live.GetName(),
		RegionSetLabelsRequestResource: &computepb.RegionSetLabelsRequest{LabelFingerprint: live.LabelFingerprint, Labels: k.owner.relabel(object, live.GetLabels())}})
	return outdated(k.done(ctx, op, err))
}

func (k addresses) Delete(ctx context.Context, live *computepb.Address) error {
	op, err := k.compute.addresses.Delete(ctx, &computepb.DeleteAddressRequest{Project: k.project, Region: k.region, Address: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
