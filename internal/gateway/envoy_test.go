package gateway_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// envoyPath finds Envoy: the one that SERVING_ENVOY names, else that of the tool
// cache, which is filled where it is empty.
var envoyPath = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("SERVING_ENVOY"); path != "" {
		return exec.LookPath(path)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("go", "-C", "../tools", "run", "./install", "envoy")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
})

// An envoy is a running gateway with its mounted directory.
type envoy struct {
	t      testing.TB
	config gateway.Config
	// mount is the directory that Envoy watches, as the kubelet keeps it.
	mount   *mount
	url     string
	addr    string
	admin   *http.Client
	out     *buffer
	err     *buffer
	process *os.Process
	// ended is closed when the process is gone.
	ended chan struct{}
	// edits change the files of each rendering.
	edits []edit
}

// An edit puts one text of the listener in the place of another, for a test that
// cannot wait as long as the gateway does.
type edit struct{ from, to string }

// start runs Envoy for the servers, until the test ends.
func start(t testing.TB, config gateway.Config, edits ...edit) *envoy {
	t.Helper()
	path, err := envoyPath()
	if err != nil {
		t.Skipf("no Envoy to test with: %v", err)
	}
	// A socket's path has 108 bytes at most, which t.TempDir exceeds.
	dir, err := os.MkdirTemp("", "gw") //nolint:usetesting // its paths are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config.Version = "v1"
	config.MaxHeapBytes, config.TrustedHops = 1<<30, 1
	config.Dir = filepath.Join(dir, "mount")
	config.Address = "127.0.0.1"
	config.Port = freePort(t)
	config.AdminPath = filepath.Join(dir, "admin")
	e := &envoy{
		t: t, config: config, mount: newMount(t, config.Dir), out: &buffer{}, err: &buffer{}, edits: edits,
		addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(int(config.Port))),
		admin: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", config.AdminPath)
		}}},
	}
	e.url = "http://" + e.addr
	boot, err := gateway.Bootstrap(config)
	if err != nil {
		t.Fatal(err)
	}
	e.mount.replace(e.render(config))
	bootPath := filepath.Join(dir, "bootstrap.json")
	if err := os.WriteFile(bootPath, boot, 0o600); err != nil {
		t.Fatal(err)
	}
	args := gateway.Args(bootPath)
	args[slices.Index(args, "--file-flush-interval-msec")+1] = "10" // Tests wait for lines of the access log.
	cmd := exec.Command(path, append(args, "--use-dynamic-base-id", "--concurrency", "2")...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = e.out, e.err
	// Envoy ends with this process even if that one is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	e.process, e.ended = cmd.Process, make(chan struct{})
	go func() { _ = cmd.Wait(); close(e.ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-e.ended
		e.keepsSecrets()
		if t.Failed() {
			t.Logf("Envoy said:\n%s", e.err)
		}
	})
	e.until("Envoy serves", func() bool { return e.version() == "v1" })
	return e
}

func (e *envoy) render(config gateway.Config) map[string][]byte {
	e.t.Helper()
	files, err := gateway.Render(config)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, change := range e.edits {
		if n := bytes.Count(files[gateway.FileListeners], []byte(change.from)); n != 1 {
			e.t.Fatalf("the listener has %q %d times", change.from, n)
		}
		files[gateway.FileListeners] = bytes.Replace(files[gateway.FileListeners], []byte(change.from), []byte(change.to), 1)
	}
	return files
}

// reload replaces the mounted files, as the kubelet would, and waits until the
// new ones are served.
func (e *envoy) reload(version string, servers ...gateway.Server) {
	e.t.Helper()
	next := e.config
	next.Version, next.Servers = version, servers
	e.mount.replace(e.render(next))
	e.until("Envoy serves "+version, func() bool { return e.version() == version })
}

// keepsSecrets holds that no token is in what Envoy wrote.
func (e *envoy) keepsSecrets() {
	for _, s := range e.config.Servers {
		for name, token := range s.Auth.Tokens {
			for _, form := range []string{token.Value, base64.StdEncoding.EncodeToString([]byte(token.Value))[:16]} {
				if strings.Contains(e.out.String(), form) || strings.Contains(e.err.String(), form) {
					e.t.Errorf("token %q of server %q is in Envoy's output", name, s.Name)
				}
			}
		}
	}
}

// fresh opens a connection for each request.
var fresh = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// version is that of the configuration being served, empty when none is or when
// the threads of Envoy differ.
func (e *envoy) version() string {
	common := ""
	for i := range gateway.VersionAsks {
		answer, err := fresh.Get(e.url + gateway.VersionPath)
		if err != nil {
			return ""
		}
		answer.Body.Close()
		version := answer.Header.Get(gateway.VersionHeader)
		if i > 0 && version != common {
			return ""
		}
		common = version
	}
	return common
}

func (e *envoy) until(what string, met func() bool) {
	e.t.Helper()
	deadline := time.After(15 * time.Second)
	for !met() {
		select {
		case <-e.ended:
			e.t.Fatalf("%s: Envoy ended:\n%s", what, e.err)
		case <-deadline:
			e.t.Fatalf("%s: not within 15 s. Envoy said:\n%s", what, e.err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// logged waits for the access log's line of a request.
func (e *envoy) logged(requestID string) map[string]any {
	e.t.Helper()
	var found map[string]any
	e.until("the access log shows "+requestID, func() bool {
		for line := range strings.Lines(e.out.String()) {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) == nil && entry["request_id"] == requestID {
				found = entry
				return true
			}
		}
		return false
	})
	return found
}

func freePort(t testing.TB) uint32 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return uint32(l.Addr().(*net.TCPAddr).Port)
}
