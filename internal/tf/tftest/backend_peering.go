package tftest

import (
	"cmp"
	"context"
	"maps"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Peering is what the backend stores of one.
type Peering struct {
	Spec   serving.Peering
	Drift  map[string][]string
	Status string
	// Ended is why the connection is gone; it is told once there is none.
	Ended string
}

// ConnectionID is the id of every connection.
const ConnectionID = "pcx-0123456789abcdef0"

// ChangePeering changes a peering behind Terraform's back; nil when there is none.
func (b *Backend) ChangePeering(id string, change func(*Peering)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.peerings[id])
}

// PreflightPeering finds what PeeringPreflight says.
func (b *Backend) PreflightPeering(ctx context.Context, _ serving.Peering) ([]serving.Problem, error) {
	return b.PeeringPreflight, b.call(ctx, "PreflightPeering")
}

// CreatePeering stores a peering.
func (b *Backend) CreatePeering(ctx context.Context, spec serving.Peering) (serving.ObservedPeering, error) {
	return b.putPeering(ctx, "CreatePeering", spec)
}

// UpdatePeering stores the spec and repairs all drift.
func (b *Backend) UpdatePeering(ctx context.Context, spec serving.Peering) (serving.ObservedPeering, error) {
	return b.putPeering(ctx, "UpdatePeering", spec)
}

func (b *Backend) putPeering(ctx context.Context, name string, spec serving.Peering) (serving.ObservedPeering, error) {
	if err := b.call(ctx, name); err != nil {
		return serving.ObservedPeering{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.peerings == nil {
		b.peerings = map[string]*Peering{}
	}
	id := spec.ID().String()
	p := &Peering{Spec: spec, Status: serving.PeeringActive}
	if old := b.peerings[id]; spec.Accept == serving.AcceptManual && (old == nil || old.Status != serving.PeeringActive) {
		p.Status = serving.PeeringPending
	}
	b.peerings[id] = p
	return p.observed(), nil
}

func (p *Peering) observed() serving.ObservedPeering {
	spec := p.Spec
	spec.Unknown, spec.Planned = nil, nil
	if serving.RegionalNetworks(spec.Cluster.Cloud) {
		spec.Peer.AccountID = cmp.Or(spec.PeerAccount(), account)
		spec.Peer.Region = spec.PeerRegion()
	}
	objects := map[string]string{"connection": ConnectionID}
	if p.Status == serving.PeeringActive {
		objects["routes/cluster"] = "rtb-0a 10.60.0.0/16 " + ConnectionID
	}
	return serving.ObservedPeering{
		Observation: serving.Observation{Account: account, Objects: objects, Drift: maps.Clone(p.Drift)},
		Spec:        spec, ConnectionID: ConnectionID, Status: p.Status,
	}
}

// ObservePeering gives what is stored.
func (b *Backend) ObservePeering(ctx context.Context, spec serving.Peering) (serving.ObservedPeering, error) {
	if err := b.call(ctx, "ObservePeering"); err != nil {
		return serving.ObservedPeering{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.peerings[spec.ID().String()]
	if p == nil || p.Ended != "" {
		gone := serving.ObservedPeering{Observation: serving.Observation{Gone: true, Account: account}, Spec: spec}
		if p != nil {
			gone.Ended = p.Ended
		}
		return gone, nil
	}
	return p.observed(), nil
}

// ReadPeering gives what is stored, without who reads it, which no cloud keeps.
func (b *Backend) ReadPeering(ctx context.Context, id serving.PeeringID, principal string) (serving.ObservedPeering, error) {
	found, err := b.ObservePeering(ctx, serving.Peering{Cluster: id.Cluster, Peer: id.Peer()})
	if id.Cluster.Cloud == serving.AWS {
		found.Spec.Peer.AssumeRoleARN = principal
	} else {
		found.Spec.Peer.ImpersonateServiceAccount = principal
	}
	found.Spec.Accept = serving.AcceptAuto
	return found, err
}

// DestroyPeering forgets a peering.
func (b *Backend) DestroyPeering(ctx context.Context, spec serving.Peering) error {
	if err := b.call(ctx, "DestroyPeering"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.peerings, spec.ID().String())
	return nil
}
