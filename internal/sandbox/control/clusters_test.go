package control_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// dataPlane stores a file when it is woken by its first caller.
type dataPlane struct {
	mu      sync.Mutex
	dir     string
	running bool
}

func (d *dataPlane) DialAPI(context.Context) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = true
	near, far := net.Pipe()
	return near, errors.Join(far.Close(), os.MkdirAll(d.dir, 0o700))
}

func (d *dataPlane) DialNodePort(context.Context, netip.Addr, int) (net.Conn, error) {
	near, far := net.Pipe()
	return near, far.Close()
}

func (d *dataPlane) Running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.running
}

func (d *dataPlane) Close() error { return nil }

// TestClusters makes a data plane once, wakes it after a restart when somebody calls its nodes, and removes it with its files.
func TestClusters(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	var folder string
	get := func(all *control.Clusters[string]) *control.Cluster {
		t.Helper()
		made, err := all.Get("prod", "id-1", "prod", func(dir string) (control.Kubernetes, error) {
			folder = dir
			return &dataPlane{dir: dir}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	end := func(closePart func()) { closePart() }
	first := control.NewClusters[string](state)
	k := get(first)
	if get(first) != k || first.Running("prod") != nil || folder != filepath.Join(filepath.Dir(state), "kubernetes", "id-1") {
		t.Errorf("it is made twice, runs already, or is in %s", folder)
	}
	if _, err := k.DialNode(t.Context(), netip.Addr{}, 80); !errors.Is(err, control.ErrRefused) || k.Running() {
		t.Errorf("a node of a cluster that nobody has used: %v", err)
	}
	if _, err := k.DialAPI(t.Context()); err != nil || first.Running("prod") != k {
		t.Errorf("it does not run: %v", err)
	}
	first.Close(end)
	if _, err := first.Get("prod", "id-1", "prod", nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}

	again := control.NewClusters[string](state)
	k = get(again)
	if _, err := k.DialNode(t.Context(), netip.Addr{}, 80); !errors.Is(err, control.ErrRefused) {
		t.Errorf("before it is awake: %v", err)
	}
	for limit := time.Now().Add(10 * time.Second); again.Running("prod") == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("a cluster that ran before the restart does not wake")
		}
	}
	if conn, err := k.DialNode(t.Context(), netip.Addr{}, 80); err != nil || conn == nil {
		t.Errorf("awake: %v", err)
	}
	again.Prune(func(string) bool { return true }, end)
	if _, err := os.Stat(folder); err != nil {
		t.Errorf("the files of a cluster that exists: %v", err)
	}
	again.Prune(func(string) bool { return false }, end)
	if _, err := os.Stat(folder); !os.IsNotExist(err) || again.Running("prod") != nil {
		t.Errorf("the files of a cluster that was deleted: %v", err)
	}
}
