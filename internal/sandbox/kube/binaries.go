package kube

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// binaries are the programs that a cluster is made of.
type binaries struct{ etcd, apiserver string }

// findBinaries looks where tests of controllers keep them, and then where this
// project builds them.
func findBinaries() (binaries, error) {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		found, err := binariesIn(dir)
		if err != nil {
			return binaries{}, fmt.Errorf("KUBEBUILDER_ASSETS: %w", err)
		}
		return found, nil
	}
	if found, err := fromSetupEnvtest(); err == nil {
		return found, nil
	}
	for _, dir := range cached("kubernetes-*") {
		if found, err := binariesIn(dir); err == nil {
			return found, nil
		}
	}
	return binaries{}, errors.New("there is no kube-apiserver: run `go -C internal/tools run ./install kubernetes`, or set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd")
}

func binariesIn(dir string) (binaries, error) {
	found := binaries{etcd: filepath.Join(dir, "etcd"), apiserver: filepath.Join(dir, "kube-apiserver")}
	for _, path := range []string{found.etcd, found.apiserver} {
		if _, err := exec.LookPath(path); err != nil {
			return binaries{}, err
		}
	}
	return found, nil
}

// fromSetupEnvtest asks the tool of controller-runtime for what it has already.
func fromSetupEnvtest() (binaries, error) {
	path, err := exec.LookPath("setup-envtest")
	if err != nil {
		return binaries{}, err
	}
	out, err := exec.Command(path, "use", "-i", "-p", "path", "1.34.x").Output()
	if err != nil {
		return binaries{}, err
	}
	return binariesIn(string(bytes.TrimSpace(out)))
}

// findEnvoy is looked for when a pod wants it, so that a cluster without a
// gateway needs none.
func findEnvoy() (string, error) {
	if path := os.Getenv("SERVING_ENVOY"); path != "" {
		return exec.LookPath(path)
	}
	for _, dir := range cached("envoy-*") {
		if path, err := exec.LookPath(filepath.Join(dir, "envoy")); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no Envoy: run `go -C internal/tools run ./install envoy`, or set SERVING_ENVOY to its path")
}

// cached are the folders of the project's tool cache that are complete and for
// this machine, the newest first.
func cached(pattern string) []string {
	root := os.Getenv("SERVING_TOOLS_DIR")
	if root == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		root = filepath.Join(cmp.Or(os.Getenv("XDG_CACHE_HOME"), base), "terraform-provider-serving", "tools")
	}
	all, _ := filepath.Glob(filepath.Join(root, pattern))
	made := map[string]int64{}
	for _, dir := range all {
		mark, err := os.Stat(filepath.Join(dir, ".ready"))
		if err == nil && strings.Contains(filepath.Base(dir)+"-", "-"+runtime.GOOS+"-"+runtime.GOARCH+"-") {
			made[dir] = mark.ModTime().UnixNano()
		}
	}
	all = slices.DeleteFunc(all, func(dir string) bool { return made[dir] == 0 })
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(made[b], made[a]) })
	return all
}

// Available reports whether there is a kube-apiserver, for tests that can do
// without.
func Available() bool {
	_, err := findBinaries()
	return err == nil
}

// HasEnvoy is Available for Envoy, which gateways run as.
func HasEnvoy() bool {
	_, err := findEnvoy()
	return err == nil
}
