package gcp

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// networkPeerings are the two halves of a peering: each network has one of its own,
// and they are active when both are there. A half has a name and nothing that could
// carry a mark, so the name is made of both networks and the cluster.
type networkPeerings struct {
	*client
	name string
	// network is the name of the network that has the half, empty when nobody knows
	// it any more, and peer the other network's, from the project on.
	network, peer func(context.Context) (string, error)
	// root says that the half carries the seal. The other is made last.
	root bool
	// ranges are those that the peer has, as this half tells; nil leaves that out.
	ranges func(ctx context.Context, network, name string) ([]string, error)
}

type networkPeeringSpec struct {
	// Network is the name of the network that has the half, and Peer is the other,
	// from the project on.
	Network, Peer string
}

type networkPeering struct {
	*computepb.NetworkPeering
	project, network string
	// ranges are those of the peer that are routed.
	ranges []string
}

var (
	_ stack.Kind[networkPeeringSpec, networkPeering] = networkPeerings{}
	_ stack.Sealer[networkPeering]                   = networkPeerings{}
)

// The states of a half (compute NetworkPeering.state).
const peeringConnected = "ACTIVE"

func (k networkPeerings) Find(ctx context.Context, _ string) ([]*networkPeering, error) {
	network, err := k.network(ctx)
	if err != nil || network == "" {
		return nil, err
	}
	for _, half := range k.halves(ctx, network, &err) {
		if half.GetName() != k.name {
			continue
		}
		peer, err := k.peer(ctx)
		if err == nil && peer != "" && relative(half.GetNetwork()) != peer {
			err = &stack.ForeignError{What: fmt.Sprintf("peering %s of network %s with %s", k.name, network, relative(half.GetNetwork()))}
		}
		live := &networkPeering{NetworkPeering: half, project: k.project, network: network}
		if k.ranges != nil && err == nil && half.GetState() == peeringConnected {
			live.ranges, err = k.ranges(ctx, network, k.name)
		}
		return []*networkPeering{live}, err
	}
	return nil, err
}

// halves are those of a network, none when it does not exist.
func (c *client) halves(ctx context.Context, network string, err *error) []*computepb.NetworkPeering {
	all, failed := c.reader.networks.Get(ctx, everything)
	*err = failed
	return find(all, network).GetPeerings()
}

func (k networkPeerings) ID(live *networkPeering) string {
	return "projects/" + live.project + "/global/networks/" + live.network + "/peerings/" + live.GetName()
}

// State of the half that is made last is that of both.
func (k networkPeerings) State(live *networkPeering) stack.State {
	if !k.root && live.GetState() != peeringConnected {
		return stack.State{Phase: stack.Pending, Reason: live.GetStateDetails()}
	}
	return stack.State{}
}

// Sealed: a half has no label, so the routes of VPNs and routers are exchanged when
// everything else has converged, and that is the seal.
func (k networkPeerings) Sealed(live *networkPeering) bool {
	return live.GetExportCustomRoutes() && live.GetImportCustomRoutes()
}

func (k networkPeerings) Seal(ctx context.Context, live *networkPeering) error {
	return k.set(ctx, live, true, nil)
}

func (k networkPeerings) Diff(_ string, want networkPeeringSpec, live *networkPeering) []stack.Difference {
	diffs := fixed("network", relative(live.GetNetwork()), want.Peer)
	diffs = append(diffs, fixed("exchangeSubnetRoutes", live.GetExchangeSubnetRoutes(), true)...)
	diffs = append(diffs, same("exportSubnetRoutesWithPublicIp", live.GetExportSubnetRoutesWithPublicIp(), true)...)
	diffs = append(diffs, same("importSubnetRoutesWithPublicIp", live.GetImportSubnetRoutesWithPublicIp(), true)...)
	if live.StackType != nil {
		diffs = append(diffs, same("stackType", live.GetStackType(), "IPV4_ONLY")...)
	}
	if !k.root {
		diffs = append(diffs, same("exportCustomRoutes", live.GetExportCustomRoutes(), true)...)
		diffs = append(diffs, same("importCustomRoutes", live.GetImportCustomRoutes(), true)...)
	}
	return diffs
}

// half is a half as it should be; custom routes are exchanged when sealed.
func (k networkPeerings) half(sealed bool) *computepb.NetworkPeering {
	return &computepb.NetworkPeering{
		Name: &k.name, ExportCustomRoutes: &sealed, ImportCustomRoutes: &sealed,
		// A network of public addresses that are used as private ones is peered as any.
		ExportSubnetRoutesWithPublicIp: proto.Bool(true), ImportSubnetRoutesWithPublicIp: proto.Bool(true), StackType: proto.String("IPV4_ONLY"),
	}
}

