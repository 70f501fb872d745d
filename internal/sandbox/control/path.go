package control

import "fmt"

// PathErrorKind says how a connection fails.
type PathErrorKind int

const (
	// NoPath is silence: packets are dropped, and the caller's connection times out.
	NoPath PathErrorKind = iota
	// Refused is an answer: there is a host, and nothing listens at the port.
	Refused
	// UnknownHost is a name that does not resolve.
	UnknownHost
	// UnknownPlace is a caller that is nowhere.
	UnknownPlace
)

// PathError says where the way between two hosts ends and why, which the real network never tells.
type PathError struct {
	Kind        PathErrorKind
	Hop, Reason string
}

// Error implements error.
func (e *PathError) Error() string { return e.Hop + ": " + e.Reason }

// Lost is the error of packets that are dropped at a hop.
func Lost(hop, format string, args ...any) error {
	return &PathError{Kind: NoPath, Hop: hop, Reason: fmt.Sprintf(format, args...)}
}
