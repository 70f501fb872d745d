package aws

import (
	"encoding/json"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// Census lists live objects after due transitions were applied.
func (c *Cloud) Census() Census {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	return control.CensusOf(c.state.each)
}

// Fields lists every leaf of every live object. Leaves that are null are left out.
func (c *Cloud) Fields() ([]Field, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	return control.FieldsOf(c.state.each)
}

// Mutate changes one leaf behind everybody's back. A nil value clears it; a list item or map entry cleared is removed.
func (c *Cloud) Mutate(f Field) error {
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
func (c *Cloud) Delete(o Object) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if err := control.DeleteIn(c.state.objects(o), o); err != nil {
		return err
	}
	c.plane.prune()
	return c.save()
}

// State is the whole state as JSON, without the private keys.
func (c *Cloud) State() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	shown := *c.state
	shown.Regions = map[string]*Region{}
	for key, r := range c.state.Regions {
		keyless := *r
		keyless.Keys = nil
		shown.Regions[key] = &keyless
	}
	return json.MarshalIndent(shown, "", " ")
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

func splitRegionKey(key string) (account, region string) {
	account, region, _ = strings.Cut(key, "/")
	return account, region
}
