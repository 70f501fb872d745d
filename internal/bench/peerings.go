package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed stack/peerings/main.tf
var peeringsStack string

//go:embed stack/peering/main.tf
var peeringStack string

// Where the peers' VPCs are.
const (
	peerRegion = "eu-central-1"
	peerRole   = "arn:aws:iam::210987654321:role/OrganizationAccountAccessRole"
)

// peer is the argument of a peering.
type peer struct {
	VPC           string `json:"vpc"`
	Region        string `json:"region"`
	AssumeRoleARN string `json:"assume_role_arn"`
}

// peerings measures the refresh of 1, 10 and 50 peerings of one cluster with VPCs of another account and region: what they cost
// beside the cluster, and what one costs in a configuration of its own. The call that takes the role is no read, and one
// for all of them.
func (b *bench) peerings(ctx context.Context) error {
	if err := b.sandbox.clean(); err != nil {
		return err
	}
	if err := b.sandbox.latency(0); err != nil {
		return err
	}
	say("making 51 VPCs")
	peers, err := b.peers(ctx, 51)
	if err != nil {
		return err
	}
	f, err := b.stacks("peerings", peeringsStack)
	if err != nil {
		return err
	}
	alone := 0
	for _, n := range []int{0, 1, 10, 50} {
		say("making %d peerings", n)
		u, calls, err := b.refreshWith(ctx, f, peers[:n])
		if err != nil {
			return err
		}
		if n == 0 {
			alone = reads(calls)
			b.table.add("refresh of the cluster and certificate of the peerings: calls", fmt.Sprint(alone), "", "")
			b.table.add("  plan with 50 ms per call", seconds(u.wall), "", "")
			continue
		}
		more := reads(calls) - alone
		what := fmt.Sprintf("refresh of %d peerings, with their cluster: ", n)
		say("%scalls by action\n%s", what, byAction(calls))
		b.table.add(what+"further calls each", fmt.Sprintf("%.1f", float64(more)/float64(n)), "<= 4", verdict(more <= 4*n))
		b.table.add(what+"plan with 50 ms per call", seconds(u.wall), "", "")
	}
	// The cluster stays where it is: its state is another one.
	own, err := b.stacks("peering", peeringStack)
	if err != nil {
		return err
	}
	u, calls, err := b.refreshWith(ctx, own, peers[50:])
	if err != nil {
		return err
	}
	say("refresh of a peering by itself: calls by action\n%s", byAction(calls))
	b.table.add("refresh of a peering by itself: calls, one of them for all peerings of its cluster", fmt.Sprint(reads(calls)), "<= 4 + 1", verdict(reads(calls) <= 5))
	b.table.add("  plan with 50 ms per call", seconds(u.wall), "", "")
	return nil
}

// refreshWith makes the peerings and measures a plan of them, which must be empty.
func (b *bench) refreshWith(ctx context.Context, f *folder, peers []peer) (usage, []call, error) {
	text, err := json.Marshal(peers)
	if err != nil {
		return usage{}, nil, err
	}
	if err := b.sandbox.latency(0); err != nil {
		return usage{}, nil, err
	}
	argument := "-var=peers=" + string(text)
	if _, err := f.do(ctx, "apply", "-auto-approve", "-parallelism=50", argument); err != nil {
		return usage{}, nil, err
	}
	if err := b.sandbox.latency(latency); err != nil {
		return usage{}, nil, err
	}
	u, err := f.do(ctx, "plan", argument)
	if err != nil {
		return u, nil, err
	}
	calls, err := b.sandbox.calls()
	return u, calls, err
}

// reads counts the calls but those that take a role.
func reads(calls []call) int {
	n := 0
	for _, c := range calls {
		if c.Action != "AssumeRole" {
			n++
		}
	}
	return n
}

// peers makes VPCs in another account and region.
func (b *bench) peers(ctx context.Context, n int) ([]peer, error) {
	binary := filepath.Join(b.dir, "vpcs")
	if err := quietly(exec.CommandContext(ctx, "go", "build", "-o", binary, "./internal/sandbox/cmd/vpcs")); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, "-url", b.sandbox.url, "-role", peerRole, "-region", peerRegion, "-count", fmt.Sprint(n))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmd, err)
	}
	var peers []peer
	for line := range strings.Lines(string(out)) {
		peers = append(peers, peer{strings.TrimSpace(line), peerRegion, peerRole})
	}
	return peers, nil
}
