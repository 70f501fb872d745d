package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// healthChecks ask the gateway on every node whether it is there.
type healthChecks struct {
	named[computepb.HealthCheck, *computepb.HealthCheck]
}

var _ stack.Kind[*computepb.HealthCheck, computepb.HealthCheck] = healthChecks{}

func (c *client) healthChecks(o owner, name string) healthChecks {
	return healthChecks{named[computepb.HealthCheck, *computepb.HealthCheck]{
		client: c, owner: o, what: "health check", names: []string{name}, all: c.reader.healthChecks,
		how: fields{empty: []string{
			"httpHealthCheck.host", "httpHealthCheck.response", "httpHealthCheck.portName", "sourceRegions",
			"httpsHealthCheck", "http2HealthCheck", "tcpHealthCheck", "sslHealthCheck", "grpcHealthCheck", "grpcTlsHealthCheck",
		}},
	}}
}

func healthCheck(name string, port int32, path string) *computepb.HealthCheck {
	return &computepb.HealthCheck{
		Name: &name, Type: proto.String("HTTP"),
		CheckIntervalSec: proto.Int32(10), TimeoutSec: proto.Int32(5), HealthyThreshold: proto.Int32(2), UnhealthyThreshold: proto.Int32(3),
		HttpHealthCheck: &computepb.HTTPHealthCheck{Port: &port, PortSpecification: proto.String("USE_FIXED_PORT"), RequestPath: &path, ProxyHeader: proto.String("NONE")},
		LogConfig:       &computepb.HealthCheckLogConfig{Enable: proto.Bool(false)},
	}
}

func (k healthChecks) Create(ctx context.Context, object string, want *computepb.HealthCheck, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.healthChecks.Insert(ctx, &computepb.InsertRegionHealthCheckRequest{Project: k.project, Region: k.region, RequestId: id, HealthCheckResource: k.marked(object, want)})
	})
}

// Update writes the whole health check, so that what somebody has added goes.
func (k healthChecks) Update(ctx context.Context, object string, want *computepb.HealthCheck, live *computepb.HealthCheck, _ []stack.Difference) error {
	op, err := k.compute.healthChecks.Update(ctx, &computepb.UpdateRegionHealthCheckRequest{Project: k.project, Region: k.region, HealthCheck: live.GetName(), HealthCheckResource: k.marked(object, want)})
	return outdated(k.done(ctx, op, err))
}

func (k healthChecks) Delete(ctx context.Context, live *computepb.HealthCheck) error {
	op, err := k.compute.healthChecks.Delete(ctx, &computepb.DeleteRegionHealthCheckRequest{Project: k.project, Region: k.region, HealthCheck: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
