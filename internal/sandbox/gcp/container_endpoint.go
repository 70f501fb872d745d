package gcp

import (
	"cmp"
	"net/netip"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
)

// checkEndpoints checks how the control plane is reached and fills in the defaults. Settings of the older API are not to be mixed
// with the newer ones, and the sandbox knows the newer ones only.
func (c *call) checkEndpoints(body *containerpb.Cluster) error {
	private := body.PrivateClusterConfig
	if body.ControlPlaneEndpointsConfig != nil && (body.MasterAuthorizedNetworksConfig != nil || private != nil) {
		return gkeInvalid("Cluster.control_plane_endpoints_config cannot be used together with the deprecated fields Cluster.private_cluster_config and Cluster.master_authorized_networks_config.")
	}
	if private != nil && private.MasterIpv4CidrBlock != "" {
		return gkeInvalid("The sandbox does not implement 'cluster.private_cluster_config.master_ipv4_cidr_block': control planes use Private Service Connect.")
	}
	if body.ControlPlaneEndpointsConfig == nil {
		body.ControlPlaneEndpointsConfig = &containerpb.ControlPlaneEndpointsConfig{IpEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{
			EnablePublicEndpoint: new(!private.GetEnablePrivateEndpoint()), AuthorizedNetworksConfig: body.MasterAuthorizedNetworksConfig,
			GlobalAccess: new(private.GetMasterGlobalAccessConfig().GetEnabled()), PrivateEndpointSubnetwork: private.GetPrivateEndpointSubnetwork(),
		}}
		if private.GetEnablePrivateNodes() {
			if body.NetworkConfig == nil {
				body.NetworkConfig = &containerpb.NetworkConfig{}
			}
			body.NetworkConfig.DefaultEnablePrivateNodes = new(true)
		}
	}
	body.MasterAuthorizedNetworksConfig, body.PrivateClusterConfig = nil, nil
	fillEndpoints(body.ControlPlaneEndpointsConfig)
	return checkIPEndpoints(body.ControlPlaneEndpointsConfig.IpEndpointsConfig)
}

func fillEndpoints(e *containerpb.ControlPlaneEndpointsConfig) {
	if e.DnsEndpointConfig == nil {
		e.DnsEndpointConfig = &containerpb.ControlPlaneEndpointsConfig_DNSEndpointConfig{}
	}
	if e.IpEndpointsConfig == nil {
		e.IpEndpointsConfig = &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{}
	}
	dns, ip := e.DnsEndpointConfig, e.IpEndpointsConfig
	dns.AllowExternalTraffic = cmp.Or(dns.AllowExternalTraffic, new(false))
	ip.Enabled = cmp.Or(ip.Enabled, new(true))
	ip.EnablePublicEndpoint = cmp.Or(ip.EnablePublicEndpoint, new(true))
	ip.GlobalAccess = cmp.Or(ip.GlobalAccess, new(false))
	if ip.AuthorizedNetworksConfig == nil {
		ip.AuthorizedNetworksConfig = &containerpb.MasterAuthorizedNetworksConfig{}
	}
	a := ip.AuthorizedNetworksConfig
	a.GcpPublicCidrsAccessEnabled = cmp.Or(a.GcpPublicCidrsAccessEnabled, new(!a.Enabled))
	a.PrivateEndpointEnforcementEnabled = cmp.Or(a.PrivateEndpointEnforcementEnabled, new(false))
}

// maxAuthorizedNetworks is from the comment on MasterAuthorizedNetworksConfig.cidr_blocks.
const maxAuthorizedNetworks = 50

// checkIPEndpoints checks who may reach the control plane by its addresses.
func checkIPEndpoints(ip *containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig) error {
	networks := ip.AuthorizedNetworksConfig
	switch {
	case ip.GetEnablePublicEndpoint():
	case !networks.Enabled:
		return gkeInvalid("Master authorized networks must be enabled if private endpoint is enabled.")
	case networks.GetGcpPublicCidrsAccessEnabled():
		return gkeInvalid("Invalid value for \"cluster.master_authorized_networks_config\": \"cluster.master_authorized_networks_config.gcp_public_cidrs_access_enabled\" cannot be enabled if private endpoint is enabled.")
	}
	return checkAuthorizedNetworks(networks)
}

func checkAuthorizedNetworks(a *containerpb.MasterAuthorizedNetworksConfig) error {
	if !a.Enabled && len(a.CidrBlocks) > 0 {
		return gkeInvalid("Master authorized networks must be enabled to have CIDR blocks.")
	}
	if len(a.CidrBlocks) > maxAuthorizedNetworks {
		return gkeInvalid("Too many master authorized networks: %d. The limit is %d.", len(a.CidrBlocks), maxAuthorizedNetworks)
	}
	seen := map[netip.Prefix]bool{}
	for _, block := range a.CidrBlocks {
		p, err := netip.ParsePrefix(block.CidrBlock)
		if err != nil || p.Masked() != p {
			return gkeInvalid("Invalid master authorized network %q: it must be a network in CIDR notation.", block.CidrBlock)
		}
		if seen[p] {
			return gkeInvalid("Duplicate master authorized network %q.", block.CidrBlock)
		}
		seen[p] = true
	}
	return nil
}

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
