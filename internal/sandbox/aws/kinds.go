package aws

import (
	"fmt"
	"reflect"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// kind is a sort of object that the census, fields, mutate and delete know, found by reflection over maps of pointers.
type kind struct {
	name string
	// Exactly one of the two is set; each returns a map[string]*T.
	regional func(r *Region) any
	global   func(a *Account) any
	// counts reports whether an object is somebody's: not deleted, not made by AWS along with something else.
	counts func(r *Region, object any) bool
}

// kinds is filled by init functions.
var kinds = map[string]*kind{}

// kindOption refines a kind.
type kindOption func(*kind)

// live leaves objects out of census and fields for which fn says false: deleted ones that are still shown, and what AWS made
// itself and takes away itself.
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

// registerKind makes the objects in a region's map known under a name such as "ec2.vpc".
func registerKind(name string, objects func(r *Region) any, options ...kindOption) {
	register(&kind{name: name, regional: objects}, options)
}

// registerAccountKind is registerKind for objects that no region owns.
func registerAccountKind(name string, objects func(a *Account) any, options ...kindOption) {
	register(&kind{name: name, global: objects}, options)
}

func register(k *kind, options []kindOption) {
	if kinds[k.name] != nil {
		panic("sandbox: two kinds named " + k.name)
	}
	for _, option := range options {
		option(k)
	}
	kinds[k.name] = k
}

// each visits every live object of every kind, in a stable order.
func (s *state) each(visit func(o Object, value any)) {
	walk := func(k *kind, account, region string, r *Region, objects any) {
		control.WalkMap(objects, func(id string, value any) {
			if k.counts == nil || k.counts(r, value) {
				visit(Object{Cloud: cloudName, Account: account, Region: region, Kind: k.name, ID: id}, value)
			}
		})
	}
	for _, name := range sortedKeys(kinds) {
		k := kinds[name]
		if k.global != nil {
			for _, account := range sortedKeys(s.Accounts) {
				walk(k, account, "", nil, k.global(s.Accounts[account]))
			}
			continue
		}
		for _, key := range sortedKeys(s.Regions) {
			account, region := splitRegionKey(key)
			walk(k, account, region, s.Regions[key], k.regional(s.Regions[key]))
		}
	}
}

// objects returns the map that holds an object, or an invalid value.
func (s *state) objects(o Object) reflect.Value {
	k := kinds[o.Kind]
	switch {
	case k == nil:
		return reflect.Value{}
	case k.global != nil:
		if a := s.Accounts[o.Account]; a != nil {
			return reflect.ValueOf(k.global(a))
		}
	default:
		if r := s.Regions[o.Account+"/"+o.Region]; r != nil {
			return reflect.ValueOf(k.regional(r))
		}
	}
	return reflect.Value{}
}
