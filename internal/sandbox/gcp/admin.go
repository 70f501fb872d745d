package gcp

import (
	"encoding/json"
	"fmt"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// Calls returns the log, oldest first.
func (c *Cloud) Calls() []control.LoggedCall { return c.log.List() }

// ResetCalls empties the log and starts its numbers anew.
func (c *Cloud) ResetCalls() { c.log.Reset() }

// AddFault puts a rule in force, its count at zero.
func (c *Cloud) AddFault(f control.Fault) { c.faults.Add(f) }

// Faults returns the rules in force.
func (c *Cloud) Faults() []control.Fault { return c.faults.List() }

// ClearFaults removes every rule.
func (c *Cloud) ClearFaults() { c.faults.Clear() }

// Census lists live objects after due transitions were applied.
func (c *Cloud) Census() control.Census {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	return control.CensusOf(c.state.each)
}

// Fields lists every leaf of every live object. Leaves that are null are left out.
func (c *Cloud) Fields() ([]control.Field, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	return control.FieldsOf(c.state.each)
}

// Mutate changes one leaf behind everybody's back. A nil value clears it; a list item or map entry cleared is removed.
func (c *Cloud) Mutate(f control.Field) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if err := control.MutateIn(c.state.objects(f.Object), f); err != nil {
		return err
	}
	c.plane.prune()
	return c.save()
}

// Delete removes an object behind everybody's back, whatever depends on it.
func (c *Cloud) Delete(o control.Object) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if err := control.DeleteIn(c.state.objects(o), o); err != nil {
		return err
	}
	c.plane.prune()
	return c.save()
}

// State is the whole state as JSON, without private keys and access tokens.
func (c *Cloud) State() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	shown := *c.state
	shown.Tokens, shown.Regions = nil, map[string]*Region{}
	for key, r := range c.state.Regions {
		keyless := *r
		keyless.Keys = nil
		shown.Regions[key] = &keyless
	}
	raw, err := json.MarshalIndent(shown, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode sandbox state: %w", err)
	}
	return raw, nil
}

// Reset empties the cloud, its log and its faults.
func (c *Cloud) Reset() error {
	c.ResetCalls()
	c.ClearFaults()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = newState(c.state.Seed)
	c.plane.prune()
	return c.save()
}
