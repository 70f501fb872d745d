package gcp

import (
	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
)

// openEndpoints gives a cluster the addresses and the name that its settings want. The private address is one of the nodes'
// subnetwork, reserved under a name of its own; the public one is
// kept for when it is switched on, so that it is in the API server's certificate.
func (c *call) openEndpoints(k *containerpb.Cluster) *rpcstatus.Status {
	fillEndpoints(k.ControlPlaneEndpointsConfig)
	dns, ip := k.ControlPlaneEndpointsConfig.DnsEndpointConfig, k.ControlPlaneEndpointsConfig.IpEndpointsConfig
	if dns.Endpoint == "" {
		dns.Endpoint = "gke-" + k.Id[:32] + "-" + c.cloud.projects()[c.Project] + "." + c.gkeRegion() + ".gke.goog"
	}
	if ip.PrivateEndpoint == "" {
		at := c.in(c.Project, c.gkeRegion())
		subnet := subnetworks.in(at, at.Location)[k.Subnetwork]
		if subnet == nil {
			return gkeFailed(code.Code_NOT_FOUND, "Google Compute Engine: The resource '%s' was not found", target{c.Project, at.Location, "subnetworks", k.Subnetwork}.path())
		}
		free, err := at.freeAddress(subnet.Body)
		if err != nil {
			return gkeFailed(code.Code_RESOURCE_EXHAUSTED, "Google Compute Engine: %s", asError(err).Message)
		}
		ip.PrivateEndpoint = free
		name := c.endpointAddress(k)
		at.region(at.Location).Compute.Addresses[name] = &Held[*computepb.Address]{Body: &computepb.Address{
			Id: new(c.newID()), Name: new(name), CreationTimestamp: new(c.timestamp()), Address: new(free), AddressType: new("INTERNAL"),
			Purpose: new("GCE_ENDPOINT"), Subnetwork: new(subnetworks.link(at, at.Location, k.Subnetwork)), IpVersion: new("IPV4"),
		}}
	}
	if c.gke().PublicEndpoints[k.Id] == "" {
		c.gke().PublicEndpoints[k.Id] = c.publicAddress()
	}
	ip.PublicEndpoint = ""
	if ip.GetEnabled() && ip.GetEnablePublicEndpoint() {
		ip.PublicEndpoint = c.gke().PublicEndpoints[k.Id]
	}
	return nil
}

// endpointAddress is the name of the address that a cluster's private endpoint has.
func (c *call) endpointAddress(k *containerpb.Cluster) string {
	return "gke-" + cut(k.Name, 30) + "-" + gkeHash(k.Id) + "-pe"
}

// closeEndpoints gives a cluster's addresses back.
func (c *call) closeEndpoints(k *containerpb.Cluster) {
	delete(c.region(c.gkeRegion()).Compute.Addresses, c.endpointAddress(k))
	delete(c.gke().PublicEndpoints, k.Id)
}
