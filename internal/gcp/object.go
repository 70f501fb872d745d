package gcp

import (
	"context"
	"net/http"
	"slices"

	compute "cloud.google.com/go/compute/apiv1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// resource is what every object of Compute Engine has.
type resource interface {
	proto.Message
	GetName() string
	GetDescription() string
	GetSelfLink() string
}

// named is what the kinds of Compute Engine have in common: an object is found
// by its name, which is made of the cluster's, and verified by the mark in its
// description. The spec is the message that makes it.
type named[L any, P interface {
	*L
	resource
}] struct {
	*client
	owner owner
	// what is the cloud's word for the kind.
	what string
	// names are those that the stack's object can have.
	names []string
	all   *reads.Batch[[]P]
	// how is how messages of the kind are compared.
	how fields
}

func (k named[L, P]) Find(ctx context.Context, object string) ([]*L, error) {
	all, err := k.all.Get(ctx, everything)
	if err != nil {
		return nil, err
	}
	var out []*L
	for _, live := range all {
		if !slices.Contains(k.names, live.GetName()) {
			continue
		}
		if err := k.owner.claimed(live.GetDescription(), object, k.ID(live), k.what+" "+live.GetName()); err != nil {
			return nil, err
		}
		out = append(out, live)
	}
	return out, nil
}

func (k named[L, P]) ID(live *L) string { return relative(P(live).GetSelfLink()) }

func (k named[L, P]) State(*L) stack.State { return stack.State{} }

func (k named[L, P]) Diff(object string, want P, live *L) []stack.Difference {
	diffs := compare(k.marked(object, want), P(live), k.how)
	// A description that no call changes is as it was made.
	return slices.DeleteFunc(diffs, func(d stack.Difference) bool { return d.Field == "description" && d.Immutable })
}

// marked gives the wanted message with the mark in its description.
func (k named[L, P]) marked(object string, want P) P {
	out := proto.CloneOf(want)
	m := out.ProtoReflect()
	m.Set(m.Descriptor().Fields().ByName("description"), protoreflect.ValueOfString(k.owner.describe(object)))
	return out
}

// insert makes the object. Another one that stands for the same place in the stack
// does not count as this one.
func (k named[L, P]) insert(ctx context.Context, name, token string, call func(id *string) (*compute.Operation, error)) error {
	return k.client.insert(ctx, token, func(ctx context.Context) (bool, error) {
		all, err := k.all.Get(ctx, everything)
		return slices.ContainsFunc(all, func(live P) bool { return live.GetName() == name }), err
	}, call)
}

// outdated makes the refusal of a change to what somebody has changed meanwhile
// one after which the engine looks again, and tries again with what it sees.
func outdated(err error) error {
	if isCode(err, http.StatusPreconditionFailed) {
		return &stack.LostError{Err: err}
	}
	return err
}
