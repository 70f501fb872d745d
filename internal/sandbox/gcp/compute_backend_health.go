package gcp

import (
	"cloud.google.com/go/compute/apiv1/computepb"
)

// instanceHealth tells whether an instance passes the health check of a backend service at a port. What runs on instances is the
// data plane's to know.
var instanceHealth = func(*call, *computepb.BackendService, *computepb.Instance, int32) bool { return false }

// setSecurityPolicy puts a policy in front of a backend service, or takes it away if none is named.
func (c *call) setSecurityPolicy(in *computepb.SetSecurityPolicyRegionBackendServiceRequest) (*computepb.Operation, error) {
	h, err := backendServices.ready(c, in.GetBackendService())
	if err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	next.SecurityPolicy = nil
	if reference := in.GetSecurityPolicyReferenceResource().GetSecurityPolicy(); reference != "" {
		_, link, err := securityPolicies.refer(c, "resource.securityPolicy", reference)
		if err != nil {
			return nil, err
		}
		next.SecurityPolicy = new(link)
	}
	h.Next = next
	return startOperation(c, backendServices, h, "update", "backendServices.setSecurityPolicy"), nil
}

func (c *call) getHealth(in *computepb.GetHealthRegionBackendServiceRequest) (*computepb.BackendServiceGroupHealth, error) {
	h, err := backendServices.get(c, in.GetBackendService())
	if err != nil {
		return nil, err
	}
	link, err := c.referGroup("resource.group", in.GetResourceGroupReferenceResource().GetGroup())
	if err != nil {
		return nil, err
	}
	uses := false
	for _, backend := range h.Body.Backends {
		uses = uses || backend.GetGroup() == link
	}
	if !uses {
		return nil, invalid("resource.group", link, "The group is no backend of the backend service.")
	}
	out := &computepb.BackendServiceGroupHealth{Kind: new("compute#backendServiceGroupHealth")}
	t, _ := c.parseTarget(link)
	ports := portsNamed(instanceGroups.in(c, t.location)[t.name].Body, h.Body.GetPortName())
	for _, node := range c.groupInstances(t.location, t.name) {
		instance := node.Body
		for _, port := range ports {
			state := "UNHEALTHY"
			if instanceHealth(c, h.Body, instance, port) {
				state = "HEALTHY"
			}
			out.HealthStatus = append(out.HealthStatus, &computepb.HealthStatus{
				HealthState: new(state), Instance: new(instances.link(c, t.location, instance.GetName())), Port: new(port),
				IpAddress: new(instance.NetworkInterfaces[0].GetNetworkIP()),
			})
		}
	}
	return out, nil
}

// portsNamed are the ports of a group that have a name. A backend service with a port name that the group lacks reaches nobody.
func portsNamed(g *computepb.InstanceGroup, name string) []int32 {
	var ports []int32
	for _, p := range g.NamedPorts {
		if p.GetName() == name {
			ports = append(ports, p.GetPort())
		}
	}
	return ports
}
