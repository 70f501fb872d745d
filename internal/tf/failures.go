package tf

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Doing is what was being done when something failed.
type Doing struct {
	// Verb is one of create, read, update, destroy, import, check.
	Verb string
	// Kind is the resource type, as in "serving_cluster", and ID the object's.
	Kind, ID string
}

// Failed turns the error of a backend into diagnostics: one for each failed
// object, with what the cloud said and what to do next. Objects that failed for
// the same reason share one. The last also lists what was not attempted and
// what exists by now.
func Failed(do Doing, err error) diag.Diagnostics {
	var diags diag.Diagnostics
	if err == nil {
		return diags
	}
	causes, objects := byCause(err)
	for i, cause := range causes {
		detail := sentence(cause.Error())
		if advice := do.advice(cause); advice != "" {
			detail += "\n\n" + advice
		}
		if i == len(causes)-1 {
			detail += remains(err)
		}
		summary := fmt.Sprintf("Cannot %s %s %s", do.Verb, do.Kind, do.ID)
		if len(objects[i]) > 0 {
			summary += ": " + strings.Join(objects[i], ", ")
		}
		diags.AddError(summary, detail)
	}
	return diags
}

// byCause groups the failures of an error by what was said.
func byCause(err error) (causes []error, objects [][]string) {
	seen := map[string]int{}
	for _, failure := range flatten(err) {
		cause, object := failure, ""
		var at *stack.ObjectError
		if errors.As(failure, &at) {
			cause, object = at.Err, at.Verb+" "+at.Object
		}
		said := cause.Error()
		var same interface{ Cause() string }
		if errors.As(cause, &same) {
			said = same.Cause()
		}
		i, ok := seen[said]
		if !ok {
			i = len(causes)
			seen[said] = i
			causes, objects = append(causes, cause), append(objects, nil)
		}
		if object != "" {
			objects[i] = append(objects[i], object)
		}
	}
	return causes, objects
}

// flatten opens the engine's error and joined ones.
func flatten(err error) []error {
	var all *stack.Error
	if errors.As(err, &all) && len(all.Failures) > 0 {
		return flattened(all.Failures)
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts := flattened(joined.Unwrap())
		// What has text of its own around its parts says it itself.
		texts := make([]string, len(parts))
		for i, part := range parts {
			texts[i] = part.Error()
		}
		if strings.Join(texts, "\n") == err.Error() {
			return parts
		}
	}
	return []error{err}
}

func flattened(errs []error) []error {
	var flat []error
	for _, err := range errs {
		flat = append(flat, flatten(err)...)
	}
	return flat
}

// Advisor is an error that knows what to do about itself.
type Advisor interface{ Advice() string }

// advice says what to do next.
func (do Doing) advice(err error) string {
	var advisor Advisor
	var exists *stack.ExistsError
	var blocked *stack.BlockedError
	var foreign *stack.ForeignError
	switch {
	case errors.As(err, &advisor):
		return advisor.Advice()
	case errors.As(err, &exists):
		return fmt.Sprintf("To manage it from this configuration: terraform import %s.<name> %s", do.Kind, do.ID)
	case errors.As(err, &foreign):
		return ""
	case errors.As(err, &blocked):
		return "Remove what still uses it, then run the same command again: it continues where this one stopped."
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("It took longer than it may. Run the same command again: it continues where this one stopped. If it is slow and not stuck, raise timeouts.%s.", do.timeout())
	case errors.Is(err, context.Canceled):
		return "It was interrupted. Run the same command again: it continues where this one stopped and makes nothing twice."
	}
	switch do.Verb {
	case "create", "update", "destroy":
		return "Correct the cause and run the same command again: it continues where this one stopped and makes nothing twice."
	}
	return "Nothing was changed. Correct the cause and run the same command again."
}

func (do Doing) timeout() string {
	if do.Verb == "destroy" {
		return "delete"
	}
	return do.Verb
}

// remains says what the engine left undone and what exists by now.
func remains(err error) string {
	var all *stack.Error
	if !errors.As(err, &all) {
		return ""
	}
	var text strings.Builder
	if len(all.Skipped) > 0 {
		fmt.Fprintf(&text, "\n\nNot attempted because of that: %s.", strings.Join(all.Skipped, ", "))
	}
	if len(all.Existing) > 0 {
		text.WriteString("\n\nThese objects exist by now:")
		for _, name := range slices.Sorted(maps.Keys(all.Existing)) {
			fmt.Fprintf(&text, "\n  %s = %s", name, all.Existing[name])
		}
	}
	return text.String()
}

// sentence ends a text with a period.
func sentence(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}
