package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// routers carry the nodes' way out: each has one NAT gateway, which is part of it.
type routers struct {
	named[computepb.Router, *computepb.Router]
}

var _ stack.Kind[*computepb.Router, computepb.Router] = routers{}

func (c *client) routers(o owner, name string) routers {
	return routers{named[computepb.Router, *computepb.Router]{
		client: c, owner: o, what: "router", names: []string{name}, all: c.reader.routers,
		how: fields{fixed: []string{"network"}, empty: []string{"bgpPeers", "interfaces"}},
	}}
}

// natRouter is a router whose NAT gateway serves every range of the network. What
// is not the user's is written as the cloud's own defaults (Compute Engine API
// reference, RouterNat).
func natRouter(name, network string) *computepb.Router {
	return &computepb.Router{Name: &name, Network: proto.String(computeLink(network)), Nats: []*computepb.RouterNat{{
		Name: proto.String("nat"), Type: proto.String("PUBLIC"), AutoNetworkTier: proto.String("PREMIUM"), EndpointTypes: []string{"ENDPOINT_TYPE_VM"},
		NatIpAllocateOption:              proto.String("AUTO_ONLY"),
		SourceSubnetworkIpRangesToNat:    proto.String("ALL_SUBNETWORKS_ALL_IP_RANGES"),
		EnableEndpointIndependentMapping: proto.Bool(false), EnableDynamicPortAllocation: proto.Bool(false),
		MinPortsPerVm: proto.Int32(64), UdpIdleTimeoutSec: proto.Int32(30), IcmpIdleTimeoutSec: proto.Int32(30),
		TcpEstablishedIdleTimeoutSec: proto.Int32(1200), TcpTransitoryIdleTimeoutSec: proto.Int32(30), TcpTimeWaitTimeoutSec: proto.Int32(120),
		LogConfig: &computepb.RouterNatLogConfig{Enable: proto.Bool(false)},
	}}}
}

func (k routers) Create(ctx context.Context, object string, want *computepb.Router, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.routers.Insert(ctx, &computepb.InsertRouterRequest{Project: k.project, Region: k.region, RequestId: id, RouterResource: k.marked(object, want)})
	})
}

// Update writes the whole router, so that what somebody has added goes.
func (k routers) Update(ctx context.Context, object string, want *computepb.Router, live *computepb.Router, _ []stack.Difference) error {
	op, err := k.compute.routers.Update(ctx, &computepb.UpdateRouterRequest{Project: k.project, Region: k.region, Router: live.GetName(), RouterResource: k.marked(object, want)})
	return outdated(k.done(ctx, op, err))
}

func (k routers) Delete(ctx context.Context, live *computepb.Router) error {
	op, err := k.compute.routers.Delete(ctx, &computepb.DeleteRouterRequest{Project: k.project, Region: k.region, Router: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
