package stack

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCrashAtEveryMutatingCall kills the process at the n-th mutating call, for
// every n and every verb, with the call carried out and not, and resumes.
func TestCrashAtEveryMutatingCall(t *testing.T) {
	t.Parallel()
	verbs := []struct {
		name     string
		prepared bool
		run      func(t *testing.T, c *cloud) (house, error)
	}{
		{"create", false, func(t *testing.T, c *cloud) (house, error) {
			h := house{c: c, fixed: "1", loose: "1", shed: true}
			return h, h.stack().Ensure(t.Context(), Create)
		}},
		{"update", true, func(t *testing.T, c *cloud) (house, error) {
			h := house{c: c, fixed: "2", loose: "2"}
			return h, h.stack().Ensure(t.Context(), Update)
		}},
		{"destroy", true, func(t *testing.T, c *cloud) (house, error) {
			h := house{c: c, fixed: "1", loose: "1", shed: true}
			return h, h.stack().Destroy(t.Context())
		}},
	}
	for _, verb := range verbs {
		for _, lost := range []bool{false, true} {
			for _, slow := range []int{0, 2} {
				t.Run(fmt.Sprintf("%s/lost=%v/slow=%d", verb.name, lost, slow), func(t *testing.T) {
					t.Parallel()
					crashes := 0
					for n := 1; ; n++ {
						c := newCloud()
						c.slow = slow
						if verb.prepared {
							if err := (house{c: c, fixed: "1", loose: "1", shed: true}).stack().Ensure(t.Context(), Create); err != nil {
								t.Fatal(err)
							}
							c.revive()
						}
						made := c.next
						c.dieAt, c.lost = n, lost
						_, err := verb.run(t, c)
						if !c.dead {
							if err != nil {
								t.Fatalf("call %d: %v", n, err)
							}
							break
						}
						crashes++
						if !errors.Is(err, errCrash) {
							t.Fatalf("call %d: the crash is not in the error: %v", n, err)
						}
						c.revive()
						h, err := verb.run(t, c)
						var sealed *ExistsError
						if errors.As(err, &sealed) && lost && verb.name == "create" && c.next == 9 {
							// The seal was the last call and its answer was lost: nothing is
							// left to do, and nobody can tell whose stack it is. The error says
							// to import it, and what is imported is whole.
							err = nil
						}
						if err != nil {
							t.Fatalf("resume after call %d: %v", n, err)
						}
						if verb.name != "destroy" {
							h.check(t)
							for name, count := range c.created {
								most := 1
								if verb.name == "update" && (name == "window" || name == "curtain") {
									most = 2
								}
								if count > most {
									t.Fatalf("crash at call %d: %s was made %d times", n, name, count)
								}
							}
							if err := h.stack().Destroy(t.Context()); err != nil {
								t.Fatal(err)
							}
						} else if c.next != made {
							t.Fatalf("destroy made something")
						}
						if len(c.things) != 0 {
							t.Fatalf("crash at call %d: %d things are left after destroy", n, len(c.things))
						}
					}
					if crashes < 6 {
						t.Fatalf("only %d crash points were reached", crashes)
					}
				})
			}
		}
	}
}

func TestDriftIsSeenAndRepaired(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(c *cloud, th *thing){
		"a field":        func(_ *cloud, th *thing) { th.Loose = "spoiled" },
		"another field":  func(_ *cloud, th *thing) { th.Extra = "" },
		"the object":     func(c *cloud, th *thing) { delete(c.things, th.ID) },
		"the seal":       func(_ *cloud, th *thing) { th.Seal = false },
		"an extra thing": func(c *cloud, th *thing) { c.things["id-999"] = &thing{ID: "id-999", Name: "shed", Parent: th.Parent} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			h := house{c: c, fixed: "1", loose: "1"}
			if err := h.stack().Ensure(t.Context(), Create); err != nil {
				t.Fatal(err)
			}
			for _, th := range c.things {
				if th.Name == "curtain" && name == "the object" || th.Name == "walls" && name != "the object" {
					spoil(c, th)
					break
				}
			}
			r, err := h.stack().Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Drift) != 1 {
				t.Fatalf("want one line of drift, got %v", r.Drift)
			}
			if err := h.stack().Ensure(t.Context(), Update); err != nil {
				t.Fatal(err)
			}
			h.check(t)
		})
	}
}

func TestCreateAdoptsOnlyAnUnsealedStack(t *testing.T) {
	t.Parallel()
	c := newCloud()
	h := house{c: c, fixed: "1", loose: "1"}
	if err := h.stack().Ensure(t.Context(), Create); err != nil {
		t.Fatal(err)
	}
	var exists *ExistsError
	if err := h.stack().Ensure(t.Context(), Create); !errors.As(err, &exists) {
		t.Fatalf("a second create of a sealed stack: %v", err)
	}
}

