// Command bench measures what the provider costs and prints it next to its budgets: how fast it starts, how large it
// is, what a refresh takes in calls, memory and time, how long a create takes against the cloud's own delays, and what the
// gateway adds to a request.
//
//	make bench
//	make bench BENCHARGS=-long           compares fifty clusters with fifty stacks of the yardstick too, which takes long to make
//	make bench BENCHARGS="-cloud gcp -only provider" makes clusters on one cloud alone
//	make bench BENCHARGS="-cloud gcp -only peerings -peerings 1,10" measures the peerings of a cluster there, few of them
//	make bench BENCHARGS="-only gateway" measures the gateway alone: a real Envoy before a stub model
//
// Everything runs here, against the sandbox, with the real command (TF_ACC_TERRAFORM_PATH, else terraform or tofu on
// PATH). Where hashicorp/aws 5.100.0 is in a local plugin mirror it runs an equal stack in the same run, and ratios to it
// are printed; SERVING_BENCH_AWS_PROVIDER names a mirror that is not in one of Terraform's own places. A figure over its
// budget is marked and fails nothing: it is a benchmark, and the machine may be busy.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
)

// bench is one run: a folder for everything it makes, the command, the sandbox and the table that it fills.
type bench struct {
	dir       string
	cli       string
	provider  string
	floor     string
	yardstick *yardstick
	clouds    []cloud
	// counts are the numbers of peerings that are measured.
	counts  []int
	long    bool
	sandbox *sandbox
	table   table
	// key and certificate are files that every stack shares.
	key, certificate string
}

func main() {
	long := flag.Bool("long", false, "make fifty stacks of the yardstick too")
	on := flag.String("cloud", "", "the only cloud to make clusters on: \"aws\" or \"gcp\"; model servers are measured on AWS")
	peerings := flag.String("peerings", "1,10,50", "how `many` peerings to measure, one after the other")
	only := flag.String("only", "", "what to measure alone: \"provider\", \"create\", \"peerings\", \"servers\" or \"gateway\"")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *long, *on, *only, *peerings)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, long bool, on, only, peerings string) error {
	if !slices.Contains([]string{"", "provider", "create", "peerings", "servers", "gateway"}, only) {
		return fmt.Errorf("there is nothing called %q to measure", only)
	}
	clouds, err := measured(on)
	if err != nil {
		return err
	}
	counts, err := peeringCounts(peerings)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{dir: dir, clouds: clouds, counts: counts, long: long}
	defer b.table.print(os.Stdout)
	var measures []func(context.Context) error
	if only != "gateway" {
		if err := b.prepare(ctx); err != nil {
			return err
		}
		defer b.sandbox.stop()
	}
	if only == "" || only == "provider" {
		measures = append(measures, b.size, b.start, b.refresh, b.create)
	}
	if only == "create" {
		measures = append(measures, b.create)
	}
	if only == "" || only == "peerings" {
		measures = append(measures, b.peerings)
	}
	if (only == "" || only == "servers") && on != "gcp" {
		measures = append(measures, b.servers)
	}
	if only == "" || only == "gateway" {
		measures = append(measures, b.gateway)
	}
	for _, measure := range measures {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare builds everything as a release is built.
func (b *bench) prepare(ctx context.Context) error {
	say("building the provider, the floor and the sandbox")
	b.provider, b.floor = filepath.Join(b.dir, "bin", "terraform-provider-serving"), filepath.Join(b.dir, "bin", "terraform-provider-floor")
	server := filepath.Join(b.dir, "sandbox")
	for target, source := range map[string]string{b.provider: ".", b.floor: "./internal/bench/floor", server: "./internal/sandbox/cmd/sandbox"} {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", target, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if err := quietly(build); err != nil {
			return err
		}
	}
	b.certificate, b.key = filepath.Join(b.dir, "tls.crt"), filepath.Join(b.dir, "tls.key")
	err := quietly(exec.CommandContext(ctx, "go", "-C", "internal/tools", "run", "./selfsigned", "-domain", "models.example.com", "-days", "90", "-certificate", b.certificate, "-key", b.key))
	if err != nil {
		return err
	}
	if b.cli, err = command(); err != nil {
		return err
	}
	if b.yardstick, err = b.findYardstick(); err != nil {
		return err
	}
	b.sandbox, err = startSandbox(ctx, server)
	return err
}

// command finds Terraform or OpenTofu.
func command() (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return exec.LookPath(path)
	}
	path, err := exec.LookPath("terraform")
	if err != nil {
		path, err = exec.LookPath("tofu")
	}
	return path, err
}

// size is what a user downloads, unpacked.
func (b *bench) size(context.Context) error {
	info, err := os.Stat(b.provider)
	if err != nil {
		return err
	}
	b.table.add("binary", megabytes(info.Size()), "<= 120 MB", verdict(info.Size() <= 120e6))
	if b.yardstick != nil {
		info, err := os.Stat(b.yardstick.binary)
		if err != nil {
			return err
		}
		b.table.add("binary of the yardstick", megabytes(info.Size()), "", "")
	}
	return nil
}

// quietly runs a command and shows its output only when it fails.
func quietly(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, cmp.Or(string(out), "no output"))
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
