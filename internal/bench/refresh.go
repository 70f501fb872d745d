package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"time"
)

//go:embed stack/serving/main.tf
var servingStack string

// latency of every call while a refresh is measured.
const latency = 50 * time.Millisecond

// refresh measures the plan of 1, 10 and 50 clusters that are as they should be.
func (b *bench) refresh(ctx context.Context) error {
	if err := b.sandbox.clean(); err != nil {
		return err
	}
	serving, err := b.stacks("refresh", servingStack)
	if err != nil {
		return err
	}
	measured := map[int]usage{}
	for _, n := range []int{1, 10, 50} {
		say("making %d clusters", n)
		u, calls, err := b.refreshOf(ctx, serving, n)
		if err != nil {
			return err
		}
		measured[n] = u
		what := fmt.Sprintf("refresh of %d clusters and certificates: ", n)
		say("%scalls by action\n%s", what, byAction(calls))
		switch n {
		case 1:
			b.table.add(what+"calls each", each(calls, n), "<= 28", verdict(len(calls) <= 28*n))
		case 50:
			b.table.add(what+"calls each", each(calls, n), "<= 14", verdict(len(calls) <= 14*n))
		default:
			b.table.add(what+"calls each", each(calls, n), "", "")
		}
		b.table.add(what+"plan with 50 ms per call", seconds(u.wall), "", "")
		switch {
		case u.peak == 0:
			b.table.add(what+"peak memory", "not measured on this system", "", "")
		case n == 50:
			b.table.add(what+"peak memory", megabytes(u.peak), "<= 120 MB", verdict(u.peak <= 120e6))
		default:
			b.table.add(what+"peak memory", megabytes(u.peak), "", "")
		}
	}
	return b.refreshOfYardstick(ctx, measured)
}

// stacks is a folder with n stacks, n being a variable.
func (b *bench) stacks(name, config string) (*folder, error) {
	f, err := b.folder(name, config)
	if err != nil {
		return nil, err
	}
	certificate, err := os.ReadFile(b.certificate)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(b.key)
	f.env = append(f.env, "TF_VAR_endpoint="+b.sandbox.url, "TF_VAR_certificate="+string(certificate), "TF_VAR_key="+string(key))
	return f, err
}

// refreshOf makes n stacks and measures a plan of them, which must be empty.
func (b *bench) refreshOf(ctx context.Context, f *folder, n int) (usage, []call, error) {
	stacks := fmt.Sprintf("-var=stacks=%d", n)
	if err := b.sandbox.latency(0); err != nil {
		return usage{}, nil, err
	}
	if _, err := f.do(ctx, "apply", "-auto-approve", "-parallelism=50", stacks); err != nil {
		return usage{}, nil, err
	}
	if err := b.sandbox.latency(latency); err != nil {
		return usage{}, nil, err
	}
	u, err := f.do(ctx, "plan", stacks)
	if err != nil {
		return u, nil, err
	}
	calls, err := b.sandbox.calls()
	return u, calls, err
}

func each(calls []call, n int) string { return fmt.Sprintf("%.1f", float64(len(calls))/float64(n)) }
