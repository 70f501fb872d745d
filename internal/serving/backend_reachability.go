package serving

import "context"

// Reachabilities tells who gets to clusters and their servers.
type Reachabilities interface {
	// Reach reads what is between callers and a cluster, and decides. It changes
	// nothing. What cannot be read, for lack of rights or of a path to the Kubernetes
	// API, is unknown in the answer; a cluster or VPC that does not exist is an error.
	Reach(ctx context.Context, to Target, from Source) (Reachability, error)
}
