package main

import (
	"context"
	_ "embed"
	"fmt"
	"time"
)

//go:embed stack/servers/main.tf
var serversStack string

// servers measures what one more model server costs on a cluster that has 1, 100
// and 1,000, from the plan to every gateway pod serving it, and what servers cost
// in calls to the cloud.
func (b *bench) servers(ctx context.Context) error {
	if err := b.sandbox.clean(); err != nil {
		return err
	}
	if err := b.sandbox.latency(0); err != nil {
		return err
	}
	f, err := b.stacks("servers", serversStack)
	if err != nil {
		return err
	}
	var few time.Duration
	var before int
	for _, n := range []int{1, 100, 1000} {
		say("making %d model servers", n)
		if _, err := f.do(ctx, "apply", "-auto-approve", "-parallelism=50", count(n)); err != nil {
			return err
		}
		what := fmt.Sprintf("one more server on a cluster with %d", n)
		u, err := f.do(ctx, "apply", "-auto-approve", "-parallelism=50", count(n+1))
		if err != nil {
			return err
		}
		b.table.add(what+": apply", seconds(u.wall), "", "")
		// Of the others Terraform refreshes each: the one alone is what a team has
		// that keeps its server in a configuration of its own.
		if u, err = f.do(ctx, "apply", "-auto-approve", count(n+1), "-refresh=false", fmt.Sprintf("-replace=serving_model_server.bench[%d]", n)); err != nil {
			return err
		}
		b.table.add(what+": replacing it, without a refresh", seconds(u.wall), "", "")
		if n == 1 {
			few = u.wall
		} else {
			b.table.add("  of the same with 1", fmt.Sprintf("%.1f", float64(u.wall)/float64(few)), "", "")
		}
		if err := b.sandbox.latency(0); err != nil {
			return err
		}
		if _, err := f.do(ctx, "plan", count(n+1)); err != nil {
			return err
		}
		calls, err := b.sandbox.calls()
		if err != nil {
			return err
		}
		if n == 1 {
			before = len(calls)
			continue
		}
		b.table.add(fmt.Sprintf("cloud API calls of %d servers, in a plan with their cluster", n-1), fmt.Sprint(len(calls)-before), "0", verdict(len(calls) <= before))
	}
	return nil
}

func count(n int) string { return fmt.Sprintf("-var=servers=%d", n) }
