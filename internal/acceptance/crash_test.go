package acceptance_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A journey is a change that is interrupted.
type journey struct {
	name string
	// prepare gets to where the change begins, change says what it is.
	prepare, change func(w *world)
	// verb is what is typed.
	verb string
}

var (
	nowhere  = func(*world) {}
	toPublic = func(w *world) { w.set("visibility", "public") }
	applied  = func(w *world) { w.apply() }
	newPools = func(w *world) {
		w.set("node_pools", pools(map[string][3]any{"cpu": {w.bigger, 1, 12}, "more": {w.machine, 0, 3}}))
	}
)

var journeys = []journey{
	{"create", nowhere, nowhere, "apply"},
	{"update of the visibility", applied, toPublic, "apply"},
	{"update of the pools", applied, newPools, "apply"},
	{"destroy", applied, nowhere, "destroy"},
}

// blows are the ways to interrupt a change between a call and its answer.
var blows = []struct {
	name string
	// strike makes the change fail at its nth mutating call.
	strike func(w *world, nth int) (struck func() bool)
}{
	{"the command is killed", func(w *world, nth int) func() bool {
		return w.strike(nth, func(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) })
	}},
	{"the provider is killed", func(w *world, nth int) func() bool { return w.strike(nth, w.killProvider) }},
	{"the user interrupts", func(w *world, nth int) func() bool {
		return w.strike(nth, func(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGINT) })
	}},
	{"the cloud refuses from there on", func(w *world, nth int) func() bool {
		f := w.broken
		f.Nth = nth
		w.fault(f)
		return func() bool { return true } // A change that went well is noticed by its exit code.
	}},
}

// A change that is interrupted at any call is resumed by typing it again:
// everything is there once, the plan is empty, and nothing is left at the end.
func TestAccCrash(t *testing.T) {
	for _, j := range journeys {
		t.Run(j.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				p := issue(t)
				want, calls := w.undisturbed(j, p)
				// A sample: the first call, the last, and some between. The engine's own test
				// takes every call.
				for i, nth := range []int{1, calls / 5, 2 * calls / 5, 3 * calls / 5, 4 * calls / 5, calls} {
					blow := blows[i%len(blows)]
					t.Run(fmt.Sprintf("%s at call %d of %d", blow.name, nth, calls), func(t *testing.T) {
						t.Parallel()
						crash(newWorld(t, w.command, w.cloud), j, p, want, nth == calls, func(w *world) func() bool { return blow.strike(w, nth) })
					})
				}
			})
		})
	}
}

// undisturbed makes the journey once, and gives what is in the cloud afterwards
// and how many calls that took.
func (w *world) undisturbed(j journey, p pair) (map[string]int, int) {
	w.Helper()
	w.use("cluster.tf")
	w.serve(p)
	j.prepare(w)
	w.ResetCalls()
	j.change(w)
	w.want(0, w.run(j.verb, "-auto-approve", "-no-color"))
	return w.kinds(), len(w.mutations())
}

// crash makes the journey with an interruption, which last says is at its last
// call, and then once more.
func crash(w *world, j journey, p pair, want map[string]int, last bool, strike func(w *world) func() bool) {
	w.Helper()
	w.use("cluster.tf")
	w.serve(p)
	j.prepare(w)
	j.change(w)
	w.ResetCalls()
	struck := strike(w)
	o := w.run(j.verb, "-auto-approve", "-no-color")
	if !struck() || o.code == 0 {
		w.Fatalf("the %s was not interrupted: exit code %d\n%s", j.name, o.code, o.all)
	}
	if strings.Contains(o.all, "panic:") {
		w.Errorf("the provider panicked:\n%s", o.all)
	}
	if j.name == "create" && w.attributes("serving_cluster.test") != nil {
		w.Error("the cluster is in the state, so the next apply would destroy it first")
	}
	if j.name == "create" && last != w.orphaned(clusterAddress, w.clusterKind) {
		w.Errorf("the cluster is sealed without being in the state: %t, want that after the last call alone", !last)
	}
	w.ClearFaults()
	w.then(nil)
	w.started = nil
	if j.name == "create" {
		w.claim(certificateAddress, w.id("models"), w.certificateKind)
		w.claim(clusterAddress, w.id("test"), w.clusterKind)
	}
	w.want(0, w.run(j.verb, "-auto-approve", "-no-color"))
	if got := w.kinds(); !maps.Equal(got, want) {
		w.Errorf("after the second %s the cloud has %v, want %v", j.verb, got, want)
	}
	if j.verb == "apply" {
		w.plan(0)
	}
	w.finish()
}

// orphaned reports whether a resource is complete in the cloud and not in the
// state: the command died between the last call, which seals it, and writing its
// state. From then on it is somebody's, and nothing can tell whose.
func (w *world) orphaned(address, kind string) bool {
	w.Helper()
	if w.attributes(address) != nil {
		return false
	}
	for _, fields := range w.fields(kind) {
		for path, value := range fields {
			// Tags are maps of some services, and lists of others.
			if strings.HasSuffix(path, "serving:sealed") || strings.HasSuffix(path, "serving-sealed") || value == "serving:sealed" {
				return true
			}
		}
	}
	return false
}

// claim imports a resource that is orphaned, after the command that the error
// names.
func (w *world) claim(address, id, kind string) {
	w.Helper()
	if !w.orphaned(address, kind) {
		return
	}
	typed := "terraform import " + strings.Split(address, ".")[0] + ".<name> " + id
	if again := w.want(1, w.run("apply", "-auto-approve", "-no-color", "-target="+address)); !again.says(typed) {
		w.Errorf("the error does not say %q:\n%s", typed, again.all)
	}
	w.want(0, w.run("import", "-no-color", address, id))
}

// strike lets the nth mutating call through to the cloud and hits the command
// before it is answered. That call is never answered.
func (w *world) strike(nth int, hit func(p *os.Process) error) func() bool {
	w.Helper()
	processes := make(chan *os.Process, 1)
	w.started = func(p *os.Process) { processes <- p }
	var mu sync.Mutex
	done := false
	w.then(func(r *http.Request) {
		mu.Lock()
		if done || len(w.mutations()) < nth {
			mu.Unlock()
			return
		}
		done = true
		if err := hit(<-processes); err != nil {
			w.Errorf("hitting the command: %v", err)
		}
		mu.Unlock()
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
	if err := os.Remove(w.env[witnessVariable]); err != nil && !os.IsNotExist(err) && w.env[witnessVariable] != "" {
		w.Error(err)
	}
	folder, err := witness()
	if err != nil {
		w.Fatal(err)
	}
	w.override(folder)
	w.env[witnessVariable] = w.dir + "/processes"
	return func() bool { mu.Lock(); defer mu.Unlock(); return done }
}

// killProvider kills the providers that a command has started.
func (w *world) killProvider(command *os.Process) error {
	text, err := os.ReadFile(w.env[witnessVariable])
	if err != nil {
		return err
	}
	killed := 0
	for line := range strings.Lines(string(text)) {
		var pid int
		if _, err := fmt.Sscan(line, &pid); err != nil {
			return err
		}
		// Earlier ones have ended, and their numbers may be somebody else's by now.
		if group, err := syscall.Getpgid(pid); err != nil || group != command.Pid {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return err
		}
		killed++
	}
	if killed == 0 {
		return fmt.Errorf("no provider of process %d is running", command.Pid)
	}
	return nil
}
