package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// OpenTofu cannot be a tool of go.mod: its own go.mod has a replace directive that only its own build honours.
const (
	tofuModule  = "github.com/opentofu/opentofu"
	tofuVersion = "v1.12.6"
	tofuSum     = "h1:0VT4P8pMmGcCUnQ9JDrJ+Qg2d35Vzm4FFd/9+H7oF98="
)

// moduleTool is a tool whose version the go.mod next door pins.
func moduleTool(name, module string) func() (tool, error) {
	return func() (tool, error) {
		tools, err := toolsDir()
		if err != nil {
			return tool{}, err
		}
		version, sum, err := pinned(tools, module)
		if err != nil {
			return tool{}, err
		}
		return tool{
			// A linter must not be older than the Go it reads, so the Go version is part of the key.
			key:  strings.Join([]string{name, version, sum, platform()}, "-"),
			path: name,
			build: func(ctx context.Context, at site) error {
				return at.goBuild(ctx, tools, module+"/cmd/"+name, "-s -w -X main.version="+strings.TrimPrefix(version, "v"))
			},
		}, nil
	}
}

// pinned answers with the module's version in go.mod and a short hash of everything that it is built from.
func pinned(tools, module string) (version, sum string, err error) {
	mod, err := os.ReadFile(filepath.Join(tools, "go.mod"))
	if err != nil {
		return "", "", err
	}
	found := regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(module) + ` (v\S+)`).FindSubmatch(mod)
	if found == nil {
		return "", "", fmt.Errorf("no %s in %s", module, filepath.Join(tools, "go.mod"))
	}
	sums, err := os.ReadFile(filepath.Join(tools, "go.sum"))
	if err != nil {
		return "", "", err
	}
	return string(found[1]), short(mod, sums), nil
}

func toolsDir() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	dir := filepath.Dir(strings.TrimSpace(string(out)))
	if filepath.Base(dir) != "tools" {
		return "", errors.New("run it from the repository's root as: go -C internal/tools run ./install")
	}
	return dir, nil
}

// tofu is built in a copy of its module: the module cache is read-only, and only a main module's replace directives count.
func tofu() (tool, error) {
	return tool{
		key:  strings.Join([]string{"tofu", tofuVersion, platform()}, "-"),
		path: "tofu",
		build: func(ctx context.Context, at site) error {
			var out bytes.Buffer
			err := at.command(ctx, at.dir, &out, "go", "mod", "download", "-json", tofuModule+"@"+tofuVersion)
			var got struct{ Dir, Sum, Error string }
			if jsonErr := json.Unmarshal(out.Bytes(), &got); jsonErr != nil {
				return errors.Join(err, jsonErr)
			}
			if got.Error != "" {
				return errors.New(got.Error)
			}
			if got.Sum != tofuSum {
				return fmt.Errorf("%s %s has the checksum %s, want %s", tofuModule, tofuVersion, got.Sum, tofuSum)
			}
			source := filepath.Join(at.dir, "source")
			if err := copyTree(source, got.Dir); err != nil {
				return fmt.Errorf("copying the module: %w", err)
			}
			say("building OpenTofu, which takes some minutes")
			if err := at.goBuild(ctx, source, "./cmd/tofu", "-s -w -X "+tofuModule+"/version.dev=no"); err != nil {
				return err
			}
			return os.RemoveAll(source)
		},
	}, nil
}

// moto is a virtual environment with the packages of requirements.txt. It is made in its last place: a virtual
// environment cannot be moved.
func moto() (tool, error) {
	tools, err := toolsDir()
	if err != nil {
		return tool{}, err
	}
	requirements := filepath.Join(tools, "requirements.txt")
	pins, err := os.ReadFile(requirements)
	if err != nil {
		return tool{}, err
	}
	return tool{
		key:  strings.Join([]string{"moto", short(pins), runtime.GOOS, runtime.GOARCH}, "-"),
		path: filepath.Join("bin", "moto_server"),
		build: func(ctx context.Context, at site) error {
			if err := at.command(ctx, at.dir, os.Stderr, "python3", "-m", "venv", at.dir); err != nil {
				return fmt.Errorf("making a virtual environment: %w; Debian and Ubuntu have it in the package python3-venv", err)
			}
			return at.command(ctx, at.dir, os.Stderr, filepath.Join(at.dir, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "-r", requirements)
		},
	}, nil
}

func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
}

func platform() string {
	return strings.Join([]string{runtime.GOOS, runtime.GOARCH, strings.ReplaceAll(runtime.Version(), " ", "_")}, "-")
}

func short(parts ...[]byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(bytes.Join(parts, nil)))[:8]
}
