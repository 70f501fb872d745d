package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
)

// LoadFile reads a state file into a value; a missing one, or no name, leaves it as it is.
func LoadFile(file string, state any) error {
	if file == "" {
		return nil
	}
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read sandbox state: %w", err)
	}
	if err := json.Unmarshal(raw, state); err != nil {
		return fmt.Errorf("parse sandbox state %s: %w", file, err)
	}
	return nil
}

// SaveFile writes the state beside its file and renames it there, so that a crash leaves the old or the new one. No name is no
// file.
func SaveFile(file string, state any) error {
	if file == "" {
		return nil
	}
	raw, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode sandbox state: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".state-*")
	if err != nil {
		return fmt.Errorf("write sandbox state: %w", err)
	}
	_, err = temporary.Write(raw)
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("write sandbox state: %w", err)
	}
	return nil
}

// MakeMaps gives every nil map field of a state struct, nested structs included, an empty map: state is written as soon as a
// handler runs, and a state file of an older build lacks the newer fields.
func MakeMaps(target any) { fillMaps(reflect.ValueOf(target).Elem()) }

func fillMaps(v reflect.Value) {
	for i := range v.NumField() {
		field := v.Field(i)
		if !field.CanSet() {
			continue
		}
		switch field.Kind() {
		case reflect.Map:
			if field.IsNil() {
				field.Set(reflect.MakeMap(field.Type()))
			}
		case reflect.Struct:
			fillMaps(field)
		}
	}
}
