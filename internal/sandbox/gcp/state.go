package gcp

import (
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// state is everything the cloud remembers. It is one JSON document.
type state struct {
	// Seed and Counter make ids.
	Seed    string
	Counter uint64
	// Regions by "project/location".
	Regions map[string]*Region
	// Addresses counts the public addresses handed out, so that no two objects share one.
	Addresses uint32
	// Queue holds changes that are still to come.
	Queue []transition
	// Tokens are the access tokens handed out.
	Tokens map[string]*accessToken
	// RequestIDs is what was started under one, by "project/id".
	RequestIDs map[string]*requestID
}

// Region is what one project has in one region, in one zone, or, under "global", in none.
type Region struct {
	Compute computeState
	// Born is when objects were made, for the consistency window.
	Born map[string]time.Time
	// Keys are private keys as PEM, kept beside the objects, so that no answer, field or listing of one can show its key.
	Keys map[string]string

	Container    containerState
	Certificates certificateState
}

func newState(seed string) *state {
	s := &state{Seed: seed}
	control.MakeMaps(s)
	return s
}

func (s *state) region(project, location string) *Region {
	key := project + "/" + location
	r := s.Regions[key]
	if r == nil {
		r = &Region{}
		control.MakeMaps(r)
		s.Regions[key] = r
	}
	return r
}

// load reads a state file.
func (s *state) load(file string) error {
	if err := control.LoadFile(file, s); err != nil {
		return err
	}
	control.MakeMaps(s)
	for _, r := range s.Regions {
		control.MakeMaps(r)
	}
	return nil
}
