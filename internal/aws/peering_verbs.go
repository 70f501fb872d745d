package aws

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

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

// ensurePeering judges both networks before anything is made: a connection whose
// ranges overlap would be asked for, and fail.
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
	s := p.draw(p.extent())
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
	s := p.draw(p.extent())
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
	return explain(p.draw(removable).Destroy(ctx))
}

// observed makes the view of a peering from the live objects of its stack.
func (s *peeringStack) observed(report *stack.Report) serving.ObservedPeering {
	out := serving.ObservedPeering{Observation: observation(report), Spec: s.spec, Ended: s.ended()}
	out.Account = s.account
	if live := s.current(); live != nil {
		out.ConnectionID, out.Status = aws.ToString(live.VpcPeeringConnectionId), string(peeringStatus(live))
		accepter := sideOf(live.AccepterVpcInfo)
		out.Spec.Peer.AccountID, out.Spec.Peer.Region = aws.ToString(accepter.OwnerId), aws.ToString(accepter.Region)
	}
	for _, diffs := range report.Drift {
		for _, d := range diffs {
			if d.Attribute == "dns_resolution" {
				out.Spec.DNS = !s.spec.DNS
			}
		}
	}
	return out
}

// isMissing reports whether a lookup has not found what it looked for.
func isMissing(err error) bool {
	var missing *stack.MissingError
	return errors.As(err, &missing)
}
