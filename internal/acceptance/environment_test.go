package acceptance_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// A trouble is what may be wrong with the environment.
type trouble struct {
	spoil, mend func(w *world)
	says        []string
}

// faulty is a call that the cloud refuses.
func faulty(f control.Fault, says ...string) trouble {
	return trouble{func(w *world) { w.fault(f) }, func(w *world) { w.ClearFaults() }, says}
}

// scarce is a quota of which nothing is left.
func scarce(quota string, says ...string) trouble {
	return trouble{func(w *world) { w.quota(quota, 0) }, func(w *world) { w.quota(quota, 5) }, says}
}

// setting is a state of the cloud that can be switched on and off.
func setting(s func(on bool) control.Settings, says ...string) trouble {
	return trouble{func(w *world) { w.configure(s(true)) }, func(w *world) { w.configure(s(false)) }, says}
}

// anywhere are the troubles that are the same on all clouds.
func (c *cloud) anywhere() map[string]trouble {
	return map[string]trouble{
		"an unreachable endpoint": {
			// Port 1 of loopback has no service.
			func(w *world) { w.env["SERVING_SANDBOX"] = "http://127.0.0.1:1" },
			func(w *world) { w.env["SERVING_SANDBOX"] = w.url },
			[]string{"connection refused", "The endpoint cannot be reached"},
		},
		"a region that does not exist": {
			func(w *world) { w.set("region", w.unserved) },
			func(w *world) { w.set("region", w.region) },
			[]string{c.unserved, "region"},
		},
	}
}

// What is wrong with the environment ends in one error that names the call and
// what to do. Nothing is half recorded, and the same command works afterwards.
func TestAccEnvironment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		all := w.anywhere()
		maps.Copy(all, w.troubles)
		for name, c := range all {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c.befalls(newWorld(t, w.command, w.cloud), strings.HasPrefix(name, "a quota"))
			})
		}
	})
}

// befalls has a configuration meet a trouble; once says that asking again is of no
// use.
func (c trouble) befalls(w *world, once bool) {
	w.Helper()
	w.use("cluster.tf")
	w.serve(issue(w)).set("max_retries", 2)
	c.spoil(w)
	w.says(w.fails("apply", "-auto-approve"), c.says...)
	if w.attributes(clusterAddress) != nil {
		w.Error("the cluster is in the state")
	}
	// A quota does not grow by asking again.
	refused := slices.DeleteFunc(w.Calls(), func(call control.LoggedCall) bool { return !overQuota(call.Code) })
	if once != (len(refused) == 1) {
		w.Errorf("a quota was met by %d calls: %v", len(refused), refused)
	}
	c.mend(w)
	w.apply()
	w.plan(0)
	w.finish()
}

// overQuota reports whether a call was refused because of a quota.
func overQuota(code string) bool {
	return strings.Contains(code, "LimitExceeded") || code == "RESOURCE_EXHAUSTED" || strings.Contains(strings.ToLower(code), "quota")
}

func (w *world) quota(name string, limit int) {
	w.Helper()
	w.configure(control.Settings{Quotas: map[string]int{name: limit}})
}

// configure changes how the clouds behave.
func (w *world) configure(s control.Settings) {
	w.Helper()
	if err := w.Configure(s); err != nil {
		w.Fatal(err)
	}
}

// fault spoils calls from now on.
func (w *world) fault(f control.Fault) {
	w.Helper()
	if err := w.AddFault(f); err != nil {
		w.Fatal(err)
	}
}
