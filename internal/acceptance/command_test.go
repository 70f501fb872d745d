package acceptance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A command is Terraform or OpenTofu.
type command struct {
	name, path string
	// minor is that of its version 1.x.
	minor int
	// missing is why it cannot be tested; empty when it can.
	missing string
}

// leastMinor is the first version with write-only arguments.
const leastMinor = 11

var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\.`)

// commands are both, each there or with the reason why it is not.
//
// TF_ACC_TERRAFORM_PATH names one, as for every provider's tests, and
// TF_ACC_TOFU_PATH may name a second, so that one run tests both. internal/tools/test.sh
// runs the tests once per command and sets the former only. Without either, both
// are looked for on PATH.
var commands = sync.OnceValue(func() []command {
	found := map[string]command{}
	look := func(path string) {
		if c, err := identify(path); err == nil {
			found[c.name] = c
		} else {
			fmt.Fprintf(os.Stderr, "acceptance: %s is not used: %v\n", path, err)
		}
	}
	named := os.Getenv("TF_ACC_TERRAFORM_PATH") + os.Getenv("TF_ACC_TOFU_PATH")
	for variable, name := range map[string]string{"TF_ACC_TERRAFORM_PATH": "terraform", "TF_ACC_TOFU_PATH": "tofu"} {
		if path := os.Getenv(variable); path != "" {
			look(path)
		} else if path, err := exec.LookPath(name); named == "" && err == nil {
			look(path)
		}
	}
	var all []command
	for _, name := range []string{"Terraform", "OpenTofu"} {
		c, ok := found[name]
		switch {
		case !ok:
			c = command{name: name, missing: name + " is neither what TF_ACC_TERRAFORM_PATH or TF_ACC_TOFU_PATH names nor, with both unset, on PATH"}
		case c.minor < leastMinor:
			c.missing = fmt.Sprintf("%s 1.%d has no write-only arguments; 1.%d or newer is needed", name, c.minor, leastMinor)
		}
		if c.missing != "" {
			fmt.Fprintln(os.Stderr, "acceptance: skipped:", c.missing)
		}
		all = append(all, c)
	}
	return all
})

// identify asks a command what it is.
func identify(path string) (command, error) {
	cmd := exec.Command(path, "version")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	out, err := cmd.Output()
	if err != nil {
		return command{}, err
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return command{}, fmt.Errorf("neither Terraform nor OpenTofu 1.x: %q", out)
	}
	minor, err := strconv.Atoi(string(match[2]))
	return command{name: string(match[1]), path: path, minor: minor}, err
}

// hasIdentity reports whether an import block may give an identity.
func (c command) hasIdentity() bool { return c.minor >= 12 }

// provider is the folder with the provider's binary, made once per test run.
var provider = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(scratch, "bin", providerBinary), "github.com/modelserving/terraform-provider-serving")
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, &stderr)
	}
	return filepath.Join(scratch, "bin"), nil
})

const providerBinary = "terraform-provider-serving"

// witness is a folder with a provider that first writes down its process id, so
// that a test can kill it and not the command.
var witness = sync.OnceValues(func() (string, error) {
	dir, err := provider()
	if err != nil {
		return "", err
	}
	script := fmt.Sprintf("#!/bin/sh\necho $$ >>\"$%s\"\nexec %q \"$@\"\n", witnessVariable, filepath.Join(dir, providerBinary))
	to := filepath.Join(scratch, "witness")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return "", err
	}
	return to, os.WriteFile(filepath.Join(to, providerBinary), []byte(script), 0o755)
})

// witnessVariable names the file of process ids.
const witnessVariable = "SERVING_ACCEPTANCE_PROCESSES"

// scratch is removed when all tests have ended.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "serving-acceptance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
	}
	os.Exit(code)
}

// environment is what a command inherits: nothing that says how to reach a
// cloud or how Terraform is to behave.
func environment() []string {
	var kept []string
	for _, name := range []string{"PATH", "TMPDIR", "LANG", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// exitCode is that of a command which ran; -1 when a signal ended it.
func exitCode(t testing.TB, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatalf("running the command: %v", err)
	return -1
}

// plain undoes what the commands do to a message for the eye: frames and line
// breaks.
func plain(text string) string {
	return strings.Join(strings.Fields(frames.Replace(text)), " ")
}

var frames = strings.NewReplacer("│", " ", "╷", " ", "╵", " ")
