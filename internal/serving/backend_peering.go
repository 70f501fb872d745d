package serving

import "context"

// Peerings are the peerings of a cloud's clusters with other VPCs.
type Peerings interface {
	// PreflightPeering judges a spec against both networks as they are: whether the
	// peer is there, whether ranges overlap, whether another peering is in the way.
	// It reads only, and skips what is not known yet.
	PreflightPeering(ctx context.Context, spec Peering) ([]Problem, error)
	// CreatePeering makes a peering or resumes a create that was interrupted. Where
	// somebody else accepts it, it returns while that is pending.
	CreatePeering(ctx context.Context, spec Peering) (ObservedPeering, error)
	// ObservePeering reads everything that the spec owns and says what differs.
	ObservePeering(ctx context.Context, spec Peering) (ObservedPeering, error)
	// UpdatePeering converges an existing peering.
	UpdatePeering(ctx context.Context, spec Peering) (ObservedPeering, error)
	// DestroyPeering removes everything the peering owns, on both sides. A cluster
	// that is gone does not keep it from clearing the peer's side.
	DestroyPeering(ctx context.Context, spec Peering) error
	// ReadPeering reads a peering of which only the id is known, for import. The
	// principal is the role or service account for the peer's side; without one, a
	// peer in another account is read as far as our side tells.
	ReadPeering(ctx context.Context, id PeeringID, principal string) (ObservedPeering, error)
}

// ObservedPeering is a peering as it was found.
type ObservedPeering struct {
	Observation
	// Spec is the wanted spec with every attribute that the cloud models replaced
	// by what was found there, and with the peer's account and region.
	Spec Peering
	// ConnectionID is the cloud's id of the connection, and Status its state in the
	// cloud's words; both are empty while there is none.
	ConnectionID string
	Status       string
	// Ended is why there is none any more, as far as the cloud still tells.
	Ended string
}
