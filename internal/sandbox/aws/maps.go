package aws

import "reflect"

// makeMaps gives every nil map field of a state struct, nested structs included, an empty map: state is written as soon as a
// handler runs, and a state file of an older build lacks the newer fields.
func makeMaps(target any) { fillMaps(reflect.ValueOf(target).Elem()) }

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
