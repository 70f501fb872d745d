package gcp

import (
	"strings"

	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// named is a message of Compute Engine that is an object.
type named interface {
	proto.Message
	GetName() string
}

// scope is where the objects of a collection live.
type scope int

const (
	inProject scope = iota
	inRegion
	inZone
)

// collection is a sort of object of Compute Engine with what all sorts have in common. What is the same for every reader, such as
// selfLink and fingerprints, is not stored but made when an object is shown.
type collection[M named] struct {
	// plural is its name in paths, and title what messages call one.
	plural, title string
	scope         scope
	objects       func(s *computeState) map[string]*Held[M]
	// quota names the limit of how many there may be, and metric is what the refusal calls it.
	quota, metric string
	// immutable are fields, by their names in JSON, that no patch and no update changes.
	immutable []string
	// mutable are the only fields that a patch changes, where the API's reference names those.
	mutable []string
	// show adds what is output only and follows from other objects.
	show func(c *call, m M)
	// settled runs when an operation on an object is over and went well.
	settled func(c *call, m M, verb string)
	// missing is the message about a reference to none; empty answers notFound.
	missing string
}

// anyCollection is a collection of whatever type.
type anyCollection interface {
	// settle ends what is under way with an object.
	settle(c *call, name string, failed bool)
	// links visits every string of every object of a location, with the path of the object.
	links(c *call, location string, visit func(path, text string))
}

// collections are all of them by plural.
var collections = map[string]anyCollection{}

// newCollection makes a collection known to operations, references, the census and what else goes by names.
func newCollection[M named](col *collection[M], options ...kindOption) *collection[M] {
	if collections[col.plural] != nil {
		panic("sandbox: two collections named " + col.plural)
	}
	collections[col.plural] = col
	registerKind("compute."+strings.ReplaceAll(strings.ToLower(col.title), " ", "_"), func(r *Region) any { return col.objects(&r.Compute) }, options...)
	return col
}

// in is what the call's project has of it in a location.
func (col *collection[M]) in(c *call, location string) map[string]*Held[M] {
	return col.objects(&c.region(location).Compute)
}

// link is the URL of an object in the call's project.
func (col *collection[M]) link(c *call, location, name string) string {
	return target{c.Project, location, col.plural, name}.link()
}

func (col *collection[M]) path(c *call, location, name string) string {
	return target{c.Project, location, col.plural, name}.path()
}

// get finds the object that a path names.
func (col *collection[M]) get(c *call, name string) (*Held[M], error) {
	if err := col.checkLocation(c); err != nil {
		return nil, err
	}
	h := col.in(c, c.Location)[name]
	if h == nil || !c.visible(c.Location, col.plural+"/"+name) {
		return nil, notFound(col.path(c, c.Location, name))
	}
	return h, nil
}

// ready is get for those who change the object: one at a time.
func (col *collection[M]) ready(c *call, name string) (*Held[M], error) {
	h, err := col.get(c, name)
	if err == nil && h.Operation != "" {
		return nil, notReady(col.path(c, c.Location, name))
	}
	return h, err
}

func (col *collection[M]) checkLocation(c *call) error { return checkPlace(col.scope, c.Location) }

// checkPlace refuses regions and zones that do not exist.
func checkPlace(s scope, location string) error {
	switch {
	case s == inRegion && !regionExists(location):
		return invalid("region", location, "Unknown region.")
	case s == inZone && !zoneExists(location):
		return invalid("zone", location, "Unknown zone.")
	}
	return nil
}

// insert stores a new object and starts the operation that makes it ready.
func (col *collection[M]) insert(c *call, m M) (*computepb.Operation, error) {
	if err := col.vacant(c, m.GetName()); err != nil {
		return nil, err
	}
	setNumber(m, "id", c.newID())
	setText(m, "creationTimestamp", c.timestamp())
	clearField(m, "fingerprint")
	clearField(m, "labelFingerprint")
	h := &Held[M]{Body: m}
	col.in(c, c.Location)[m.GetName()] = h
	c.remember(c.Location, col.plural+"/"+m.GetName())
	return startOperation(c, col, h, "insert", col.plural+".insert"), nil
}

// vacant checks that there may be another object, of that name.
func (col *collection[M]) vacant(c *call, name string) error {
	if err := col.checkLocation(c); err != nil {
		return err
	}
	if name == "" {
		// The discovery document says so of some collections only.
		return required("resource.name")
	}
	if col.in(c, c.Location)[name] != nil {
		return alreadyExists(col.path(c, c.Location, name))
	}
	if col.quota == "" {
		return nil
	}
	limit, where := c.quota(col.quota), "globally"
	if c.Location != global {
		where = "in region " + c.Location
	}
	if len(col.in(c, c.Location)) >= limit {
		return quotaExceeded(col.metric, limit, where+".")
	}
	return nil
}

// remove starts the operation that takes an object away, unless another one uses it.
func (col *collection[M]) remove(c *call, name string) (*computepb.Operation, error) {
	h, err := col.ready(c, name)
	if err != nil {
		return nil, err
	}
	if user := c.userOf(target{c.Project, c.Location, col.plural, name}); user != "" {
		return nil, inUse(col.title, col.path(c, c.Location, name), user)
	}
	return startOperation(c, col, h, "delete", col.plural+".delete"), nil
}

func (col *collection[M]) settle(c *call, name string, failed bool) {
	objects := col.in(c, c.Location)
	h := objects[name]
	if h == nil || h.Operation == "" {
		return
	}
	verb, next := h.Verb, h.Next
	var none M
	h.pending, h.Next = pending{}, none
	switch {
	case failed && verb != "insert":
		return
	case failed || verb == "delete":
		delete(objects, name)
	case verb == "update":
		h.Body = next
	}
	if !failed && col.settled != nil {
		col.settled(c, h.Body, verb)
	}
}

func (col *collection[M]) links(c *call, location string, visit func(path, text string)) {
	for _, name := range control.SortedKeys(col.in(c, location)) {
		h := col.in(c, location)[name]
		path := col.path(c, location, name)
		for _, m := range []M{h.Body, h.Next} {
			eachText(m.ProtoReflect(), func(text string) { visit(path, text) })
		}
	}
}

// shown is an object as get answers it.
func (col *collection[M]) shown(c *call, location string, stored M) M {
	out, ok := proto.Clone(stored).(M)
	if !ok {
		panic("sandbox: a clone has another type")
	}
	c.cloud.setKind(out)
	setText(out, "selfLink", col.link(c, location, stored.GetName()))
	place := strings.TrimSuffix(target{c.Project, location, "", ""}.link(), "//")
	switch col.scope {
	case inRegion:
		setText(out, "region", place)
	case inZone:
		setText(out, "zone", place)
	case inProject:
	}
	if hasField(out, "fingerprint") {
		setText(out, "fingerprint", fingerprint(stored))
	}
	setText(out, "labelFingerprint", labelFingerprint(stored))
	if col.show != nil {
		col.show(c.in(c.Project, location), out)
	}
	return out
}

// answer is the handler of get.
func (col *collection[M]) answer(c *call, name string) (M, error) {
	h, err := col.get(c, name)
	if err != nil {
		var none M
		return none, err
	}
	return col.shown(c, c.Location, h.Body), nil
}
