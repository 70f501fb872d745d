package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// backendServices are how load balancers use the nodes. The scheme cannot change
// on a living one, so the visibility is part of the name. Which nodes is another
// object: the service need not wait for them.
type backendServices struct {
	named[computepb.BackendService, *computepb.BackendService]
}

var (
	_ stack.Kind[*computepb.BackendService, computepb.BackendService] = backendServices{}
	_ stack.Replacer                                                  = backendServices{}
)

// Replaceable is true because of the scheme.
func (k backendServices) Replaceable() {}

func (c *client) backendServices(o owner, names []string) backendServices {
	return backendServices{named[computepb.BackendService, *computepb.BackendService]{
		client: c, owner: o, what: "backend service", names: names, all: c.reader.backendServices,
		how: fields{
			fixed: []string{"name", "loadBalancingScheme"},
			empty: []string{
				"customRequestHeaders", "customResponseHeaders", "iap.enabled", "circuitBreakers", "consistentHash", "outlierDetection",
				"securitySettings", "serviceBindings", "affinityCookieTtlSec", "strongSessionAffinityCookie", "maxStreamDuration", "localityLbPolicies", "tlsSettings",
			},
			attributes: map[string]string{"timeoutSec": "endpoint.idle_timeout_seconds"},
		},
	}}
}

// scheme is the load balancing scheme of a visibility.
func scheme(v serving.Visibility) string {
	if v == serving.Public {
		return schemeExternal
	}
	return schemeInternal
}

const (
	schemeExternal = "EXTERNAL_MANAGED"
	schemeInternal = "INTERNAL_MANAGED"
)

// drainSeconds is how long requests may go on at a node that leaves.
const drainSeconds = 120

func backendService(name string, v serving.Visibility, timeout int64, healthCheck, policy string) *computepb.BackendService {
	return &computepb.BackendService{
		Name: &name, LoadBalancingScheme: proto.String(scheme(v)), Protocol: proto.String("HTTP"), PortName: proto.String(portName),
		TimeoutSec: proto.Int32(int32(timeout)), HealthChecks: []string{computeLink(healthCheck)}, SecurityPolicy: proto.String(computeLink(policy)),
		ConnectionDraining: &computepb.ConnectionDraining{DrainingTimeoutSec: proto.Int32(drainSeconds)},
		// A GPU server is busy with one long request at a time: the fewest
		// outstanding requests beat taking turns.
		LocalityLbPolicy: proto.String("LEAST_REQUEST"), SessionAffinity: proto.String("NONE"),
		LogConfig: &computepb.BackendServiceLogConfig{Enable: proto.Bool(false)},
	}
}

func (k backendServices) Create(ctx context.Context, object string, want *computepb.BackendService, token string) error {
	service := k.marked(object, want)
	// It takes a call of its own, which is left to Update.
	service.SecurityPolicy = nil
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.backendServices.Insert(ctx, &computepb.InsertRegionBackendServiceRequest{Project: k.project, Region: k.region, RequestId: id, BackendServiceResource: service})
	})
}

// Update writes the whole service but its backends, so that what somebody has
// added goes.
func (k backendServices) Update(ctx context.Context, object string, want *computepb.BackendService, live *computepb.BackendService, diffs []stack.Difference) error {
	if has(diffs, "securityPolicy") {
		op, err := k.compute.backendServices.SetSecurityPolicy(ctx, &computepb.SetSecurityPolicyRegionBackendServiceRequest{Project: k.project, Region: k.region, BackendService: live.GetName(),
			SecurityPolicyReferenceResource: &computepb.SecurityPolicyReference{SecurityPolicy: want.SecurityPolicy}})
		// That changes the fingerprint; the rest is for the next round.
		return k.done(ctx, op, err)
	}
	service := k.marked(object, want)
	service.SecurityPolicy, service.Backends, service.Fingerprint = live.SecurityPolicy, live.GetBackends(), live.Fingerprint
	op, err := k.compute.backendServices.Update(ctx, &computepb.UpdateRegionBackendServiceRequest{Project: k.project, Region: k.region, BackendService: live.GetName(), BackendServiceResource: service})
	return outdated(k.done(ctx, op, err))
}

func (k backendServices) Delete(ctx context.Context, live *computepb.BackendService) error {
	op, err := k.compute.backendServices.Delete(ctx, &computepb.DeleteRegionBackendServiceRequest{Project: k.project, Region: k.region, BackendService: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
