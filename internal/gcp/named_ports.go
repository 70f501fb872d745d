package gcp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// namedPorts are the port of the gateway in the instance groups of a pool, by the
// name that the backend service asks for. GKE makes the groups, one for each zone.
type namedPorts struct {
	*client
	pool *stack.Object[nodePoolSpec, containerpb.NodePool]
}

type namedPortsSpec struct {
	Groups []string
	Port   int32
}

// namedPortsLive are the groups that exist.
type namedPortsLive struct{ Groups []*computepb.InstanceGroup }

// portName is what the gateway's port is called in instance groups.
const portName = "serving-gateway"

var _ stack.Kind[namedPortsSpec, namedPortsLive] = namedPorts{}

// groupsOf are the links of a pool's instance groups. GKE gives those of their
// managers, which have the same names.
func groupsOf(pool *containerpb.NodePool) []string {
	var out []string
	for _, manager := range pool.GetInstanceGroupUrls() {
		out = append(out, strings.Replace(relative(manager), "/instanceGroupManagers/", "/instanceGroups/", 1))
	}
	return sorted(out)
}

// Find gives the groups as soon as one of them has the port.
func (k namedPorts) Find(ctx context.Context, _ string) ([]*namedPortsLive, error) {
	pool, err := k.pool.Found(ctx)
	if pool == nil || err != nil {
		return nil, err
	}
	live, err := k.read(ctx, groupsOf(pool))
	if err != nil || !slices.ContainsFunc(live.Groups, hasPort) {
		return nil, err
	}
	return []*namedPortsLive{live}, nil
}

func (k namedPorts) read(ctx context.Context, groups []string) (*namedPortsLive, error) {
	all, err := k.reader.instanceGroups.Get(ctx, everything)
	live := &namedPortsLive{}
	for _, group := range all {
		if slices.Contains(groups, relative(group.GetSelfLink())) {
			live.Groups = append(live.Groups, group)
		}
	}
	return live, err
}

func hasPort(group *computepb.InstanceGroup) bool {
	return slices.ContainsFunc(group.GetNamedPorts(), func(p *computepb.NamedPort) bool { return p.GetName() == portName })
}

func (k namedPorts) ID(live *namedPortsLive) string {
	var out []string
	for _, group := range live.Groups {
		out = append(out, relative(group.GetSelfLink()))
	}
	return strings.Join(sorted(out), " ")
}

func (k namedPorts) State(*namedPortsLive) stack.State { return stack.State{} }

// Diff leaves other names alone: somebody else may use the groups.
func (k namedPorts) Diff(_ string, want namedPortsSpec, live *namedPortsLive) []stack.Difference {
	var got, wanted []string
	for _, link := range want.Groups {
		wanted = append(wanted, fmt.Sprintf("%s:%d", lastOf(link), want.Port))
	}
	for _, group := range live.Groups {
		for _, port := range group.GetNamedPorts() {
			if port.GetName() == portName {
				got = append(got, fmt.Sprintf("%s:%d", group.GetName(), port.GetPort()))
			}
		}
	}
	return sameSet("named port", got, wanted)
}

func (k namedPorts) Create(ctx context.Context, _ string, want namedPortsSpec, _ string) error {
	live, err := k.read(ctx, want.Groups)
	if err != nil {
		return err
	}
	return k.set(ctx, live, &computepb.NamedPort{Name: proto.String(portName), Port: proto.Int32(want.Port)})
}

func (k namedPorts) Update(ctx context.Context, object string, want namedPortsSpec, _ *namedPortsLive, _ []stack.Difference) error {
	return k.Create(ctx, object, want, "")
}

func (k namedPorts) Delete(ctx context.Context, live *namedPortsLive) error {
	return absent(k.set(ctx, live, nil))
}

// set gives every group the port, or takes it away, and keeps the others.
func (k namedPorts) set(ctx context.Context, live *namedPortsLive, port *computepb.NamedPort) error {
	var g errgroup.Group
	for _, group := range live.Groups {
		ports := slices.DeleteFunc(slices.Clone(group.GetNamedPorts()), func(p *computepb.NamedPort) bool { return p.GetName() == portName })
		if port != nil {
			ports = append(ports, port)
		}
		g.Go(func() error {
			op, err := k.compute.instanceGroups.SetNamedPorts(ctx, &computepb.SetNamedPortsInstanceGroupRequest{
				Project: k.project, Zone: lastOf(group.GetZone()), InstanceGroup: group.GetName(),
				InstanceGroupsSetNamedPortsRequestResource: &computepb.InstanceGroupsSetNamedPortsRequest{Fingerprint: group.Fingerprint, NamedPorts: ports},
			})
			return outdated(k.done(ctx, op, err))
		})
	}
	return g.Wait()
}
