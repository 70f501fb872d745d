package gcp

import (
	"context"
	"errors"
	"fmt"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// CreatePeering makes a peering or resumes a create that was interrupted.
func (b *Backend) CreatePeering(ctx context.Context, spec serving.Peering) (serving.ObservedPeering, error) {
	return b.ensurePeering(ctx, spec, stack.Create)
}

// UpdatePeering converges an existing peering.
func (b *Backend) UpdatePeering(ctx context.Context, spec serving.Peering) (serving.ObservedPeering, error) {
	return b.ensurePeering(ctx, spec, stack.Update)
}

// ensurePeering judges both networks before anything is made: the second half would
// be refused when ranges overlap, and the first one be left.
func (b *Backend) ensurePeering(ctx context.Context, spec serving.Peering, mode stack.Mode) (serving.ObservedPeering, error) {
	ctx = reads.WithLive(ctx)
	p, err := b.peering(ctx, spec)
	if err != nil {
		return serving.ObservedPeering{}, explain(err)
	}
	problems, err := p.check(ctx)
	if err == nil {
		err = refused(problems)
	}
	if err != nil {
		return serving.ObservedPeering{}, explain(err)
	}
	s := p.draw(false)
	if err := s.Ensure(ctx, mode); err != nil {
		return serving.ObservedPeering{}, explain(err)
	}
	return s.observed(s.Report()), nil
}

// refused is an error when a problem stops the apply.
func refused(problems []serving.Problem) error {
	var errs []error
	for _, p := range problems {
		if p.Severity == serving.SeverityError {
			errs = append(errs, fmt.Errorf("%s: %s: %s", p.Path, p.Summary, p.Detail))
		}
	}
	return errors.Join(errs...)
}

// ObservePeering reads everything that the spec owns and says what differs.
func (b *Backend) ObservePeering(ctx context.Context, spec serving.Peering) (serving.ObservedPeering, error) {
	p, err := b.peering(ctx, spec)
	if err != nil {
		return serving.ObservedPeering{}, explain(err)
	}
	s := p.draw(false)
	report, err := s.Observe(ctx)
	if err != nil {
		return serving.ObservedPeering{}, explain(err)
	}
	return s.observed(report), nil
}

// DestroyPeering removes everything the peering owns.
func (b *Backend) DestroyPeering(ctx context.Context, spec serving.Peering) error {
	ctx = reads.WithLive(ctx)
	p, err := b.peering(ctx, spec)
	if err != nil {
		return explain(err)
	}
	return explain(p.draw(true).Destroy(ctx))
}

// ReadPeering reads a peering of which only the id is known. Who made the peer's
// half shows in its name, as far as the peer's project can be read.
func (b *Backend) ReadPeering(ctx context.Context, id serving.PeeringID, principal string) (serving.ObservedPeering, error) {
	spec := serving.Peering{Cluster: id.Cluster, Peer: id.Peer(), Accept: serving.AcceptAuto, DNS: true}
	spec.Peer.ImpersonateServiceAccount = principal
	p, err := b.peering(ctx, spec)
	if err != nil {
		return serving.ObservedPeering{}, explain(err)
	}
	if p.half == nil {
		return serving.ObservedPeering{Observation: serving.Observation{Gone: true}}, nil
	}
	var unread error
	if find(p.theirs.halves(ctx, spec.Peer.VPC, &unread), p.name) == nil {
		spec.Accept = serving.AcceptManual
	}
	return b.ObservePeering(ctx, spec)
}

// observed makes the view of a peering from the live objects of its stack.
func (s *peeringStack) observed(report *stack.Report) serving.ObservedPeering {
	if report.Objects[objectIngress] == "" {
		delete(report.Objects, objectIngress) // A peer without ranges needs none.
	}
	out := serving.ObservedPeering{Observation: observation(report), Spec: s.spec, Status: s.status()}
	out.Account = s.ours.project
	if live := s.ourHalf.Live(); live != nil {
		out.ConnectionID = s.ours.global("networks", live.network)
	}
	return out
}
