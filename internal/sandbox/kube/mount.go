package kube

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mount brings all volumes up to date.
func (p *pod) mount(ctx context.Context, live bool) error {
	p.mounting.Lock()
	defer p.mounting.Unlock()
	if p.ended() || ctx.Err() != nil {
		return ctx.Err()
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	r := &reader{ctx: ctx, loop: p.loop, live: live}
	contents := map[string]map[string][]byte{}
	for _, v := range p.current().Spec.Volumes {
		files, written, err := p.files(r, v)
		if err != nil {
			return fmt.Errorf("MountVolume.SetUp failed for volume %q : %w", v.Name, err)
		}
		if written {
			contents[v.Name] = files
		}
	}
	translate := p.translation()
	for i, v := range p.current().Spec.Volumes {
		dir := p.volumeDir(i)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if files, ok := contents[v.Name]; ok {
			if err := swap(dir, files, translate); err != nil {
				return err
			}
		}
	}
	p.mu.Lock()
	p.sources = strings.Join(r.seen, " ")
	p.mu.Unlock()
	return nil
}

// versions are those of what the pod would mount now.
func (p *pod) versions() string {
	r := &reader{ctx: p.life, loop: p.loop}
	for _, v := range p.current().Spec.Volumes {
		_, _, _ = p.files(r, v) // What is missing has a version, too.
	}
	return strings.Join(r.seen, " ")
}

func (p *pod) volumeDir(index int) string { return filepath.Join(p.dir, strconv.Itoa(index)) }

// swap replaces the content of a volume in one step, in the way of the kubelet:
// files are links through ..data, a link to a folder with a time in its name,
// which is renamed over.
func swap(dir string, files map[string][]byte, translate func([]byte) []byte) error {
	current := filepath.Join(dir, "..data")
	old, _ := os.Readlink(current)
	next := map[string][]byte{}
	for name, content := range files {
		next[name] = translate(content)
	}
	if old != "" && same(filepath.Join(dir, old), next) {
		return nil
	}
	stamp := ".." + time.Now().UTC().Format("2006_01_02_15_04_05.000000000")
	for name, content := range next {
		path := filepath.Join(dir, stamp, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, stamp), 0o700); err != nil {
		return err
	}
	if err := os.Symlink(stamp, current+"_tmp"); err != nil {
		return err
	}
	if err := os.Rename(current+"_tmp", current); err != nil {
		return err
	}
	visible := map[string]bool{}
	for name := range next {
		top, _, _ := strings.Cut(name, "/")
		visible[top] = true
		if err := os.Symlink(filepath.Join("..data", top), filepath.Join(dir, top)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "..") && !visible[e.Name()] {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	if old != "" {
		return os.RemoveAll(filepath.Join(dir, old))
	}
	return nil
}

func same(dir string, files map[string][]byte) bool {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(files) {
		return false
	}
	return !slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(name string) bool {
		have, err := os.ReadFile(filepath.Join(dir, name))
		return err != nil || !bytes.Equal(have, files[name])
	})
}
