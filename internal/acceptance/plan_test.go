package acceptance_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A change is what a plan does with one resource.
type change struct {
	Actions       []string       `json:"actions"`
	Before, After map[string]any `json:"-"`
	RawBefore     any            `json:"before"`
	RawAfter      any            `json:"after"`
	ReplacePaths  [][]any        `json:"replace_paths"`
}

// does reports whether the change has these actions.
func (c change) does(actions ...string) bool { return slices.Equal(c.Actions, actions) }

// changes plans and reads the plan, by address. What stays is left out.
func (w *world) changes(args ...string) map[string]change {
	w.Helper()
	w.plan(2, append([]string{"-out=tfplan"}, args...)...)
	var plan struct {
		Changes []struct {
			Address string `json:"address"`
			Change  change `json:"change"`
		} `json:"resource_changes"`
	}
	w.read(w.want(0, w.run("show", "-json", "tfplan")).stdout, &plan)
	found := map[string]change{}
	for _, c := range plan.Changes {
		c.Change.Before, _ = c.Change.RawBefore.(map[string]any)
		c.Change.After, _ = c.Change.RawAfter.(map[string]any)
		if !c.Change.does("no-op") {
			found[c.Address] = c.Change
		}
	}
	return found
}

// only is the change of the one resource that a plan changes.
func (w *world) only(address string) change {
	w.Helper()
	all := w.changes()
	if c, ok := all[address]; ok && len(all) == 1 {
		return c
	}
	w.Fatalf("the plan changes %v, want %s alone", all, address)
	return change{}
}

func (w *world) read(text string, into any) {
	w.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		w.Fatalf("reading %q: %v", text, err)
	}
}

// attributes are those of a resource in the state; nil when it is not there.
func (w *world) attributes(address string) map[string]any {
	w.Helper()
	raw, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	// A command that was killed may leave an empty file behind.
	if os.IsNotExist(err) || err == nil && len(raw) == 0 {
		return nil
	}
	if err != nil {
		w.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct {
				Status     string
				Attributes map[string]any
			}
		}
	}
	w.read(string(raw), &state)
	for _, r := range state.Resources {
		if r.Type+"."+r.Name != address || len(r.Instances) == 0 {
			continue
		}
		if r.Instances[0].Status != "" {
			w.Errorf("%s is %s in the state", address, r.Instances[0].Status)
		}
		return r.Instances[0].Attributes
	}
	return nil
}

// at is a value inside of attributes, by a path with dots.
func at(attributes map[string]any, path string) any {
	var v any = attributes
	for step := range strings.SplitSeq(path, ".") {
		object, _ := v.(map[string]any)
		v = object[step]
	}
	return v
}

// A diagnostic is an error or a warning, as a command prints it with -json.
type diagnostic struct {
	Severity, Summary, Detail string
	Address                   string
	Range                     *struct{ Filename string }
	Snippet                   *struct{ Context, Code string }
}

// code is the piece of configuration that it points to.
func (d diagnostic) code() string {
	if d.Snippet == nil {
		return ""
	}
	return strings.TrimSpace(d.Snippet.Code)
}

// errors are those of a command that ran with -json.
func (w *world) errors(o outcome) []diagnostic {
	w.Helper()
	var found []diagnostic
	for line := range strings.Lines(o.stdout) {
		var message struct{ Diagnostic *diagnostic }
		if json.Unmarshal([]byte(line), &message) == nil && message.Diagnostic != nil && message.Diagnostic.Severity == "error" {
			found = append(found, *message.Diagnostic)
		}
	}
	return found
}

// fails runs a command that must end in exactly one error, and gives that.
func (w *world) fails(args ...string) diagnostic {
	w.Helper()
	// A saved plan comes last.
	o := w.run(slices.Insert(slices.Clone(args), 1, "-json")...)
	errs := w.errors(o)
	if o.code != 1 || len(errs) != 1 {
		w.Fatalf("%s: exit code %d and %d errors, want exactly one error\n%s", o.line, o.code, len(errs), o.all)
	}
	return errs[0]
}

// says checks that an error says all of this.
func (w *world) says(d diagnostic, texts ...string) {
	w.Helper()
	for _, text := range texts {
		if !strings.Contains(d.Summary+"\n"+d.Detail, text) {
			w.Errorf("the error does not say %q: %s\n%s", text, d.Summary, d.Detail)
		}
	}
}
