package gcp

import (
	"slices"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestCompare holds comparison against what a cloud may answer.
func TestCompare(t *testing.T) {
	t.Parallel()
	firewall := func(change func(*computepb.Firewall)) *computepb.Firewall {
		f := allow("f", "projects/p/global/networks/n", "tag", 80, []string{"10.0.0.0/8", "192.0.2.0/24"})
		if change != nil {
			change(f)
		}
		return f
	}
	pool := func(change func(*containerpb.NodePool)) *containerpb.NodePool {
		p := &containerpb.NodePool{Name: "p", Config: &containerpb.NodeConfig{MachineType: "m"}, Autoscaling: &containerpb.NodePoolAutoscaling{Enabled: true}}
		if change != nil {
			change(p)
		}
		return p
	}
	how := fields{empty: []string{"denied", "sourceTags"}, whole: []string{"allowed"}, fixed: []string{"network"}, attributes: map[string]string{"sourceRanges": "a.b"}}
	zeros := fields{always: []string{"config.spot", "autoscaling.totalMinNodeCount"}}
	for name, test := range map[string]struct {
		want, live proto.Message
		how        fields
		diffs      []string
	}{
		"the same": {firewall(nil), firewall(nil), how, nil},
		"what the cloud adds": {firewall(nil), firewall(func(f *computepb.Firewall) {
			f.Id, f.Kind, f.SelfLink = proto.Uint64(7), proto.String("compute#firewall"), proto.String("x")
		}), how, nil},
		"another spelling of a link": {firewall(nil), firewall(func(f *computepb.Firewall) {
			f.Network = proto.String("https://compute.googleapis.com/compute/v1/projects/p/global/networks/n")
		}), how, nil},
		"another link":   {firewall(nil), firewall(func(f *computepb.Firewall) { f.Network = proto.String("projects/q/global/networks/n") }), how, []string{"network!"}},
		"another order":  {firewall(nil), firewall(func(f *computepb.Firewall) { slices.Reverse(f.SourceRanges) }), how, nil},
		"a range more":   {firewall(nil), firewall(func(f *computepb.Firewall) { f.SourceRanges = append(f.SourceRanges, "0.0.0.0/0") }), how, []string{"sourceRanges@a.b"}},
		"a range less":   {firewall(nil), firewall(func(f *computepb.Firewall) { f.SourceRanges = f.SourceRanges[:1] }), how, []string{"sourceRanges@a.b"}},
		"absent for off": {firewall(nil), firewall(func(f *computepb.Firewall) { f.Disabled, f.LogConfig = nil, nil }), how, nil},
		"turned on":      {firewall(nil), firewall(func(f *computepb.Firewall) { f.Disabled = proto.Bool(true) }), how, []string{"disabled"}},
		"deep inside":    {firewall(nil), firewall(func(f *computepb.Firewall) { f.LogConfig.Enable = proto.Bool(true) }), how, []string{"logConfig.enable"}},
		"a rule more": {firewall(nil), firewall(func(f *computepb.Firewall) {
			f.Allowed = append(f.Allowed, &computepb.Allowed{IPProtocol: proto.String("udp")})
		}), how, []string{"allowed"}},
		"what should be empty": {firewall(nil), firewall(func(f *computepb.Firewall) { f.SourceTags = []string{"x"} }), how, []string{"sourceTags"}},
		"a zero that is":       {pool(nil), pool(nil), zeros, nil},
		"a zero that is not":   {pool(nil), pool(func(p *containerpb.NodePool) { p.Config.Spot, p.Autoscaling.TotalMinNodeCount = true, 2 }), zeros, []string{"autoscaling.totalMinNodeCount", "config.spot"}},
		"nothing there":        {pool(nil), &containerpb.NodePool{}, zeros, []string{"autoscaling.enabled", "config.machineType", "name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range compare(test.want, test.live, test.how) {
				got = append(got, describe(d))
			}
			if !slices.Equal(got, test.diffs) {
				t.Errorf("differences %q, want %q", got, test.diffs)
			}
		})
	}
}

// describe writes a difference: its field, whether it can change, its attribute.
func describe(d stack.Difference) string {
	text := d.Field
	if d.Immutable {
		text += "!"
	}
	if d.Attribute != "" {
		text += "@" + d.Attribute
	}
	return text
}
