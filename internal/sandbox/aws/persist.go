package aws

import "github.com/modelserving/terraform-provider-serving/internal/sandbox/control"

// load reads a state file; a missing one, or no name, is an empty cloud.
func load(file, seed string) (*state, error) {
	s := newState(seed)
	if err := control.LoadFile(file, s); err != nil {
		return nil, err
	}
	control.MakeMaps(s)
	for _, r := range s.Regions {
		control.MakeMaps(r)
	}
	for _, a := range s.Accounts {
		control.MakeMaps(a)
	}
	return s, nil
}

func (c *Cloud) save() error { return control.SaveFile(c.config.StateFile, c.state) }
