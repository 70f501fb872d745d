package stack

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// gated is a stack of a gate and a lookup that comes after it.
func gated(diffs []Difference, look, pass error) (s *Stack, order *[]string) {
	s, order = &Stack{Name: "test"}, &[]string{}
	gate := AddGate(s, "gate", func(context.Context) ([]Difference, error) { return diffs, look }, func(context.Context) error {
		*order = append(*order, "pass")
		return pass
	})
	AddGate(s, "after", func(context.Context) ([]Difference, error) { return nil, nil }, func(context.Context) error {
		*order = append(*order, "after")
		return nil
	}, gate)
	return s, order
}

func TestGateShowsWhatItLacks(t *testing.T) {
	t.Parallel()
	s, order := gated([]Difference{{Field: "not complete"}}, nil, nil)
	report, err := s.Observe(t.Context())
	if err != nil || len(*order) != 0 {
		t.Fatalf("observing: %v, waited for %v", err, *order)
	}
	if got := report.Drift["gate"]; len(got) != 1 || got[0].Field != "not complete" || report.Drift["after"] != nil {
		t.Errorf("drift: %v", report.Drift)
	}
	s, _ = gated(nil, errors.New("nobody answers"), nil)
	var failure *ObjectError
	if _, err := s.Observe(t.Context()); !errors.As(err, &failure) || failure.Object != "gate" || failure.Verb != "find" {
		t.Errorf("a gate that cannot be looked at: %v", err)
	}
}

func TestGateHoldsWhatComesAfter(t *testing.T) {
	t.Parallel()
	s, order := gated([]Difference{{Field: "not complete"}}, nil, nil)
	if err := s.Ensure(t.Context(), Update); err != nil || !slices.Equal(*order, []string{"pass", "after"}) {
		t.Errorf("got %v, %v", *order, err)
	}
	if drift := s.Report().Drift; len(drift) != 0 {
		t.Errorf("a gate that was passed still lacks %v", drift)
	}
	s, order = gated(nil, nil, errors.New("never"))
	err := s.Ensure(t.Context(), Update)
	if err == nil || !strings.Contains(err.Error(), "wait for gate: never") || !strings.Contains(err.Error(), "not attempted because of that: after") || len(*order) != 1 {
		t.Errorf("got %v, %v", *order, err)
	}
	// What could not be looked at may have come to be meanwhile.
	s, order = gated(nil, errors.New("nobody answers"), nil)
	if err := s.Ensure(t.Context(), Update); err != nil || len(*order) != 2 {
		t.Errorf("got %v, %v", *order, err)
	}
	s, order = gated(nil, nil, errors.New("never"))
	if err := s.Destroy(t.Context()); err != nil || len(*order) != 0 {
		t.Errorf("destroying: %v, waited for %v", err, *order)
	}
}
