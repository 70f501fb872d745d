package gcp

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var healthChecks = newCollection(&collection[*computepb.HealthCheck]{
	plural: "healthChecks", title: "health check", scope: inRegion, quota: "compute.health_checks", metric: "HEALTH_CHECKS",
	objects: func(s *computeState) map[string]*Held[*computepb.HealthCheck] { return s.HealthChecks },
})

func init() {
	const service = "google.cloud.compute.v1.RegionHealthChecks"
	handleChange(service+".Insert", func(c *call, in *computepb.InsertRegionHealthCheckRequest) (*computepb.Operation, error) {
		if err := completeHealthCheck(in.GetHealthCheckResource()); err != nil {
			return nil, err
		}
		return healthChecks.insert(c, in.GetHealthCheckResource())
	})
	handleChange(service+".Patch", func(c *call, in *computepb.PatchRegionHealthCheckRequest) (*computepb.Operation, error) {
		return c.changeHealthCheck(in.GetHealthCheck(), nil, "healthChecks.patch")
	})
	handleChange(service+".Update", func(c *call, in *computepb.UpdateRegionHealthCheckRequest) (*computepb.Operation, error) {
		return c.changeHealthCheck(in.GetHealthCheck(), in.GetHealthCheckResource(), "healthChecks.update")
	})
	serveGet(service, healthChecks, (*computepb.GetRegionHealthCheckRequest).GetHealthCheck)
	serveDelete(service, healthChecks, (*computepb.DeleteRegionHealthCheckRequest).GetHealthCheck)
	serveList[*computepb.HealthCheck, *computepb.ListRegionHealthChecksRequest](service, healthChecks,
		func(items []*computepb.HealthCheck, next, id *string) *computepb.HealthCheckList {
			return &computepb.HealthCheckList{Items: items, NextPageToken: next, Id: id}
		})
}

func (c *call) changeHealthCheck(name string, whole *computepb.HealthCheck, delay string) (*computepb.Operation, error) {
	h, err := healthChecks.ready(c, name)
	if err != nil {
		return nil, err
	}
	next := whole
	if next == nil {
		if next, err = mergePatch(h.Body, c.body); err != nil {
			return nil, err
		}
	}
	if next.Name == nil {
		next.Name = h.Body.Name
	}
	if err := completeHealthCheck(next); err != nil {
		return nil, err
	}
	return healthChecks.replace(c, h, next, delay)
}

// completeHealthCheck checks a health check and adds what Compute Engine fills in.
func completeHealthCheck(h *computepb.HealthCheck) error {
	if len(h.SourceRegions) > 0 {
		return invalid("resource.sourceRegions", h.SourceRegions[0], "It is for global health checks.")
	}
	for _, n := range []struct {
		name           string
		value          **int32
		standard, most int32
	}{
		{"checkIntervalSec", &h.CheckIntervalSec, 5, 300}, {"timeoutSec", &h.TimeoutSec, 5, 300},
		{"healthyThreshold", &h.HealthyThreshold, 2, 10}, {"unhealthyThreshold", &h.UnhealthyThreshold, 2, 10},
	} {
		if *n.value == nil {
			*n.value = new(n.standard)
		}
		if v := **n.value; v < 1 || v > n.most {
			return invalid("resource."+n.name, strconv.Itoa(int(v)), "Must be between 1 and %d.", n.most)
		}
	}
	if h.GetTimeoutSec() > h.GetCheckIntervalSec() {
		return invalid("resource.timeoutSec", strconv.Itoa(int(h.GetTimeoutSec())), "Must be less than or equal to checkIntervalSec.")
	}
	if h.LogConfig == nil {
		h.LogConfig = &computepb.HealthCheckLogConfig{Enable: new(false)}
	}
	return completeHealthCheckType(h)
}

// completeHealthCheckType holds the type against the block of settings that has to come with it.
func completeHealthCheckType(h *computepb.HealthCheck) error {
	if h.Type == nil {
		return required("resource.type")
	}
	blocks := map[string]proto.Message{
		"TCP": h.TcpHealthCheck, "SSL": h.SslHealthCheck, "HTTP": h.HttpHealthCheck, "HTTPS": h.HttpsHealthCheck, "HTTP2": h.Http2HealthCheck,
		"GRPC": h.GrpcHealthCheck, "GRPC_WITH_TLS": h.GrpcTlsHealthCheck,
	}
	for kind, block := range blocks {
		if block.ProtoReflect().IsValid() != (kind == h.GetType()) {
			return invalid("resource.type", h.GetType(), "The settings that belong to the type, and only those, must be specified; %s does not fit.", kind)
		}
	}
	if h.GetType() != "HTTP" {
		if h.GetType() != "HTTPS" && h.GetType() != "TCP" {
			return unsupported("resource.type")
		}
		return nil
	}
	http := h.HttpHealthCheck
	switch spec := http.GetPortSpecification(); {
	case spec == "USE_SERVING_PORT" && http.Port != nil:
		return invalid("resource.httpHealthCheck.port", fmt.Sprint(http.GetPort()), "A port cannot be specified with USE_SERVING_PORT.")
	case http.PortName != nil || spec == "USE_NAMED_PORT":
		return unsupported("resource.httpHealthCheck.portName")
	case spec != "USE_SERVING_PORT" && http.Port == nil:
		http.Port = new(int32(80))
	}
	if p := http.GetPort(); http.Port != nil && (p < 1 || p > 65535) {
		return invalid("resource.httpHealthCheck.port", fmt.Sprint(p), "Must be between 1 and 65535.")
	}
	if http.RequestPath == nil {
		http.RequestPath = new("/")
	}
	if p := http.GetRequestPath(); p == "" || p[0] != '/' {
		return invalid("resource.httpHealthCheck.requestPath", p, "It must begin with '/'.")
	}
	if http.ProxyHeader == nil {
		http.ProxyHeader = new("NONE")
	}
	return nil
}
