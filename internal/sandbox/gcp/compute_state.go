package gcp

import (
	"cloud.google.com/go/compute/apiv1/computepb"
)

// computeState is what Compute Engine holds in one location, by name.
type computeState struct {
	Networks         map[string]*Held[*computepb.Network]
	Routes           map[string]*Held[*computepb.Route]
	Firewalls        map[string]*Held[*computepb.Firewall]
	Subnetworks      map[string]*Held[*computepb.Subnetwork]
	Routers          map[string]*Held[*computepb.Router]
	Addresses        map[string]*Held[*computepb.Address]
	HealthChecks     map[string]*Held[*computepb.HealthCheck]
	BackendServices  map[string]*Held[*computepb.BackendService]
	UrlMaps          map[string]*Held[*computepb.UrlMap]
	SslPolicies      map[string]*Held[*computepb.SslPolicy]
	HTTPProxies      map[string]*Held[*computepb.TargetHttpProxy]
	HTTPSProxies     map[string]*Held[*computepb.TargetHttpsProxy]
	ForwardingRules  map[string]*Held[*computepb.ForwardingRule]
	SecurityPolicies map[string]*Held[*computepb.SecurityPolicy]

	InstanceGroups        map[string]*Held[*computepb.InstanceGroup]
	InstanceGroupManagers map[string]*Held[*computepb.InstanceGroupManager]
	Instances             map[string]*Held[*computepb.Instance]

	Operations map[string]*operation
}
