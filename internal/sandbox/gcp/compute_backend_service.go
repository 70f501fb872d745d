package gcp

import (
	"slices"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var backendServices = &collection[*computepb.BackendService]{
	plural: "backendServices", title: "backend service", scope: inRegion, quota: "compute.backend_services", metric: "BACKEND_SERVICES",
	objects:   func(s *computeState) map[string]*Held[*computepb.BackendService] { return s.BackendServices },
	immutable: []string{"loadBalancingScheme"},
}

func init() {
	const service = "google.cloud.compute.v1.RegionBackendServices"
	backendServices.show = showBackendService
	newCollection(backendServices)
	handleChange(service+".Insert", func(c *call, in *computepb.InsertRegionBackendServiceRequest) (*computepb.Operation, error) {
		if err := c.completeBackendService(in.GetBackendServiceResource()); err != nil {
			return nil, err
		}
		return backendServices.insert(c, in.GetBackendServiceResource())
	})
	handleChange(service+".Patch", func(c *call, in *computepb.PatchRegionBackendServiceRequest) (*computepb.Operation, error) {
		return c.changeBackendService(in.GetBackendService(), in.GetBackendServiceResource(), false, "backendServices.patch")
	})
	handleChange(service+".Update", func(c *call, in *computepb.UpdateRegionBackendServiceRequest) (*computepb.Operation, error) {
		return c.changeBackendService(in.GetBackendService(), in.GetBackendServiceResource(), true, "backendServices.update")
	})
	handleChange(service+".SetSecurityPolicy", (*call).setSecurityPolicy)
	handle(service+".GetHealth", (*call).getHealth)
	serveGet(service, backendServices, (*computepb.GetRegionBackendServiceRequest).GetBackendService)
	serveDelete(service, backendServices, (*computepb.DeleteRegionBackendServiceRequest).GetBackendService)
	serveList[*computepb.BackendService, *computepb.ListRegionBackendServicesRequest](service, backendServices,
		func(items []*computepb.BackendService, next, id *string) *computepb.BackendServiceList {
			return &computepb.BackendServiceList{Items: items, NextPageToken: next, Id: id}
		})
	serveAggregatedList[*computepb.BackendService, *computepb.BackendServicesScopedList, *computepb.AggregatedListBackendServicesRequest](
		"google.cloud.compute.v1.BackendServices", backendServices, regionScopes,
		func(items []*computepb.BackendService, none *computepb.Warning) *computepb.BackendServicesScopedList {
			return &computepb.BackendServicesScopedList{BackendServices: items, Warning: none}
		}, func(items map[string]*computepb.BackendServicesScopedList, next, id *string) *computepb.BackendServiceAggregatedList {
			return &computepb.BackendServiceAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
}

func (c *call) changeBackendService(name string, given *computepb.BackendService, whole bool, delay string) (*computepb.Operation, error) {
	h, err := backendServices.ready(c, name)
	if err != nil {
		return nil, err
	}
	if given.GetFingerprint() != fingerprint(h.Body) {
		return nil, staleFingerprint()
	}
	next := given
	if !whole {
		delete(c.body, "fingerprint")
		if next, err = mergePatch(h.Body, c.body); err != nil {
			return nil, err
		}
	}
	next.SecurityPolicy = h.Body.SecurityPolicy
	if next.Name == nil {
		next.Name = h.Body.Name
	}
	if err := c.completeBackendService(next); err != nil {
		return nil, err
	}
	return backendServices.replace(c, h, next, delay)
}

// completeBackendService checks a backend service and adds what Compute Engine fills in.
func (c *call) completeBackendService(b *computepb.BackendService) error {
	b.Params = nil
	if err := checkBackendServiceKind(b); err != nil {
		return err
	}
	if b.Protocol == nil {
		b.Protocol = new("HTTP")
	}
	if b.PortName == nil {
		b.PortName = new("http")
	}
	if !pattern(namePattern).MatchString(b.GetPortName()) {
		return invalid("resource.portName", b.GetPortName(), "Must be a match of regex '%s'", namePattern)
	}
	if b.TimeoutSec == nil {
		b.TimeoutSec = new(int32(30))
	}
	if t := b.GetTimeoutSec(); t < 1 {
		return invalid("resource.timeoutSec", strconv.Itoa(int(t)), "Must be between 1 and 2147483647.")
	}
	if b.SessionAffinity == nil {
		b.SessionAffinity = new("NONE")
	}
	if b.LocalityLbPolicy == nil {
		b.LocalityLbPolicy = new("ROUND_ROBIN")
	}
	if b.AffinityCookieTtlSec == nil {
		b.AffinityCookieTtlSec = new(int32(0))
	}
	if t := b.GetAffinityCookieTtlSec(); t < 0 || t > 1209600 {
		return invalid("resource.affinityCookieTtlSec", strconv.Itoa(int(t)), "Must be between 0 and 1209600.")
	}
	if b.ConnectionDraining == nil {
		b.ConnectionDraining = &computepb.ConnectionDraining{}
	}
	if b.ConnectionDraining.DrainingTimeoutSec == nil {
		b.ConnectionDraining.DrainingTimeoutSec = new(int32(0))
	}
	if d := b.ConnectionDraining.GetDrainingTimeoutSec(); d < 0 || d > 3600 {
		return invalid("resource.connectionDraining.drainingTimeoutSec", strconv.Itoa(int(d)), "Must be between 0 and 3600.")
	}
	if r := b.LogConfig.GetSampleRate(); r < 0 || r > 1 {
		return invalid("resource.logConfig.sampleRate", strconv.FormatFloat(float64(r), 'f', -1, 32), "Must be between 0 and 1.")
	}
	if len(b.HealthChecks) != 1 {
		return invalid("resource.healthChecks", strconv.Itoa(len(b.HealthChecks)), "Exactly one health check must be specified.")
	}
	_, link, err := healthChecks.refer(c, "resource.healthChecks[0]", b.HealthChecks[0])
	if err != nil {
		return err
	}
	b.HealthChecks[0] = link
	return c.completeBackends(b)
}

// checkBackendServiceKind refuses the load balancers that are not regional Application Load Balancers, and what is not theirs.
func checkBackendServiceKind(b *computepb.BackendService) error {
	if b.Iap != nil && !b.Iap.GetEnabled() {
		// Clients that know of it send it switched off.
		b.Iap = nil
	}
	switch scheme := b.GetLoadBalancingScheme(); scheme {
	case "EXTERNAL_MANAGED", "INTERNAL_MANAGED":
	case "":
		return required("resource.loadBalancingScheme")
	default:
		return unsupported("resource.loadBalancingScheme")
	}
	switch b.GetProtocol() {
	case "", "HTTP", "HTTPS", "HTTP2":
	default:
		return invalid("resource.protocol", b.GetProtocol(), "It must be HTTP, HTTPS or HTTP2 for the load balancing scheme %s.", b.GetLoadBalancingScheme())
	}
	switch {
	case b.Network != nil:
		return invalid("resource.network", b.GetNetwork(), "It can only be specified for the load balancing scheme INTERNAL.")
	case b.GetEnableCDN(), b.CdnPolicy != nil, len(b.CustomRequestHeaders) > 0, len(b.CustomResponseHeaders) > 0:
		return invalid("resource.enableCDN", "", "It is not supported for regional backend services.")
	case b.Iap != nil:
		return unsupported("resource.iap")
	case b.OutlierDetection != nil, b.CircuitBreakers != nil, b.ConsistentHash != nil, b.FailoverPolicy != nil,
		b.SecuritySettings != nil, b.Subsetting != nil, b.TlsSettings != nil, b.HaPolicy != nil, b.MaxStreamDuration != nil:
		return unsupported("resource.outlierDetection")
	}
	return nil
}

func (c *call) completeBackends(b *computepb.BackendService) error {
	if limit := c.quota("compute.backends_per_backend_service"); len(b.Backends) > limit {
		return quotaExceeded("BACKENDS_PER_BACKEND_SERVICE", limit, "in region "+c.Location+".")
	}
	seen := map[string]bool{}
	for i, backend := range b.Backends {
		field := "resource.backends[" + strconv.Itoa(i) + "]"
		link, err := c.referGroup(field+".group", backend.GetGroup())
		if err != nil {
			return err
		}
		if seen[link] {
			return invalid(field+".group", backend.GetGroup(), "Duplicate instance groups in backend service.")
		}
		seen[link], backend.Group = true, new(link)
		if err := completeBackend(field, backend); err != nil {
			return err
		}
		if backend.GetCapacityScaler() == 0 && len(b.Backends) == 1 {
			return invalid(field+".capacityScaler", "0", "It cannot be 0 when there is only one backend.")
		}
	}
	return nil
}

// referGroup finds a backend's instance group: its URL has to be a whole one, and its zone one of the region.
func (c *call) referGroup(field, reference string) (string, error) {
	t, ok := c.parseTarget(reference)
	switch {
	case reference == "":
		return "", required(field)
	case !ok || !computePrefix.MatchString(reference):
		return "", invalid(field, reference, "The URL is malformed: a fully-qualified URL is required.")
	case t.plural == "networkEndpointGroups":
		return "", unsupported(field)
	case t.plural != instanceGroups.plural || !zoneExists(t.location):
		return "", invalid(field, reference, "Unexpected resource collection; it must be one of %s.", instanceGroups.plural)
	case t.project != c.Project:
		return "", invalid(field, reference, "Cross project referencing is not allowed for this resource.")
	case regionOfZone(t.location) != c.Location:
		return "", invalid(field, reference, "The instance group must be in a zone of %s.", c.Location)
	case instanceGroups.in(c, t.location)[t.name] == nil:
		return "", notFound(t.path())
	}
	return t.link(), nil
}

func completeBackend(field string, b *computepb.Backend) error {
	if b.BalancingMode == nil {
		b.BalancingMode = new("UTILIZATION")
	}
	if b.CapacityScaler == nil {
		b.CapacityScaler = new(float32(1))
	}
	if s := b.GetCapacityScaler(); s != 0 && (s < 0.1 || s > 1) {
		return invalid(field+".capacityScaler", strconv.FormatFloat(float64(s), 'f', -1, 32), "Must be 0, or between 0.1 and 1.0.")
	}
	if b.MaxConnections != nil || b.MaxConnectionsPerInstance != nil || b.MaxConnectionsPerEndpoint != nil || b.MaxRatePerEndpoint != nil || b.GetFailover() {
		return invalid(field+".maxConnections", "", "It does not fit the protocol and the kind of backend.")
	}
	switch b.GetBalancingMode() {
	case "UTILIZATION":
		if b.MaxUtilization == nil {
			b.MaxUtilization = new(float32(0.8))
		}
		if u := b.GetMaxUtilization(); u < 0 || u > 1 {
			return invalid(field+".maxUtilization", strconv.FormatFloat(float64(u), 'f', -1, 32), "Must be between 0.0 and 1.0.")
		}
	case "RATE":
		if (b.MaxRate == nil) == (b.MaxRatePerInstance == nil) {
			return invalid(field+".maxRate", "", "Exactly one of maxRate and maxRatePerInstance must be specified for balancing mode RATE.")
		}
		if b.MaxUtilization != nil {
			return invalid(field+".maxUtilization", "", "It does not fit balancing mode RATE.")
		}
	default:
		return invalid(field+".balancingMode", b.GetBalancingMode(), "It must be UTILIZATION or RATE.")
	}
	return nil
}

func showBackendService(c *call, b *computepb.BackendService) {
	b.Port, b.EnableCDN = new(int32(80)), new(false)
	for name, h := range urlMaps.in(c, c.Location) {
		var links []string
		eachText(h.Body.ProtoReflect(), func(text string) { links = append(links, text) })
		if slices.Contains(links, backendServices.link(c, c.Location, b.GetName())) {
			b.UsedBy = append(b.UsedBy, &computepb.BackendServiceUsedBy{Reference: new(urlMaps.link(c, c.Location, name))})
		}
	}
}
