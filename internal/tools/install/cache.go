package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A tool is made once per key by build, which leaves path (relative to its folder) behind as its last step.
type tool struct {
	key   string
	path  string
	build func(ctx context.Context, at site) error
}

// A site is where a tool is being made: its folder, the absolute path that must be there at the end, and the lock on both.
type site struct {
	dir, path string
	lock      *os.File
}

// install answers with the tool's path and makes the tool first where nobody has.
func install(ctx context.Context, root string, describe func() (tool, error)) (string, error) {
	t, err := describe()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, t.key)
	path := filepath.Join(dir, t.path)
	if ready(dir) {
		return path, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	held, err := lock(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer held.Close()
	if ready(dir) { // by the call that held the lock
		return path, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	say("making %s", t.key)
	began := time.Now()
	if err := t.build(ctx, site{dir: dir, path: path, lock: held}); err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the build left nothing behind: %w", err)
	}
	if err := markReady(dir); err != nil {
		return "", err
	}
	say("made %s in %s", path, time.Since(began).Round(time.Second))
	return path, nil
}

// A folder counts only once its mark is there: a build that was killed leaves none and is made anew.
func ready(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ".ready"))
	return err == nil
}

func markReady(dir string) error {
	mark := filepath.Join(dir, ".ready")
	if err := os.WriteFile(mark+".tmp", nil, 0o644); err != nil {
		return err
	}
	return os.Rename(mark+".tmp", mark)
}

// lock waits for the file's advisory lock. The kernel releases it when the last process that has the file open ends:
// this one, or a build that outlives it.
func lock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for told := false; ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if !told {
			say("waiting for another process that is making %s", strings.TrimSuffix(filepath.Base(path), ".lock"))
			told = true
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// goBuild leaves the binary in a single step, so that nobody runs half of it.
func (at site) goBuild(ctx context.Context, dir, pkg, ldflags string) error {
	if err := at.command(ctx, dir, os.Stderr, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", at.path+".tmp", pkg); err != nil {
		return fmt.Errorf("building %s: %w", pkg, err)
	}
	return os.Rename(at.path+".tmp", at.path)
}

// command runs a program that shares the lock: should this process be killed, nobody starts anew while it still writes.
func (at site) command(ctx context.Context, dir string, out io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.ExtraFiles = []*os.File{at.lock}
	// GOFLAGS, GOOS and GOARCH of the caller are about the provider; a tool runs here and is built as its own go.mod says.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GOFLAGS", "GOOS", "GOARCH", "GOEXPERIMENT", "PWD"}, name)
	})
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0", "GOWORK=off")
	return cmd.Run()
}
