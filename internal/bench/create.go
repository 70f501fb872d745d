package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// scale shortens the cloud's delays, so that the nine minutes of an EKS cluster are half a minute.
const scale = 0.06

// chain is the longest way through a cluster's graph by the sandbox's delays: subnets come after the VPC, the control
// plane after its subnets, and the node groups after the control plane. Beside it run, and are done long before, the
// NAT gateways (after a public subnet) and the load balancer; attaching the node groups to the target group is an order
// that takes effect by itself.
var chain = []string{"ec2.vpc.create", "ec2.subnet.create", "eks.cluster.create", "eks.nodegroup.create"}

// create measures how much longer a create takes than the cloud must. The time is that between the first and the last
// call, as the cloud sees it: the command's own start is measured elsewhere.
func (b *bench) create(ctx context.Context) error {
	if err := b.sandbox.clean(); err != nil {
		return err
	}
	f, err := b.stacks("create", servingStack)
	if err != nil {
		return err
	}
	if err := b.sandbox.latency(0); err != nil {
		return err
	}
	if err := b.sandbox.admin(http.MethodPost, "/config", map[string]any{"time_scale": scale}, nil); err != nil {
		return err
	}
	var config struct{ Delays map[string]string }
	if err := b.sandbox.admin(http.MethodGet, "/config", struct{}{}, &config); err != nil {
		return err
	}
	longest := time.Duration(0)
	for _, name := range chain {
		delay, err := time.ParseDuration(config.Delays[name])
		if err != nil || delay == 0 {
			return fmt.Errorf("the sandbox has no delay %s: %q", name, config.Delays[name])
		}
		longest += delay
	}
	say("creating a cluster, which takes %s at least", longest)
	if _, err := f.do(ctx, "apply", "-auto-approve", "-var=stacks=1"); err != nil {
		return err
	}
	calls, err := b.sandbox.calls()
	if err != nil {
		return err
	}
	took := calls[len(calls)-1].Time.Sub(calls[0].Time)
	b.table.add("create: longest chain of delays", seconds(longest), "", "")
	b.table.add("create: first call to last", fmt.Sprintf("%s, %d calls", seconds(took), len(calls)), "", "")
	b.table.ratio("  of the longest chain", took, longest, 1.05, "<= 1.05")
	return nil
}
