package acceptance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// An attribute is one of a schema, as "providers schema" prints it.
type attribute struct {
	Required, Optional bool
	NestedType         *struct {
		Attributes map[string]attribute
		Nesting    string `json:"nesting_mode"`
	} `json:"nested_type"`
}

// settable are the paths of the attributes that a configuration may have, and
// whether it must have them. A star is any element.
func settable(in map[string]attribute, prefix string) map[string]bool {
	paths := map[string]bool{}
	for name, a := range in {
		if !a.Required && !a.Optional {
			continue
		}
		paths[prefix+name] = a.Required
		if n := a.NestedType; n != nil {
			element := prefix + name + "."
			if n.Nesting != "single" {
				element += "*."
			}
			maps.Copy(paths, settable(n.Attributes, element))
		}
	}
	return paths
}

// demanded are optional in the schema, and the provider misses them where the
// configurations below have them.
var demanded = map[string]bool{
	"network.cidr":                   true,
	"endpoint.certificate_id":        true,
	"node_pools.*.machine_type":      true,
	"node_pools.*.min_size":          true,
	"node_pools.*.max_size":          true,
	"node_pools.*.accelerator.count": true,
	"node_pools.*.taints.*.key":      true,
	"node_pools.*.taints.*.effect":   true,
	"auth.tokens":                    true,
	"auth.tokens.*.value_wo":         true,
}

// valid makes a configuration without mistakes of each type.
func (w *world) valid() map[string]map[string]any {
	p := issue(w)
	return map[string]map[string]any{
		"serving_certificate": {
			"name": "models", "imported": map[string]any{"certificate_pem": p.certificate, "private_key_wo": p.key},
		},
		"serving_cluster": {
			"name": "test", "visibility": "private",
			"network": map[string]any{"cidr": "10.40.0.0/16"},
			"node_pools": map[string]any{"gpu": map[string]any{
				"machine_type": w.gpu, "min_size": 1, "max_size": 4, "accelerator": map[string]any{"count": 1},
				"taints": []any{map[string]any{"key": "gpu", "effect": "NoSchedule"}},
			}},
			"endpoint": map[string]any{"certificate_id": w.id("models")},
		},
		"serving_vpc_peering": {
			"cluster_id": w.id("prod"), "peer": map[string]any{"vpc": w.vpc},
		},
		"serving_model_server": {
			"cluster_id": w.id("prod"), "name": "fraud", "image": "registry.example.com/fraud:v7", "port": 8000,
			"auth": map[string]any{"mode": "header", "tokens": map[string]any{"app": map[string]any{"value_wo": "app-0123456789abcdef"}}},
		},
	}
}

// wrong is a value that no attribute takes.
var wrong = []any{[]any{1}}

// A misspelt attribute, or one with a value of another type, is an error of the
// command or of the provider, never a crash.
func TestAccTypos(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.copy("testdata/provider.tf", "provider.tf")
		// must says of each file whether there has to be an error in it, fine lists those
		// without a mistake.
		must, fine := map[string]bool{}, map[string]bool{}
		for kind, schema := range w.schemas() {
			config, ok := w.valid()[kind]
			if !ok {
				t.Errorf("%s is new: add a configuration of it", kind)
				continue
			}
			file := w.resource(kind, len(must), config)
			must[file], fine[file] = false, true
			for path, required := range settable(schema, "") {
				// The commands drop what a nested object does not have without a word, so that
				// the provider never sees it and can only miss what it needs.
				missed := !strings.Contains(path, ".") || required || demanded[path]
				must[w.resource(kind, len(must), spoilt(config, path, func(object map[string]any, name string) {
					delete(object, name)
					object[name+"x"] = "x"
				}))] = missed
				must[w.resource(kind, len(must), spoilt(config, path, func(object map[string]any, name string) { object[name] = wrong }))] = true
			}
		}
		if len(must) < 100 {
			t.Errorf("there are only %d configurations, so the schema was not read", len(must))
		}
		o := w.want(1, w.run("validate", "-json"))
		for _, word := range []string{"panic", "crash", "stack trace", "bug in the provider"} {
			if strings.Contains(strings.ToLower(o.all), word) {
				t.Errorf("the commands say %q:\n%s", word, o.all)
			}
		}
		var result struct{ Diagnostics []diagnostic }
		w.read(o.stdout, &result)
		found := map[string]string{}
		for _, d := range result.Diagnostics {
			if d.Severity == "error" {
				if d.Range == nil {
					t.Errorf("an error points nowhere: %s: %s", d.Summary, d.Detail)
					continue
				}
				found[d.Range.Filename] += d.Summary + ": " + d.Detail + "\n"
			}
		}
		for file, needed := range must {
			switch {
			case needed && found[file] == "":
				t.Errorf("no error in:\n%s", w.text(w.dir+"/"+file))
			case fine[file] && found[file] != "":
				t.Errorf("an error in a valid configuration: %s\n%s", found[file], w.text(w.dir+"/"+file))
			}
		}
	})
}

// schemas are the attributes of each resource type.
func (w *world) schemas() map[string]map[string]attribute {
	w.Helper()
	var document struct {
		Schemas map[string]struct {
			Resources map[string]struct {
				Block struct{ Attributes map[string]attribute }
			} `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	w.read(w.want(0, w.run("providers", "schema", "-json")).stdout, &document)
	found := map[string]map[string]attribute{}
	for _, p := range document.Schemas {
		for kind, r := range p.Resources {
			found[kind] = r.Block.Attributes
		}
	}
	return found
}

// resource writes a resource into a file of its own, whose name it gives.
func (w *world) resource(kind string, n int, config map[string]any) string {
	w.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "resource %q \"n%d\" {\n", kind, n)
	for _, name := range slices.Sorted(maps.Keys(config)) {
		value, err := json.Marshal(config[name])
		if err != nil {
			w.Fatal(err)
		}
		fmt.Fprintf(&text, "  %s = %s\n", name, value)
	}
	text.WriteString("}\n")
	file := fmt.Sprintf("n%d.tf", n)
	w.write(file, text.String())
	return file
}

// spoilt is a copy of a configuration with one attribute changed.
func spoilt(config map[string]any, path string, spoil func(object map[string]any, name string)) map[string]any {
	whole := copied(config)
	var walk func(v any, steps []string)
	walk = func(v any, steps []string) {
		switch v := v.(type) {
		case []any:
			for _, element := range v {
				walk(element, steps[1:])
			}
		case map[string]any:
			if len(steps) == 1 {
				spoil(v, steps[0])
				return
			}
			if steps[0] == "*" {
				for _, element := range v {
					walk(element, steps[1:])
				}
				return
			}
			if v[steps[0]] == nil {
				v[steps[0]] = map[string]any{}
			}
			walk(v[steps[0]], steps[1:])
		}
	}
	walk(whole, strings.Split(path, "."))
	return whole
}

// copied is a deep copy of a value that JSON can write.
func copied(config map[string]any) map[string]any {
	raw, _ := json.Marshal(config) // It came from literals.
	var c map[string]any
	_ = json.Unmarshal(raw, &c)
	return c
}
