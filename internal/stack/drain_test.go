package stack

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// replaced is a stack of one thing that can be replaced, and of a drain that
// says what it was asked, and with how many things there.
func replaced(c *cloud, fixed string, wait error) (s *Stack, asked *[]int) {
	s, asked = &Stack{Name: "test", Poll: Poll{Min: time.Millisecond, Max: time.Millisecond}}, &[]int{}
	o := Add(s, "thing", replaceable{kind{c: c}}, func() wantThing { return wantThing{Fixed: fixed} })
	AddDrain(s, "drain", func(context.Context) error {
		*asked = append(*asked, len(o.All()))
		return wait
	}, o)
	return s, asked
}

func TestDrainHoldsTheRemovalOfWhatWasReplaced(t *testing.T) {
	t.Parallel()
	c := newCloud()
	s, asked := replaced(c, "a", nil)
	if err := s.Ensure(t.Context(), Update); err != nil || !slices.Equal(*asked, []int{1}) {
		t.Fatalf("got %v, %v", *asked, err)
	}
	never := errors.New("never")
	s, asked = replaced(c, "b", never)
	err := s.Ensure(t.Context(), Update)
	if !errors.Is(err, never) || !strings.Contains(err.Error(), "wait for drain: never") || !slices.Equal(*asked, []int{2}) || len(c.things) != 2 {
		t.Errorf("got %v, %v, and %d things", *asked, err, len(c.things))
	}
	// Whoever comes next finds both, and waits again.
	s, asked = replaced(c, "b", nil)
	if err := s.Ensure(t.Context(), Update); err != nil || !slices.Equal(*asked, []int{2}) || len(c.things) != 1 {
		t.Errorf("got %v, %v, and %d things", *asked, err, len(c.things))
	}
	s, asked = replaced(c, "b", never)
	if report, err := s.Observe(t.Context()); err != nil || len(report.Drift) != 0 || len(*asked) != 0 {
		t.Errorf("observing: %v, %v, asked %v", report.Drift, err, *asked)
	}
	s, asked = replaced(c, "b", never)
	if err := s.Destroy(t.Context()); err != nil || len(*asked) != 0 || len(c.things) != 0 {
		t.Errorf("destroying: %v, asked %v, and %d things", err, *asked, len(c.things))
	}
}

// A drain that others come after is their end: it finds nothing old any more, and
// may renew what told of it.
func TestDrainAfterTheRemovalRenews(t *testing.T) {
	t.Parallel()
	c := newCloud()
	apply := func(fixed string) (during string, report *Report) {
		t.Helper()
		s := &Stack{Name: "test", Poll: Poll{Min: time.Millisecond, Max: time.Millisecond}}
		var told, o *Object[wantThing, thing]
		end := AddDrain(s, "end", func(ctx context.Context) error {
			during = told.Live().Loose
			return told.Renew(ctx)
		})
		o = Add(s, "thing", replaceable{kind{c: c}}, func() wantThing { return wantThing{Fixed: fixed} }, end)
		told = Add(s, "told", kind{c: c}, func() wantThing { return wantThing{Loose: strings.Repeat("+", len(o.All()))} }, o)
		if err := s.Ensure(t.Context(), Update); err != nil {
			t.Fatal(err)
		}
		return during, s.Report()
	}
	apply("a")
	during, report := apply("b")
	if during != "++" || len(report.Drift) != 0 {
		t.Errorf("told %q while both were there, drift at the end %v", during, report.Drift)
	}
	for _, there := range c.things {
		if there.Name == "told" && there.Loose != "+" {
			t.Errorf("told %q at the end", there.Loose)
		}
	}
}
