package gcp

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// operation is an operation of Compute Engine with what it does.
type operation struct {
	// Shown is the operation as get answers it, but for its name's URLs.
	Shown Held[*computepb.Operation]
	// Target is the object it is about.
	Plural, Name string
	// FailCode and the like are how it ends; empty is well.
	FailCode, FailMessage string
	FailStatus            int
}

// requestID is what a client started under an id.
type requestID struct {
	// Operation is its name, and Location where it is.
	Operation, Location string
	// Method and Target say what for: the id is not good for anything else.
	Method, Target string
	At             time.Time
}

func init() {
	onSettle("compute.operation", (*call).settleOperation)
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

const zeroUUID = "00000000-0000-0000-0000-000000000000"

// handleChange registers a method that starts an operation. A request whose id is known is answered with the operation that it
// started the first time.
func handleChange[I proto.Message](name fullName, fn func(c *call, in I) (*computepb.Operation, error)) {
	handle(name, func(c *call, in I) (*computepb.Operation, error) {
		withID, ok := proto.Message(in).(interface{ GetRequestId() string })
		if !ok || withID.GetRequestId() == "" {
			return fn(c, in)
		}
		id := withID.GetRequestId()
		if !uuid.MatchString(id) || id == zeroUUID {
			return nil, invalid("requestId", id, "Must be a valid UUID, and not the zero one.")
		}
		key, subject := c.Project+"/"+strings.ToLower(id), c.subject(in)
		known := c.cloud.state.RequestIDs[key]
		if known != nil && c.at.Sub(known.At) < c.cloud.delay("compute.request_id.forget") {
			if known.Method != string(name) || known.Target != subject {
				return nil, invalid("requestId", id, "The request ID was used for another request.")
			}
			if op := c.region(known.Location).Compute.Operations[known.Operation]; op != nil {
				return c.shownOperation(op, known.Location), nil
			}
		}
		out, err := fn(c, in)
		if err == nil {
			c.cloud.state.RequestIDs[key] = &requestID{Operation: out.GetName(), Location: c.Location, Method: string(name), Target: subject, At: c.at}
		}
		return out, err
	})
}

// subject is what a request is about: where, and the name in its path or body.
func (c *call) subject(in proto.Message) string {
	parts := []string{c.Location}
	fields := in.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch name := string(field.Name()); {
		case name == "request_id" || name == "project" || name == "region" || name == "zone" || field.IsList() || field.IsMap():
		case field.Message() == nil:
			parts = append(parts, in.ProtoReflect().Get(field).String())
		default:
			if body, ok := in.ProtoReflect().Get(field).Message().Interface().(named); ok {
				parts = append(parts, body.GetName())
			}
		}
	}
	return strings.Join(parts, "/")
}

// startOperation makes the operation of a change that is stored already.
func startOperation[M named](c *call, col *collection[M], h *Held[M], verb, delay string) *computepb.Operation {
	name := c.newOperationName()
	h.pending = pending{Operation: name, Verb: verb}
	kind := verb
	if verb == "update" {
		_, kind, _ = strings.Cut(delay, ".")
	}
	body := &computepb.Operation{
		Id: new(c.newID()), Name: new(name), OperationType: new(kind), Status: new(computepb.Operation_PENDING), Progress: new(int32(0)),
		InsertTime: new(c.timestamp()), User: new(c.Principal), TargetLink: new(col.link(c, c.Location, h.Body.GetName())),
	}
	copyID(body, h.Body)
	op := &operation{Shown: Held[*computepb.Operation]{Body: body}, Plural: col.plural, Name: h.Body.GetName()}
	if c.fail != nil {
		op.FailCode, op.FailStatus, op.FailMessage = c.fail.Code, c.fail.Status, c.fail.Message
		if op.FailCode == "" {
			op.FailCode = c.fail.Reason
		}
	}
	c.region(c.Location).Compute.Operations[name] = op
	took := c.cloud.computeDelay(delay)
	c.afterTime(took/10, transition{Kind: "compute.operation", ID: name, To: "RUNNING"})
	c.afterTime(took, transition{Kind: "compute.operation", ID: name, To: "DONE"})
	return c.shownOperation(op, c.Location)
}

func copyID(op *computepb.Operation, m proto.Message) {
	if object, ok := m.(interface{ GetId() uint64 }); ok {
		op.TargetId = new(object.GetId())
	}
}

func (c *call) settleOperation(name, to string) {
	op := c.region(c.Location).Compute.Operations[name]
	if op == nil {
		return
	}
	body := op.Shown.Body
	if to == "RUNNING" {
		body.Status, body.StartTime = new(computepb.Operation_RUNNING), new(c.timestamp())
		return
	}
	body.Status, body.Progress, body.EndTime = new(computepb.Operation_DONE), new(int32(100)), new(c.timestamp())
	if op.FailCode != "" {
		body.HttpErrorStatusCode, body.HttpErrorMessage = new(int32(op.FailStatus)), new(httpMessage(op.FailStatus))
		body.Error = &computepb.Error{Errors: []*computepb.Errors{{Code: new(op.FailCode), Message: new(op.FailMessage)}}}
	}
	collections[op.Plural].settle(c, op.Name, op.FailCode != "")
}

// httpMessage is how an operation names the status of its error: by HTTP's words, "such as NOT FOUND".
func httpMessage(status int) string { return strings.ToUpper(http.StatusText(status)) }

// shownOperation is an operation as get answers it.
func (c *call) shownOperation(op *operation, location string) *computepb.Operation {
	out, ok := proto.Clone(op.Shown.Body).(*computepb.Operation)
	if !ok {
		panic("sandbox: a clone has another type")
	}
	out.Kind = new("compute#operation")
	out.SelfLink = new(target{c.Project, location, "operations", out.GetName()}.link())
	place := strings.TrimSuffix(target{c.Project, location, "", ""}.link(), "//")
	switch {
	case zoneExists(location):
		out.Zone = new(place)
	case regionExists(location):
		out.Region = new(place)
	}
	return out
}
