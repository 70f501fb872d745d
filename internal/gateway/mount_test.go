package gateway_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A mount is a directory whose content is replaced in one step, in the way of the
// kubelet: files are links through ..data, which is a link to a directory with a
// time in its name, and that link is renamed over.
type mount struct {
	t    testing.TB
	path string
	n    int
}

func newMount(t testing.TB, path string) *mount {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return &mount{t: t, path: path}
}

func (m *mount) replace(files map[string][]byte) {
	m.t.Helper()
	must := func(err error) {
		if err != nil {
			m.t.Fatal(err)
		}
	}
	old, _ := os.Readlink(filepath.Join(m.path, "..data"))
	m.n++
	stamp := fmt.Sprintf("..2026_11_22_%d", m.n)
	must(os.Mkdir(filepath.Join(m.path, stamp), 0o755))
	for name, content := range files {
		must(os.WriteFile(filepath.Join(m.path, stamp, name), content, 0o600))
	}
	must(os.Symlink(stamp, filepath.Join(m.path, "..data_tmp")))
	must(os.Rename(filepath.Join(m.path, "..data_tmp"), filepath.Join(m.path, "..data")))
	for name := range files {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(m.path, name)); err != nil && !os.IsExist(err) {
			m.t.Fatal(err)
		}
	}
	if old != "" {
		must(os.RemoveAll(filepath.Join(m.path, old)))
	}
}

// A buffer takes what a process writes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
