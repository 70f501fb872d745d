package main

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
)

const (
	yardstickSource  = "registry.terraform.io/hashicorp/aws"
	yardstickVersion = "5.100.0"
	// yardstickCloud is where it is one: it makes the same stacks there.
	yardstickCloud = "aws"
)

//go:embed stack/yardstick/main.tf
var yardstickStack string

// yardstick is the provider that people use today.
type yardstick struct{ mirror, binary string }

// findYardstick looks into the local mirrors that the command itself would use.
func (b *bench) findYardstick() (*yardstick, error) {
	for _, mirror := range mirrors() {
		pattern := filepath.Join(mirror, filepath.FromSlash(yardstickSource), yardstickVersion, runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-aws*")
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return &yardstick{mirror, found[0]}, nil
		}
	}
	say("hashicorp/aws %s is in no local plugin mirror: nothing to compare with. SERVING_BENCH_AWS_PROVIDER may name a mirror", yardstickVersion)
	b.table.add("yardstick", "hashicorp/aws "+yardstickVersion+" is in no local plugin mirror", "", "")
	return nil, nil
}

// mirrors are the folders that Terraform takes providers from without being told (CLI configuration, "Implied Local
// Mirror Directories"), and those that the user's configuration file names.
func mirrors() []string {
	out := []string{os.Getenv("SERVING_BENCH_AWS_PROVIDER")}
	home, _ := os.UserHomeDir()
	settings := os.Getenv("TF_CLI_CONFIG_FILE")
	if settings == "" {
		settings = filepath.Join(home, ".terraformrc")
	}
	if text, err := os.ReadFile(settings); err == nil {
		for _, match := range regexp.MustCompile(`(?s)filesystem_mirror\s*\{[^}]*?path\s*=\s*"([^"]+)"`).FindAllSubmatch(text, -1) {
			out = append(out, string(match[1]))
		}
	}
	out = append(out, filepath.Join("terraform.d", "plugins"), filepath.Join(home, ".terraform.d", "plugins"))
	data := os.Getenv("XDG_DATA_HOME")
	if data == "" {
		data = filepath.Join(home, ".local", "share")
	}
	shared := os.Getenv("XDG_DATA_DIRS")
	if shared == "" {
		shared = "/usr/local/share" + string(filepath.ListSeparator) + "/usr/share"
	}
	for _, dir := range append([]string{data}, filepath.SplitList(shared)...) {
		out = append(out, filepath.Join(dir, "terraform", "plugins"))
	}
	var absolute []string
	for _, dir := range out {
		if path, err := filepath.Abs(dir); dir != "" && err == nil {
			absolute = append(absolute, path)
		}
	}
	return absolute
}

// settings make the yardstick talk to the sandbox and to nothing else.
func (y *yardstick) settings(endpoint string) string {
	return fmt.Sprintf(`  region = "us-west-2"
  access_key = "sandbox"
  secret_key = "sandbox"
  skip_credentials_validation = true
  skip_metadata_api_check = true
  skip_region_validation = true
  endpoints {
    acm = %[1]q
    autoscaling = %[1]q
    ec2 = %[1]q
    eks = %[1]q
    elbv2 = %[1]q
    iam = %[1]q
    sts = %[1]q
  }`, endpoint)
}

// install gives a folder the yardstick from its mirror.
func (y *yardstick) install(ctx context.Context, f *folder) error {
	cmd := exec.CommandContext(ctx, f.cli, "-chdir="+f.dir, "init", "-no-color", "-plugin-dir="+y.mirror)
	cmd.Env = f.env
	return quietly(cmd)
}

// refreshOfYardstick measures the same plan of equal stacks, made of the yardstick's resources.
func (b *bench) refreshOfYardstick(ctx context.Context, serving map[int]usage) error {
	if b.yardstick == nil {
		return nil
	}
	if err := b.sandbox.clean(); err != nil {
		return err
	}
	f, err := b.stacks("yardstick", yardstickStack+"\nprovider \"aws\" {\n"+b.yardstick.settings(b.sandbox.url)+"\n}\n")
	if err != nil {
		return err
	}
	if err := b.yardstick.install(ctx, f); err != nil {
		return err
	}
	counts := map[int]float64{1: 8}
	if b.long {
		counts[50] = 6
	}
	for _, n := range slices.Sorted(maps.Keys(counts)) {
		what := fmt.Sprintf("the yardstick's refresh of %d equal stacks: ", n)
		say("making %d equal stacks with the yardstick", n)
		u, calls, err := b.refreshOf(ctx, f, n)
		if err != nil {
			return err
		}
		say("%scalls by action\n%s", what, byAction(calls))
		b.table.add(what+"calls each", each(calls, n), "", "")
		b.table.add(what+"plan with 50 ms per call", seconds(u.wall), "", "")
		b.table.add(what+"peak memory", megabytes(u.peak), "", "")
		b.table.ratio(fmt.Sprintf("  plan of %d clusters, of the yardstick's", n), serving[n].wall, u.wall, 1/counts[n], fmt.Sprintf("<= 1/%.0f (%.3f)", counts[n], 1/counts[n]))
	}
	return nil
}
