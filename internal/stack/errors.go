package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Difference is one thing in which a live object is not as wanted.
type Difference struct {
	// Field is the cloud's name of what differs.
	Field string
	// Got and Want are shown to the user; neither may hold a secret.
	Got, Want string
	// Attribute is the path of the Terraform attribute that models the field, or
	// empty when none does.
	Attribute string
	// Immutable says that the cloud cannot change the field on a living object.
	Immutable bool
}

// String renders a difference as a reason.
func (d Difference) String() string {
	switch {
	case d.Got == "" && d.Want == "":
		return d.Field
	case d.Got == "":
		return d.Field + ": missing " + d.Want
	case d.Want == "":
		return d.Field + ": unexpected " + d.Got
	}
	return fmt.Sprintf("%s: is %s, should be %s", d.Field, d.Got, d.Want)
}

// ForeignError says that an object of the wanted name exists without our mark.
type ForeignError struct {
	// What is the cloud's word for the object and its name or id.
	What string
	// Next is what to do about it; empty is what helps with most kinds.
	Next string
}

func (e *ForeignError) Error() string {
	return e.What + " exists and is not managed here; " + cmp.Or(e.Next, "import it, remove it, or choose another name")
}

// ExistsError says that a create found a stack that has already converged once.
type ExistsError struct {
	// Stack is the stack's name, Root the id of its root object.
	Stack, Root string
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s already exists (%s) and belongs to a resource; import it instead of creating it", e.Stack, e.Root)
}

// MissingError says that what a lookup looked for is not there, which shows as
// drift; any other error of a lookup is a failure.
type MissingError struct{ Err error }

func (e *MissingError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *MissingError) Unwrap() error { return e.Err }

// LostError says that nobody knows whether a call was carried out: it was sent
// and no answer came.
type LostError struct{ Err error }

func (e *LostError) Error() string { return e.Err.Error() }

// Unwrap gives the transport's error.
func (e *LostError) Unwrap() error { return e.Err }

// BlockedError says that an object cannot be removed yet because something
// still uses it.
type BlockedError struct {
	// By names what is in the way; empty when the cloud does not say.
	By  string
	Err error
}

func (e *BlockedError) Error() string {
	if e.By == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s; still in use by %s", e.Err, e.By)
}

// Unwrap gives the cloud's own error.
func (e *BlockedError) Unwrap() error { return e.Err }

// ObjectError is a failure at one object of a stack.
type ObjectError struct {
	// Verb is what was being done: find, create, update, delete, wait for.
	Verb   string
	Object string
	Err    error
}

func (e *ObjectError) Error() string { return e.Verb + " " + e.Object + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *ObjectError) Unwrap() error { return e.Err }

// errSkipped marks objects that were not attempted because something they come
// after has failed.
var errSkipped = errors.New("not attempted")

// Error is what a verb returns when objects failed: each failure, what was not
// attempted because of them, and what exists by now.
type Error struct {
	Failures []error
	Skipped  []string
	// Existing maps the objects that exist now to their ids.
	Existing map[string]string
}

func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Failures)+2)
	for _, f := range e.Failures {
		lines = append(lines, f.Error())
	}
	if len(e.Skipped) > 0 {
		lines = append(lines, "not attempted because of that: "+strings.Join(e.Skipped, ", "))
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the failures.
func (e *Error) Unwrap() []error { return e.Failures }

// joined makes the verb's error from each node's, nil when there is none.
func (s *Stack) joined(ctx context.Context, failed map[node]error) error {
	e := &Error{Existing: map[string]string{}}
	for _, n := range s.nodes {
		switch err := failed[n]; {
		case err == nil:
		case errors.Is(err, errSkipped):
			e.Skipped = append(e.Skipped, n.Name())
		default:
			e.Failures = append(e.Failures, err)
		}
	}
	if len(e.Failures) == 0 && len(e.Skipped) == 0 {
		return nil
	}
	if len(e.Failures) == 0 {
		e.Failures = []error{context.Cause(ctx)}
	}
	r := newReport()
	for _, n := range s.nodes {
		n.report(r)
	}
	e.Existing = r.Objects
	slices.Sort(e.Skipped)
	return e
}