func TestImmutableDifferenceOfWhatCannotBeReplaced(t *testing.T) {
	t.Parallel()
	c := newCloud()
	h := house{c: c, fixed: "1", loose: "1"}
	if err := h.stack().Ensure(t.Context(), Create); err != nil {
		t.Fatal(err)
	}
	for _, th := range c.things {
		if th.Name == "tree/0" {
			th.Fixed = "other"
		}
	}
	err := h.stack().Ensure(t.Context(), Update)
	if err == nil || !strings.Contains(err.Error(), "update tree/0: cannot be changed on a living object: fixed") {
		t.Fatalf("got %v", err)
	}
}

func TestTwoMatchesAreAnError(t *testing.T) {
	t.Parallel()
	c := newCloud()
	h := house{c: c, fixed: "1", loose: "1"}
	if err := h.stack().Ensure(t.Context(), Create); err != nil {
		t.Fatal(err)
	}
	for _, th := range c.things {
		if th.Name == "tree/1" {
			twin := *th
			twin.ID = "id-998"
			c.things[twin.ID] = &twin
			break
		}
	}
	err := h.stack().Ensure(t.Context(), Update)
	if err == nil || !strings.Contains(err.Error(), "both carry the mark tree/1 of house/test") {
		t.Fatalf("got %v", err)
	}
}

func TestFailureStopsOnlyWhatDependsOnIt(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.fail["window"] = errors.New("quota reached")
	h := house{c: c, fixed: "1", loose: "1"}
	err := h.stack().Ensure(t.Context(), Create)
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %v", err)
	}
	if len(failure.Failures) != 1 || !strings.Contains(err.Error(), "create window: quota reached") {
		t.Fatalf("got %v", err)
	}
	if len(failure.Skipped) != 1 || failure.Skipped[0] != "curtain" {
		t.Fatalf("skipped %v", failure.Skipped)
	}
	if len(failure.Existing) != 6 {
		t.Fatalf("existing %v", failure.Existing)
	}
	for _, th := range c.things {
		if th.Seal {
			t.Fatal("a stack that has not converged was sealed")
		}
	}
	delete(c.fail, "window")
	if err := h.stack().Ensure(t.Context(), Create); err != nil {
		t.Fatal(err)
	}
	h.check(t)
}

func TestAFailedCreationIsStartedAgain(t *testing.T) {
	t.Parallel()
	c := newCloud()
	h := house{c: c, fixed: "1", loose: "1"}
	if err := h.stack().Ensure(t.Context(), Create); err != nil {
		t.Fatal(err)
	}
	for _, th := range c.things {
		if th.Name == "tree/2" {
			th.Phase = Failed
		}
	}
	r, err := h.stack().Observe(t.Context())
	if err != nil || len(r.Drift["tree/2"]) == 0 {
		t.Fatalf("a failed object is no drift: %v, %v", r.Drift, err)
	}
	if err := h.stack().Ensure(t.Context(), Update); err != nil {
		t.Fatal(err)
	}
	h.check(t)
}

func TestDestroyNamesWhatBlocks(t *testing.T) {
	t.Parallel()
	c := newCloud()
	h := house{c: c, fixed: "1", loose: "1"}
	if err := h.stack().Ensure(t.Context(), Create); err != nil {
		t.Fatal(err)
	}
	var ground string
	for _, th := range c.things {
		if th.Name == "ground" {
			ground = th.ID
		}
	}
	c.things["id-stranger"] = &thing{ID: "id-stranger", Name: "stranger", Parent: ground}
	ctx, cancel := contextWithTimeout(t, 50*time.Millisecond)
	defer cancel()
	err := h.stack().Destroy(ctx)
	if err == nil || !strings.Contains(err.Error(), "delete ground: in use; still in use by id-stranger") {
		t.Fatalf("got %v", err)
	}
	delete(c.things, "id-stranger")
	if err := h.stack().Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.things) != 0 {
		t.Fatalf("%d things left", len(c.things))
	}
}

func TestTokensAreTheSameForTheSameObjectAndSpec(t *testing.T) {
	t.Parallel()
	s, other := &Stack{Name: "a"}, &Stack{Name: "b"}
	one, _ := s.token("x", wantThing{Loose: "1"})
	same, _ := s.token("x", wantThing{Loose: "1"})
	if one != same || len(one) > 64 {
		t.Fatalf("%q and %q", one, same)
	}
	for name, differs := range map[string]func() (string, error){
		"stack":  func() (string, error) { return other.token("x", wantThing{Loose: "1"}) },
		"object": func() (string, error) { return s.token("y", wantThing{Loose: "1"}) },
		"spec":   func() (string, error) { return s.token("x", wantThing{Loose: "2"}) },
	} {
		if token, _ := differs(); token == one {
			t.Errorf("another %s gives the same token", name)
		}
	}
}

func TestPollOvershootsByLittle(t *testing.T) {
	t.Parallel()
	for _, elapsed := range []time.Duration{0, time.Second, time.Minute, 10 * time.Minute} {
		pause := Poll{}.pause(elapsed)
		if pause > 10*time.Second || pause < 80*time.Millisecond {
			t.Errorf("after %s the pause is %s", elapsed, pause)
		}
		if elapsed >= time.Minute && pause > elapsed/20 {
			t.Errorf("after %s the pause of %s is more than a twentieth", elapsed, pause)
		}
	}
}
