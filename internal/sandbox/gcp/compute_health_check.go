package gcp

import (
	"strconv"
	"strings"

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
	serveAggregatedList[*computepb.HealthCheck, *computepb.HealthChecksScopedList, *computepb.AggregatedListHealthChecksRequest]("google.cloud.compute.v1.HealthChecks", healthChecks, everyScope,
		func(items []*computepb.HealthCheck, none *computepb.Warning) *computepb.HealthChecksScopedList {
			return &computepb.HealthChecksScopedList{HealthChecks: items, Warning: none}
		}, func(items map[string]*computepb.HealthChecksScopedList, next, id *string) *computepb.HealthChecksAggregatedList {
			return &computepb.HealthChecksAggregatedList{Items: items, NextPageToken: next, Id: id}
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
	switch h.GetType() {
	case "HTTP":
		p := h.HttpHealthCheck
		if err := completeProbePath("resource.httpHealthCheck", &p.RequestPath); err != nil {
			return err
		}
		return completeProbe("resource.httpHealthCheck", 80, probe{&p.Port, p.PortName, p.GetPortSpecification(), &p.ProxyHeader})
	case "HTTPS":
		p := h.HttpsHealthCheck
		if err := completeProbePath("resource.httpsHealthCheck", &p.RequestPath); err != nil {
			return err
		}
		return completeProbe("resource.httpsHealthCheck", 443, probe{&p.Port, p.PortName, p.GetPortSpecification(), &p.ProxyHeader})
	case "TCP":
		p := h.TcpHealthCheck
		return completeProbe("resource.tcpHealthCheck", 80, probe{&p.Port, p.PortName, p.GetPortSpecification(), &p.ProxyHeader})
	}
	return unsupported("resource.type")
}

// probe is what the settings of all types have in common.
type probe struct {
	port          **int32
	portName      *string
	specification string
	proxyHeader   **string
}

// completeProbe checks where a health check sends its probes: "valid values are 1 through 65535", and each type has a default.
func completeProbe(field string, standard int32, p probe) error {
	serving := p.specification == "USE_SERVING_PORT"
	switch port := *p.port; {
	case p.portName != nil || p.specification == "USE_NAMED_PORT":
		return unsupported(field + ".portName")
	case serving && port != nil:
		return invalid(field+".port", strconv.Itoa(int(*port)), "A port cannot be specified with USE_SERVING_PORT.")
	case !serving && port == nil:
		*p.port = new(standard)
	case port != nil && (*port < 1 || *port > 65535):
		return invalid(field+".port", strconv.Itoa(int(*port)), "Must be between 1 and 65535.")
	}
	if *p.proxyHeader == nil {
		*p.proxyHeader = new("NONE")
	}
	return nil
}

func completeProbePath(field string, path **string) error {
	if *path == nil {
		*path = new("/")
	}
	if !strings.HasPrefix(**path, "/") {
		return invalid(field+".requestPath", **path, "It must begin with '/'.")
	}
	return nil
}
