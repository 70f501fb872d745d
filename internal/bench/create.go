package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// create measures how much longer a create takes than the cloud must. The time is that between the first and the last
// call, as the cloud sees it: the command's own start is measured elsewhere.
func (b *bench) create(ctx context.Context) error {
	for _, c := range b.clouds {
		if err := b.createOn(ctx, c); err != nil {
			return err
		}
	}
	// What comes after is measured without delays.
	return b.sandbox.admin(http.MethodPost, "/config", map[string]any{"time_scale": 0}, nil)
}

func (b *bench) createOn(ctx context.Context, c cloud) error {
	if err := b.sandbox.clean(); err != nil {
		return err
	}
	f, err := b.clusters("create", c, "private")
	if err != nil {
		return err
	}
	if err := b.sandbox.latency(0); err != nil {
		return err
	}
	if err := b.sandbox.admin(http.MethodPost, "/config", map[string]any{"time_scale": c.scale}, nil); err != nil {
		return err
	}
	var config struct{ Delays map[string]string }
	if err := b.sandbox.admin(http.MethodGet, "/config", struct{}{}, &config); err != nil {
		return err
	}
	longest := time.Duration(0)
	for _, name := range c.chain {
		delay, err := time.ParseDuration(config.Delays[name])
		if err != nil || delay == 0 {
			return fmt.Errorf("the sandbox has no delay %s: %q", name, config.Delays[name])
		}
		longest += delay
	}
	say("creating a cluster on %s, which takes %s at least", c.name, longest)
	if _, err := f.do(ctx, "apply", "-auto-approve", "-var=stacks=1"); err != nil {
		return err
	}
	calls, err := b.sandbox.calls()
	if err != nil {
		return err
	}
	took := calls[len(calls)-1].Time.Sub(calls[0].Time)
	b.table.add(c.name+", create: longest chain of delays", seconds(longest), "", "")
	b.table.add(c.name+", create: first call to last", fmt.Sprintf("%s, %d calls", seconds(took), len(calls)), "", "")
	b.table.ratio("  of the longest chain", took, longest, 1.05, "<= 1.05")
	return nil
}
