package gcp

import (
	"context"
	"fmt"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// firewalls are rules that let somebody reach the nodes of a cluster, which carry
// its network tag.
type firewalls struct {
	named[computepb.Firewall, *computepb.Firewall]
}

var _ stack.Kind[*computepb.Firewall, computepb.Firewall] = firewalls{}

func (c *client) firewalls(o owner, name string) firewalls {
	return firewalls{named[computepb.Firewall, *computepb.Firewall]{
		client: c, owner: o, what: "firewall rule", names: []string{name}, all: c.reader.firewalls,
		how: fields{
			fixed: []string{"network", "direction"},
			empty: []string{"denied", "destinationRanges", "sourceTags", "sourceServiceAccounts", "targetServiceAccounts"},
			whole: []string{"allowed"},
		},
	}}
}

// probes are where Google's health checks come from (Cloud Load Balancing, "Probe
// IP ranges and firewall rules").
var probes = []string{"35.191.0.0/16", "130.211.0.0/22"}

// allow is a rule for one TCP port of the nodes with a tag.
func allow(name, network, tag string, port int, sources []string) *computepb.Firewall {
	return &computepb.Firewall{
		Name: &name, Network: proto.String(computeLink(network)), Direction: proto.String("INGRESS"), Priority: proto.Int32(1000),
		Disabled: proto.Bool(false), SourceRanges: sorted(sources), TargetTags: []string{tag},
		Allowed:   []*computepb.Allowed{{IPProtocol: proto.String("tcp"), Ports: []string{fmt.Sprint(port)}}},
		LogConfig: &computepb.FirewallLogConfig{Enable: proto.Bool(false)},
	}
}

func (k firewalls) Create(ctx context.Context, object string, want *computepb.Firewall, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.firewalls.Insert(ctx, &computepb.InsertFirewallRequest{Project: k.project, RequestId: id, FirewallResource: k.marked(object, want)})
	})
}

// Update writes the whole rule, so that what somebody has added goes.
func (k firewalls) Update(ctx context.Context, object string, want *computepb.Firewall, live *computepb.Firewall, _ []stack.Difference) error {
	op, err := k.compute.firewalls.Update(ctx, &computepb.UpdateFirewallRequest{Project: k.project, Firewall: live.GetName(), FirewallResource: k.marked(object, want)})
	return outdated(k.done(ctx, op, err))
}

func (k firewalls) Delete(ctx context.Context, live *computepb.Firewall) error {
	op, err := k.compute.firewalls.Delete(ctx, &computepb.DeleteFirewallRequest{Project: k.project, Firewall: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
