package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

// latency of every call while a refresh is measured.
const latency = 50 * time.Millisecond

// refresh measures plans of clusters that are as they should be.
func (b *bench) refresh(ctx context.Context) error {
	for _, c := range b.clouds {
		for _, r := range c.refreshes {
			walls, err := b.refreshOn(ctx, c, r)
			if err != nil {
				return err
			}
			if c.name != yardstickCloud {
				continue
			}
			if err := b.refreshOfYardstick(ctx, walls); err != nil {
				return err
			}
		}
	}
	return nil
}

// refreshOn measures the plans of one cloud and visibility, by their size.
func (b *bench) refreshOn(ctx context.Context, c cloud, r refreshes) (map[int]usage, error) {
	if err := b.sandbox.clean(); err != nil {
		return nil, err
	}
	f, err := b.clusters("refresh", c, r.visibility)
	if err != nil {
		return nil, err
	}
	measured := map[int]usage{}
	for _, n := range slices.Sorted(maps.Keys(r.calls)) {
		say("making %d %s clusters on %s", n, r.visibility, c.name)
		u, calls, err := b.refreshOf(ctx, f, n)
		if err != nil {
			return nil, err
		}
		measured[n] = u
		what := fmt.Sprintf("%s, refresh of %d %s clusters and certificates: ", c.name, n, r.visibility)
		say("%scalls by action\n%s", what, byAction(calls))
		if budget := r.calls[n]; budget > 0 {
			b.table.add(what+"calls each", each(calls, n), fmt.Sprintf("<= %d", budget), verdict(len(calls) <= budget*n))
		} else {
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
	return measured, nil
}

// clusters is a folder with clusters of one cloud and visibility.
func (b *bench) clusters(name string, c cloud, visibility string) (*folder, error) {
	f, err := b.stacks(name+"-"+c.name+"-"+visibility, c.stack)
	if err != nil {
		return nil, err
	}
	f.env = append(f.env, "TF_VAR_visibility="+visibility)
	return f, nil
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
