package acceptance_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A cluster and a certificate are imported by each of the ways that the
// examples show, and the plan is empty then. The cloud never gives a private key
// back, so the first apply stores the configured one.
func TestAccImport(t *testing.T) {
	ways := map[string]func(t *testing.T, w *world, file string){
		"import.sh": func(_ *testing.T, w *world, _ string) {
			for _, kind := range []string{"serving_certificate", "serving_cluster"} {
				w.want(0, w.run(w.typed(kind)...))
			}
		},
		"import-by-string-id.tf": importBlocks,
		"import-by-identity.tf": func(t *testing.T, w *world, file string) {
			if !w.hasIdentity() {
				t.Skipf("%s 1.%d has no identities", w.name, w.minor)
			}
			importBlocks(t, w, file)
		},
	}
	for way, run := range ways {
		t.Run(way, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				withModels(w)
				w.example("resources/serving_cluster")
				w.apply()
				taker := w.beside()
				for _, file := range []string{"provider.tf", "resource.tf"} {
					taker.copy(filepath.Join(w.dir, file), file)
				}
				run(t, taker, way)
				taker.apply()
				taker.plan(0)
				for _, address := range []string{"serving_cluster.prod", certificateAddress} {
					was, is := w.attributes(address), taker.attributes(address)
					if address == certificateAddress {
						was["private_key_version"] = 1.0
					}
					if fmt.Sprint(is) != fmt.Sprint(was) {
						t.Errorf("%s was\n%v and is imported as\n%v", address, was, is)
					}
				}
				taker.finish()
			})
		})
	}
}

// importBlocks takes the examples' import blocks into the configuration.
func importBlocks(_ *testing.T, w *world, file string) {
	w.Helper()
	for _, kind := range []string{"serving_certificate", "serving_cluster"} {
		w.take(filepath.Join("resources", kind, file), kind+"-import.tf")
	}
	c := w.changes()
	if _, ok := c["serving_cluster.prod"]; ok {
		w.Errorf("the import changes the cluster: %v", c["serving_cluster.prod"])
	}
}

// typed are the arguments of the command in an example's import.sh.
func (w *world) typed(kind string) []string {
	w.Helper()
	text := w.words.Replace(w.text(filepath.Join(examplesFolder, "resources", kind, "import.sh")))
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "terraform import "); ok {
			return append([]string{"import", "-no-color"}, strings.Fields(rest)...)
		}
	}
	w.Fatalf("%s's import.sh has no command: %s", kind, text)
	return nil
}

// A name that somebody else's state has is refused with the import command,
// which works.
func TestAccSecondState(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).apply()
		second := w.beside()
		second.use("cluster.tf")
		before := w.kinds()
		w.says(second.fails("apply", "-auto-approve", "-target=serving_certificate.models"), "terraform import serving_certificate.<name> "+w.id("models"))
		second.want(0, second.run("import", "-no-color", certificateAddress, w.id("models")))
		w.says(second.fails("apply", "-auto-approve"), "already exists", "terraform import serving_cluster.<name> "+w.id("test"))
		second.want(0, second.run("import", "-no-color", clusterAddress, w.id("test")))
		second.apply()
		second.plan(0)
		w.leaves(before)
		w.plan(0)
		w.finish()
	})
}

// Two resources of one name in one configuration are refused in the plan.
func TestAccTwins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.copy("testdata/twins.tf", "twins.tf")
		w.serve(issue(t))
		for twin, summary := range map[string]string{"cluster": "Two clusters with one id", "certificate": "Two certificates with one id"} {
			d := w.set("twin", twin).fails("plan")
			w.says(d, summary, "Give one of them another name or region.")
			if !strings.HasPrefix(d.code(), "name") {
				t.Errorf("%s points to %q, want name", d.Summary, d.code())
			}
		}
	})
}

// Two commands at once do not disturb each other.
func TestAccAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		worlds := []*world{w.beside(), w.beside()}
		all := func(args ...string) {
			var done sync.WaitGroup
			outcomes := make([]outcome, len(worlds))
			for i, other := range worlds {
				done.Go(func() { outcomes[i] = other.run(append(args, "-no-color")...) })
			}
			done.Wait()
			for i, other := range worlds {
				other.want(0, outcomes[i])
			}
		}
		for i, other := range worlds {
			other.use("cluster.tf")
			name := fmt.Sprint("test-", i)
			other.serve(issue(t)).set("name", name).set("certificate_name", name)
		}
		all("apply", "-auto-approve")
		all("plan", "-detailed-exitcode")
		for _, other := range worlds {
			other.set("visibility", "public")
		}
		all("apply", "-auto-approve")
		all("plan", "-detailed-exitcode")
		all("destroy", "-auto-approve")
		w.leaves(nil)
	})
}
