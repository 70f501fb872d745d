package gcp

import (
	"context"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// backends are the instance groups of all pools, in the backend service of the
// load balancer.
type backends struct {
	*client
	service *stack.Object[*computepb.BackendService, computepb.BackendService]
}

type backendsSpec struct {
	// Service is the link of the backend service, Groups those of instance groups.
	Service string
	Groups  []string
}

var _ stack.Kind[backendsSpec, computepb.BackendService] = backends{}

// Find gives the service as soon as it has any backend.
func (k backends) Find(ctx context.Context, _ string) ([]*computepb.BackendService, error) {
	service, err := k.service.Found(ctx)
	if service == nil || err != nil {
		return nil, err
	}
	all, err := k.reader.backendServices.Get(ctx, everything)
	if err != nil {
		return nil, err
	}
	live := find(all, service.GetName())
	if len(live.GetBackends()) == 0 {
		return nil, nil
	}
	return []*computepb.BackendService{live}, nil
}

func (k backends) ID(live *computepb.BackendService) string { return relative(live.GetSelfLink()) }

func (k backends) State(*computepb.BackendService) stack.State { return stack.State{} }

// fullAt is the utilisation at which a group takes no more than its share; it is
// the cloud's own default, as are the mode and scale.
const fullAt = 0.8

func (k backends) wanted(want backendsSpec) *computepb.BackendService {
	out := &computepb.BackendService{}
	for _, group := range sorted(want.Groups) {
		out.Backends = append(out.Backends, &computepb.Backend{
			Group: proto.String(computeLink(group)), BalancingMode: proto.String("UTILIZATION"), MaxUtilization: proto.Float32(fullAt), CapacityScaler: proto.Float32(1),
		})
	}
	return out
}

func (k backends) Diff(_ string, want backendsSpec, live *computepb.BackendService) []stack.Difference {
	diffs := fixed("service", k.ID(live), want.Service)
	return append(diffs, compare(k.wanted(want), live, fields{})...)
}

func (k backends) Create(ctx context.Context, _ string, want backendsSpec, _ string) error {
	live, err := k.service.Found(ctx)
	if err != nil {
		return err
	}
	return k.set(ctx, live, k.wanted(want).GetBackends())
}

func (k backends) Update(ctx context.Context, _ string, want backendsSpec, live *computepb.BackendService, _ []stack.Difference) error {
	return k.set(ctx, live, k.wanted(want).GetBackends())
}

// Delete takes all groups out, so that the pools can go.
func (k backends) Delete(ctx context.Context, live *computepb.BackendService) error {
	return absent(k.set(ctx, live, nil))
}

// set writes the service anew, as a patch cannot take all backends away. The
// service may have been changed by its own object a moment ago, so that it is read
// once more.
func (k backends) set(ctx context.Context, live *computepb.BackendService, groups []*computepb.Backend) error {
	now, err := k.compute.backendServices.Get(ctx, &computepb.GetRegionBackendServiceRequest{Project: k.project, Region: k.region, BackendService: live.GetName()})
	if err != nil {
		return err
	}
	now.Backends = groups
	op, err := k.compute.backendServices.Update(ctx, &computepb.UpdateRegionBackendServiceRequest{Project: k.project, Region: k.region, BackendService: live.GetName(), BackendServiceResource: writable(now)})
	return outdated(k.done(ctx, op, err))
}

// writable drops what the cloud alone writes, and refuses to be told.
func writable(service *computepb.BackendService) *computepb.BackendService {
	out := proto.CloneOf(service)
	out.Id, out.Kind, out.SelfLink, out.CreationTimestamp, out.Region, out.UsedBy = nil, nil, nil, nil, nil, nil
	return out
}
