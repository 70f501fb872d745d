package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// load reads a state file; a missing one, or no name, is an empty cloud.
func load(file, seed string) (*state, error) {
	s := newState(seed)
	if file == "" {
		return s, nil
	}
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read sandbox state: %w", err)
	}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("parse sandbox state %s: %w", file, err)
	}
	makeMaps(s)
	for _, r := range s.Regions {
		makeMaps(r)
	}
	for _, a := range s.Accounts {
		makeMaps(a)
	}
	return s, nil
}

// save writes the state beside its file and renames it there, so that a crash leaves the old or the new one.
func (c *Cloud) save() error {
	if c.config.StateFile == "" {
		return nil
	}
	raw, err := json.Marshal(c.state)
	if err != nil {
		return fmt.Errorf("encode sandbox state: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(c.config.StateFile), ".state-*")
	if err != nil {
		return fmt.Errorf("write sandbox state: %w", err)
	}
	_, err = temporary.Write(raw)
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), c.config.StateFile)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("write sandbox state: %w", err)
	}
	return nil
}