// Create makes a half. Two networks have one peering at most: one that is not ours
// is never taken over.
func (k networkPeerings) Create(ctx context.Context, object string, want networkPeeringSpec, token string) error {
	var err error
	for _, other := range k.halves(ctx, want.Network, &err) {
		if other.GetName() != k.name && relative(other.GetNetwork()) == want.Peer {
			return &stack.ForeignError{What: fmt.Sprintf("peering %s of network %s with %s", other.GetName(), want.Network, want.Peer)}
		}
	}
	if err != nil {
		return err
	}
	half := k.half(!k.root)
	half.Network, half.ExchangeSubnetRoutes = proto.String(computeLink(want.Peer)), proto.Bool(true)
	defer k.alone(want.Network, want.Peer)()
	return k.insert(ctx, token, func(ctx context.Context) (bool, error) {
		found, err := k.Find(ctx, object)
		return len(found) > 0, err
	}, func(id *string) (*compute.Operation, error) {
		return k.unhindered(ctx, func() (*compute.Operation, error) {
			return k.compute.networks.AddPeering(ctx, &computepb.AddPeeringNetworkRequest{
				Project: k.project, Network: want.Network, RequestId: id,
				NetworksAddPeeringRequestResource: &computepb.NetworksAddPeeringRequest{NetworkPeering: half},
			})
		})
	})
}

func (k networkPeerings) Update(ctx context.Context, _ string, _ networkPeeringSpec, live *networkPeering, diffs []stack.Difference) error {
	return k.set(ctx, live, !k.root || k.Sealed(live), diffs)
}

// set writes whether a half exchanges custom routes, which is what the API says can
// change (compute Networks.updatePeering). The rest is not sent along, unless
// somebody has changed it: it may be refused.
func (k networkPeerings) set(ctx context.Context, live *networkPeering, sealed bool, diffs []stack.Difference) error {
	change, whole := &computepb.NetworkPeering{Name: &k.name, ExportCustomRoutes: &sealed, ImportCustomRoutes: &sealed}, k.half(sealed)
	if has(diffs, "exportSubnetRoutesWithPublicIp", "importSubnetRoutesWithPublicIp") {
		change.ExportSubnetRoutesWithPublicIp, change.ImportSubnetRoutesWithPublicIp = whole.ExportSubnetRoutesWithPublicIp, whole.ImportSubnetRoutesWithPublicIp
	}
	if has(diffs, "stackType") {
		change.StackType = whole.StackType
	}
	defer k.alone(live.network, relative(live.GetNetwork()))()
	op, err := k.unhindered(ctx, func() (*compute.Operation, error) {
		return k.compute.networks.UpdatePeering(ctx, &computepb.UpdatePeeringNetworkRequest{
			Project: k.project, Network: live.network,
			NetworksUpdatePeeringRequestResource: &computepb.NetworksUpdatePeeringRequest{NetworkPeering: change},
		})
	})
	return k.done(ctx, op, err)
}

func (k networkPeerings) Delete(ctx context.Context, live *networkPeering) error {
	defer k.alone(live.network, relative(live.GetNetwork()))()
	op, err := k.unhindered(ctx, func() (*compute.Operation, error) {
		return k.compute.networks.RemovePeering(ctx, &computepb.RemovePeeringNetworkRequest{
			Project: k.project, Network: live.network,
			NetworksRemovePeeringRequestResource: &computepb.NetworksRemovePeeringRequest{Name: proto.String(live.GetName())},
		})
	})
	err = k.done(ctx, op, err)
	if isCode(err, http.StatusBadRequest) {
		// What is not there is refused with no reason of its own: look.
		var failed error
		if find(k.halves(ctx, live.network, &failed), live.GetName()) == nil && failed == nil {
			return nil
		}
	}
	return absent(err)
}

// unhindered starts an operation on a peering, waiting while another one runs on one
// of the networks that somebody else has started.
func (c *client) unhindered(ctx context.Context, start func() (*compute.Operation, error)) (op *compute.Operation, err error) {
	err = c.poll.Until(ctx, func(time.Duration) (bool, error) {
		var failed error
		op, failed = start()
		if hindered(failed) {
			return false, nil
		}
		return failed == nil, failed
	})
	return op, err
}

// hindered reports whether a refusal is about another operation. Its code is that of
// any bad request, so there is nothing but its text.
func hindered(err error) bool {
	api := answer(err)
	return api != nil && api.Code == http.StatusBadRequest && strings.Contains(api.Message+api.Body, "operation in progress on the local or peer network")
}

// alone keeps the peering operations of this process on two networks apart. It gives
// the function that ends it.
func (c *client) alone(network, peer string) func() {
	var locked []*sync.Mutex
	for _, name := range sorted([]string{c.global("networks", network), peer}) {
		held, _ := c.locks.LoadOrStore(name, &sync.Mutex{})
		mu, ok := held.(*sync.Mutex)
		if !ok {
			panic("gcp: what is kept under a network's name is no lock")
		}
		mu.Lock()
		locked = append(locked, mu)
	}
	return func() {
		for _, mu := range slices.Backward(locked) {
			mu.Unlock()
		}
	}
}
