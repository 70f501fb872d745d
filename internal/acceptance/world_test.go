package acceptance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

const domain = "models.example.com"

// A world is a sandbox, and a folder with a configuration for one of its clouds
// and its state.
type world struct {
	testing.TB
	*sandboxtest.Sandbox
	*gate
	command
	*cloud
	url string
	dir string
	// env is the command's environment beside what all have.
	env map[string]string
	// started is told the process that a command runs as.
	started func(p *os.Process)
	// output is all that commands have printed.
	output *printed
}

func newWorld(t *testing.T, c command, on *cloud) *world {
	t.Helper()
	bin, err := provider()
	if err != nil {
		t.Fatal(err)
	}
	s := sandboxtest.Start(t)
	g := &gate{behind: s.Handler()}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	w := &world{TB: t, Sandbox: s, gate: g, command: c, cloud: on, url: server.URL, dir: t.TempDir(), env: map[string]string{}, output: &printed{}}
	w.override(bin)
	w.env["SERVING_SANDBOX"] = w.url
	w.env["HOME"] = w.dir
	return w.set("cloud", on.key).set("region", on.region).set("machine_type", on.machine).set("node_pools", pools(map[string][3]any{"cpu": {on.machine, 2, 10}}))
}

// beside is another folder, with a state of its own, over the same sandbox.
func (w *world) beside() *world {
	w.Helper()
	other := *w
	other.dir, other.env, other.output = w.TempDir(), maps.Clone(w.env), &printed{}
	other.env["HOME"] = other.dir
	return &other
}

// override takes the provider from a folder; there is nothing to init then.
func (w *world) override(folder string) {
	w.Helper()
	w.env["TF_CLI_CONFIG_FILE"] = w.write("cli.tfrc", fmt.Sprintf(`provider_installation {
  dev_overrides {
    "registry.terraform.io/modelserving/serving" = %[1]q
    "registry.opentofu.org/modelserving/serving" = %[1]q
  }
  direct {}
}
`, folder))
}

// write makes a file in the folder that only its owner may read.
func (w *world) write(name, text string) string {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

// text is that of a file.
func (w *world) text(path string) string {
	w.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.Fatal(err)
	}
	return string(text)
}

// copy takes a file into the folder.
func (w *world) copy(from, to string) {
	w.Helper()
	w.write(to, w.text(from))
}

// use makes a file of testdata the configuration, with the provider of the cloud.
func (w *world) use(name string) {
	w.Helper()
	w.copy("testdata/provider.tf", "provider.tf")
	w.copy(filepath.Join("testdata", name), "main.tf")
}

// set gives a variable of the configuration a value, as JSON where it is not a
// string.
func (w *world) set(name string, value any) *world {
	w.Helper()
	text, ok := value.(string)
	if !ok {
		raw, err := json.Marshal(value)
		if err != nil {
			w.Fatal(err)
		}
		text = string(raw)
	}
	w.env["TF_VAR_"+name] = text
	return w
}

// serve gives the configuration a certificate and its key.
func (w *world) serve(p pair) *world {
	w.Helper()
	return w.set("certificate_pem", p.certificate).set("private_key", p.key)
}

// An outcome is what became of a command.
type outcome struct {
	// line is the command as typed, code its exit code, -1 for a signal.
	line string
	code int
	// stdout is by itself, all has both streams.
	stdout, all string
}

// says reports whether a message is among what was printed, however wrapped.
func (o outcome) says(text string) bool { return strings.Contains(plain(o.all), plain(text)) }

// run runs the command and waits for it, in a process group of its own.
func (w *world) run(args ...string) outcome {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.path, args...)
	cmd.Dir = w.dir
	cmd.Env = append(environment(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0", "AWS_EC2_METADATA_DISABLED=true")
	for _, name := range slices.Sorted(maps.Keys(w.env)) {
		cmd.Env = append(cmd.Env, name+"="+w.env[name])
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	var stdout bytes.Buffer
	var all printed
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, &all, w.output), io.MultiWriter(&all, w.output)
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	if w.started != nil {
		w.started(cmd.Process)
	}
	err := cmd.Wait()
	if ctx.Err() != nil {
		w.Fatalf("%s %s did not end:\n%s", w.name, strings.Join(args, " "), &all.text)
	}
	return outcome{line: w.name + " " + strings.Join(args, " "), code: exitCode(w, err), stdout: stdout.String(), all: all.text.String()}
}

// want fails the test when a command ended with another code.
func (w *world) want(code int, o outcome) outcome {
	w.Helper()
	if o.code != code {
		w.Fatalf("%s: exit code %d, want %d\n%s", o.line, o.code, code, o.all)
	}
	return o
}

// apply applies the configuration, which must work.
func (w *world) apply(args ...string) outcome {
	w.Helper()
	return w.want(0, w.run(append([]string{"apply", "-auto-approve", "-no-color"}, args...)...))
}

// plan plans; the code is 0 for an empty plan, 2 for one with changes and 1
// for an error.
func (w *world) plan(code int, args ...string) outcome {
	w.Helper()
	return w.want(code, w.run(append([]string{"plan", "-detailed-exitcode", "-no-color"}, args...)...))
}

// destroy destroys, which must work.
func (w *world) destroy() outcome {
	w.Helper()
	return w.want(0, w.run("destroy", "-auto-approve", "-no-color"))
}

// finish destroys and checks that nothing is left.
func (w *world) finish() {
	w.Helper()
	w.destroy()
	w.leaves(nil)
}

// leaves checks what is in the cloud, by kind. Nil is nothing.
func (w *world) leaves(want map[string]int) {
	w.Helper()
	if got := w.kinds(); !maps.Equal(got, want) {
		w.Errorf("the cloud has %v, want %v: %v", got, want, w.Census().Objects)
	}
}

// kinds counts what is in the cloud.
func (w *world) kinds() map[string]int {
	counts := map[string]int{}
	for _, o := range w.Census().Objects {
		counts[o.Kind]++
	}
	return counts
}

// mutations are the calls so far that changed something.
func (w *world) mutations() []control.LoggedCall {
	return slices.DeleteFunc(w.Calls(), func(c control.LoggedCall) bool { return !c.Mutating || c.Code != "" })
}

// fields are the leaves of the objects of a kind, by object and path.
func (w *world) fields(kind string) map[string]map[string]any {
	w.Helper()
	all, err := w.Fields()
	if err != nil {
		w.Fatal(err)
	}
	byID := map[string]map[string]any{}
	for _, f := range all {
		if f.Kind != kind {
			continue
		}
		if byID[f.ID] == nil {
			byID[f.ID] = map[string]any{}
		}
		byID[f.ID][f.Path] = f.Value
	}
	return byID
}

// mutate changes a field of an object behind everybody's back. Without an id it
// is the only one of its kind.
func (w *world) mutate(kind, id, path string, value any) {
	w.Helper()
	objects := slices.DeleteFunc(w.Census().Objects, func(o control.Object) bool { return o.Kind != kind || id != "" && o.ID != id })
	if len(objects) != 1 {
		w.Fatalf("there are %d of %s %s, want one", len(objects), kind, id)
	}
	if err := w.Mutate(control.Field{Object: objects[0], Path: path, Value: value}); err != nil {
		w.Fatal(err)
	}
}

// printed is a buffer for both streams of a command.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}
