package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// folder is a configuration that the command works in.
type folder struct {
	*bench
	dir string
	env []string
}

// folder writes a configuration, which finds the providers that were just built without an init.
func (b *bench) folder(name, config string) (*folder, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o644); err != nil {
		return nil, err
	}
	var overrides strings.Builder
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		for _, kind := range []string{"serving", "floor"} {
			fmt.Fprintf(&overrides, "    %q = %q\n", host+"/modelserving/"+kind, filepath.Join(b.dir, "bin"))
		}
	}
	settings := filepath.Join(b.dir, "cli.tfrc")
	text := "provider_installation {\n  dev_overrides {\n" + overrides.String() + "  }\n  direct {}\n}\n"
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return nil, err
	}
	f := &folder{bench: b, dir: dir}
	for _, v := range os.Environ() {
		// The user's own settings of the command would change what is measured.
		if !strings.HasPrefix(v, "TF_") && !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "SERVING_") {
			f.env = append(f.env, v)
		}
	}
	f.env = append(f.env, "TF_CLI_CONFIG_FILE="+settings, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1", "AWS_EC2_METADATA_DISABLED=true")
	return f, nil
}

// usage is what one run of the command took.
type usage struct {
	wall time.Duration
	// peak is the most memory that a provider process held, in bytes; zero where the system does not tell.
	peak int64
}

// do runs the command. It is an error when it does not succeed, and with plan when the plan is not empty.
func (f *folder) do(ctx context.Context, args ...string) (usage, error) {
	if args[0] == "plan" {
		args = append(args, "-detailed-exitcode")
	}
	cmd := exec.CommandContext(ctx, f.cli, append([]string{"-chdir=" + f.dir}, append(args, "-no-color")...)...)
	cmd.Env = f.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var u usage
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-tick.C:
			u.peak = max(u.peak, peakOfProviders(cmd.Process.Pid))
		case err := <-ended:
			tick.Stop()
			u.wall = time.Since(start)
			if err != nil {
				err = fmt.Errorf("%s %s in %s: %w\n%s", filepath.Base(f.cli), strings.Join(args, " "), filepath.Base(f.dir), err, out.String())
			}
			return u, err
		}
	}
}

// peakOfProviders reads the high-water mark of resident memory of the provider processes that a process has started.
func peakOfProviders(parent int) int64 {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	var peak int64
	for _, file := range all {
		stat, err := os.ReadFile(file)
		// The fields are "pid (name) state ppid"; the name may have anything in it.
		end := bytes.LastIndexByte(stat, ')')
		if err != nil || end < 0 || !bytes.Contains(stat[:end], []byte("(terraform-prov")) {
			continue
		}
		if fields := strings.Fields(string(stat[end+1:])); len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(file), "status"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				kib, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
				peak = max(peak, kib*1024)
			}
		}
	}
	return peak
}
