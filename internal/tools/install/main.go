// Command install makes the tools of this project once and prints where they are.
//
//	go -C internal/tools run ./install tofu golangci-lint
//
// Each tool lands in a cache folder named after its version, so that a second call, and a second clean clone,
// finds it ready. Two calls at once are safe: one makes the tool while the other waits for it. One path per
// argument goes to standard output, in the order asked for; progress goes to standard error.
//
// The folder is $SERVING_TOOLS_DIR, else terraform-provider-serving/tools in the user's cache folder
// ($XDG_CACHE_HOME, else ~/.cache).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// cliFloor is the first Terraform minor version with write-only arguments, which this provider's secrets need.
const cliFloor = 11

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "install:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string, out io.Writer) error {
	if len(names) == 0 {
		return errors.New("name what to install: golangci-lint, tfplugindocs, tofu, moto, envoy, kubernetes (kube-apiserver and etcd), or cli (the Terraform command to test with)")
	}
	root, err := cacheDir()
	if err != nil {
		return err
	}
	for _, name := range names {
		path, err := resolve(ctx, root, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintln(out, path)
	}
	return nil
}

func cacheDir() (string, error) {
	if dir := os.Getenv("SERVING_TOOLS_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "terraform-provider-serving", "tools"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding a cache folder: %w; set SERVING_TOOLS_DIR", err)
	}
	return filepath.Join(home, ".cache", "terraform-provider-serving", "tools"), nil
}

func resolve(ctx context.Context, root, name string) (string, error) {
	switch name {
	case "cli":
		return terraformCLI(ctx, root)
	case "golangci-lint":
		return install(ctx, root, moduleTool(name, "github.com/golangci/golangci-lint/v2"))
	case "tfplugindocs":
		return install(ctx, root, moduleTool(name, "github.com/hashicorp/terraform-plugin-docs"))
	case "tofu":
		return install(ctx, root, tofu)
	case "moto":
		return install(ctx, root, moto)
	case "envoy":
		return install(ctx, root, envoy)
	case "kubernetes":
		return install(ctx, root, kubernetes)
	default:
		return "", errors.New("not a tool of this project")
	}
}

// terraformCLI chooses the command that applies configurations: the one that the tests of every provider know by
// TF_ACC_TERRAFORM_PATH, else the terraform on PATH when it is new enough, else OpenTofu.
func terraformCLI(ctx context.Context, root string) (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return exec.LookPath(path)
	}
	path, err := exec.LookPath("terraform")
	if err != nil {
		return resolve(ctx, root, "tofu")
	}
	version, err := exec.CommandContext(ctx, path, "version", "-json").Output()
	if err != nil {
		return "", fmt.Errorf("asking %s for its version: %w", path, err)
	}
	var answer struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(version, &answer); err != nil {
		return "", fmt.Errorf("reading the version of %s: %w", path, err)
	}
	major, rest, _ := strings.Cut(answer.Version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	if n, err := strconv.Atoi(minor); err == nil && (major != "1" || n >= cliFloor) {
		return path, nil
	}
	say("%s is Terraform %s, this provider needs 1.%d or newer: taking OpenTofu instead", path, answer.Version, cliFloor)
	return resolve(ctx, root, "tofu")
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "install: "+format+"\n", args...)
}
