package acceptance_test

import (
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// hits are the ways to interrupt a command that is at work in Kubernetes.
var hits = map[string]func(w *world, p *os.Process) error{
	"the command is killed":  func(_ *world, p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) },
	"the provider is killed": (*world).killProvider,
	"the user interrupts":    func(_ *world, p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGINT) },
}

// A change that is interrupted while it is at work in the cluster is resumed by
// typing it again. The gateway and the server go through all of it in one life;
// package kube's own test takes every call.
func TestAccModelServerCrash(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		fraud := map[string]any{"mode": "header", "tokens": []string{"app"}, "secret_env": []string{"model"}}
		with := func(key string, value any) func() {
			return func() { fraud[key] = value; w.have(servers{"fraud": fraud}) }
		}
		nothing, none := func() {}, func() { w.have(servers{}) }
		// It is complete before the first step; a state that was not written in time
		// would have it imported, of which TestAccCrash is a test.
		w.apply("-target=" + certificateAddress)
		for _, step := range []struct {
			hit    string
			object sandboxtest.Object
			event  sandboxtest.Event
			change func()
			// want is the status with the tokens app and next afterwards.
			app, next int
		}{
			{"the command is killed", gatewayDeployment, sandboxtest.Added, nothing, 404, 404},
			{"the provider is killed", fraudSettings, sandboxtest.Added, with("mode", "header"), 200, 401},
			{"the user interrupts", fraudDeployment, sandboxtest.Modified, with("image", echoV2), 200, 401},
			{"the command is killed", fraudSettings, sandboxtest.Modified, with("tokens", []string{"next"}), 401, 200},
			{"the provider is killed", fraudDeployment, sandboxtest.Deleted, none, 404, 404},
			{"the command is killed", fraudDeployment, sandboxtest.Added, with("image", echoV1), 401, 200},
			{"the user interrupts", fraudSettings, sandboxtest.Modified, none, 404, 404},
		} {
			step.change()
			o := w.interrupted(step.object, step.event, hits[step.hit], "apply")
			if strings.Contains(o.all, "panic:") {
				t.Errorf("the provider panicked:\n%s", o.all)
			}
			w.apply()
			w.plan(0)
			call := w.caller(p, w.inside())
			if step.app == http.StatusNotFound {
				call.becomes(http.StatusNotFound, "/fraud/predict")
				w.serverless()
				continue
			}
			call.gets(step.app, "/fraud/predict", "{}", bearer(secretValues["app"])...)
			call.gets(step.next, "/fraud/predict", "{}", bearer(secretValues["next"])...)
		}
		with("image", echoV1)()
		w.apply()
		w.interrupted(fraudDeployment, sandboxtest.Deleted, hits["the command is killed"], "destroy")
		w.finish()
	})
}

// interrupted runs a command and hits it as soon as something becomes of an
// object. It must not have come to its end before.
func (w *world) interrupted(object sandboxtest.Object, event sandboxtest.Event, hit func(*world, *os.Process) error, verb string) outcome {
	w.Helper()
	folder, err := witness()
	if err != nil {
		w.Fatal(err)
	}
	w.override(folder)
	w.env[witnessVariable] = w.dir + "/processes"
	if err := os.Remove(w.env[witnessVariable]); err != nil && !os.IsNotExist(err) {
		w.Fatal(err)
	}
	var mu sync.Mutex
	var running *os.Process
	struck := false
	stop := w.When(w.TB, w.id("test"), object, event, func() {
		mu.Lock()
		defer mu.Unlock()
		if running == nil {
			return // The command has ended.
		}
		if err := hit(w, running); err != nil {
			w.Errorf("hitting the command: %v", err)
		}
		struck = true
	})
	w.started = func(p *os.Process) { mu.Lock(); running = p; mu.Unlock() }
	o := w.run(verb, "-auto-approve", "-no-color")
	mu.Lock()
	running, w.started = nil, nil
	mu.Unlock()
	stop()
	if !struck || o.code == 0 {
		w.Fatalf("%s was not interrupted at %s %s: exit code %d\n%s", o.line, object, event, o.code, o.all)
	}
	return o
}
