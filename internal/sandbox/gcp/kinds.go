package gcp

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// kind is a sort of object that the census, fields, mutate and delete know, found by reflection over maps of pointers.
type kind struct {
	name string
	// objects returns a map[string]*T.
	objects func(r *Region) any
	// counts reports whether an object is somebody's: not made by Google along with something else.
	counts func(r *Region, object any) bool
}

// kinds is filled by init functions.
var kinds = map[string]*kind{}

// kindOption refines a kind.
type kindOption func(*kind)

// live leaves objects out of census and fields for which fn says false: what Google made itself and takes away itself.
func live[T any](fn func(r *Region, object *T) bool) kindOption {
	return func(k *kind) {
		k.counts = func(r *Region, object any) bool {
			typed, ok := object.(*T)
			if !ok {
				panic(fmt.Sprintf("sandbox: an object of kind %s is a %T", k.name, object))
			}
			return fn(r, typed)
		}
	}
}

// registerKind makes the objects in a region's map known under a name such as "compute.network".
func registerKind(name string, objects func(r *Region) any, options ...kindOption) {
	if kinds[name] != nil {
		panic("sandbox: two kinds named " + name)
	}
	k := &kind{name: name, objects: objects}
	for _, option := range options {
		option(k)
	}
	kinds[name] = k
}

// each visits every live object of every kind, in a stable order.
func (s *state) each(visit func(o control.Object, value any)) {
	for _, name := range control.SortedKeys(kinds) {
		k := kinds[name]
		for _, key := range control.SortedKeys(s.Regions) {
			r := s.Regions[key]
			project, location, _ := strings.Cut(key, "/")
			control.WalkMap(k.objects(r), func(id string, value any) {
				if k.counts == nil || k.counts(r, value) {
					visit(control.Object{Cloud: "gcp", Account: project, Region: location, Kind: name, ID: id}, value)
				}
			})
		}
	}
}

// objects returns the map that holds an object, or an invalid value.
func (s *state) objects(o control.Object) reflect.Value {
	k, r := kinds[o.Kind], s.Regions[o.Account+"/"+o.Region]
	if k == nil || r == nil {
		return reflect.Value{}
	}
	return reflect.ValueOf(k.objects(r))
}
