package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed stack/peerings/main.tf
var peeringsStack string

//go:embed stack/peering/main.tf
var peeringStack string

//go:embed stack/gcp-peerings/main.tf
var peeringsStackOnGCP string

//go:embed stack/gcp-peering/main.tf
var peeringStackOnGCP string

// neighbours are the networks that clusters of a cloud are peered with.
type neighbours struct {
	// many is the configuration of a cluster with its peerings, and one that of a peering in a configuration of its own.
	many, one string
	// make are the arguments of the command that makes the networks, and at is what the argument of a peering says beside their id.
	make []string
	at   map[string]string
}

// Where the peers' networks are: in another account and region, and in another project.
const (
	peerRegion  = "eu-central-1"
	peerRole    = "arn:aws:iam::210987654321:role/OrganizationAccountAccessRole"
	peerProject = "peer-project"
	peerAccount = "peering@peer-project.iam.gserviceaccount.com"
)

var peersOf = map[string]neighbours{
	"aws": {
		many: peeringsStack, one: peeringStack,
		make: []string{"-role", peerRole, "-region", peerRegion}, at: map[string]string{"region": peerRegion, "assume_role_arn": peerRole},
	},
	"gcp": {
		many: peeringsStackOnGCP, one: peeringStackOnGCP,
		make: []string{"-project", peerProject, "-account", peerAccount, "-region", "us-central1"}, at: map[string]string{"project": peerProject, "impersonate_service_account": peerAccount},
	},
}

// peerings measures the refresh of 1, 10 and 50 peerings of one cluster with VPCs of another account and region, or project: what
// they cost beside the cluster, and what one costs in a configuration of its own. The call that takes the role or the service
// account is no read, and one for all of them.
func (b *bench) peerings(ctx context.Context) error {
	for _, c := range b.clouds {
		if err := b.peeringsOn(ctx, c.name, peersOf[c.name]); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) peeringsOn(ctx context.Context, cloud string, n neighbours) error {
	if err := b.sandbox.clean(); err != nil {
		return err
	}
	if err := b.sandbox.latency(0); err != nil {
		return err
	}
	most := slices.Max(b.counts)
	say("making %d VPCs on %s", most+1, cloud)
	peers, err := b.peers(ctx, n, most+1)
	if err != nil {
		return err
	}
	f, err := b.stacks("peerings-"+cloud, n.many)
	if err != nil {
		return err
	}
	alone := 0
	for _, count := range append([]int{0}, b.counts...) {
		say("making %d peerings", count)
		u, calls, err := b.refreshWith(ctx, f, peers[:count])
		if err != nil {
			return err
		}
		if count == 0 {
			alone = reads(calls)
			b.table.add(cloud+", refresh of the cluster and certificate of the peerings: calls", fmt.Sprint(alone), "", "")
			b.table.add("  plan with 50 ms per call", seconds(u.wall), "", "")
			continue
		}
		more := reads(calls) - alone
		what := fmt.Sprintf("%s, refresh of %d peerings, with their cluster: ", cloud, count)
		say("%scalls by action\n%s", what, byAction(calls))
		b.table.add(what+"further calls each", fmt.Sprintf("%.1f", float64(more)/float64(count)), "<= 4", verdict(more <= 4*count))
		b.table.add(what+"plan with 50 ms per call", seconds(u.wall), "", "")
	}
	// The cluster stays where it is: its state is another one.
	own, err := b.stacks("peering-"+cloud, n.one)
	if err != nil {
		return err
	}
	u, calls, err := b.refreshWith(ctx, own, peers[most:])
	if err != nil {
		return err
	}
	say("refresh of a peering by itself: calls by action\n%s", byAction(calls))
	b.table.add(cloud+", refresh of a peering by itself: calls, one of them for all peerings of its cluster", fmt.Sprint(reads(calls)), "<= 4 + 1", verdict(reads(calls) <= 5))
	b.table.add("  plan with 50 ms per call", seconds(u.wall), "", "")
	return nil
}

// peeringCounts reads numbers of peerings, as "1,10,50".
func peeringCounts(text string) ([]int, error) {
	var counts []int
	for part := range strings.SplitSeq(text, ",") {
		// The last network is for a peering by itself, and no more than 150 have ranges of their own.
		count, err := strconv.Atoi(part)
		if err != nil || count < 1 || count > 149 {
			return nil, fmt.Errorf("-peerings: %q is no number of peerings from 1 to 149", part)
		}
		counts = append(counts, count)
	}
	return counts, nil
}

// refreshWith makes the peerings and measures a plan of them, which must be empty.
func (b *bench) refreshWith(ctx context.Context, f *folder, peers []map[string]string) (usage, []call, error) {
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

// reads counts the calls but those that take a role or a service account.
func reads(calls []call) int {
	n := 0
	for _, c := range calls {
		if c.Action != "AssumeRole" && c.Service != "iamcredentials" {
			n++
		}
	}
	return n
}

// peers makes VPCs and gives the arguments of their peerings.
func (b *bench) peers(ctx context.Context, n neighbours, count int) ([]map[string]string, error) {
	binary := filepath.Join(b.dir, "vpcs")
	if err := quietly(exec.CommandContext(ctx, "go", "build", "-o", binary, "./internal/sandbox/cmd/vpcs")); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, append([]string{"-url", b.sandbox.url, "-count", fmt.Sprint(count)}, n.make...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmd, err)
	}
	var peers []map[string]string
	for line := range strings.Lines(string(out)) {
		peer := maps.Clone(n.at)
		peer["vpc"] = strings.TrimSpace(line)
		peers = append(peers, peer)
	}
	return peers, nil
}
