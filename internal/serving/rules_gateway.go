package serving

var (
	ruleGatewayUnused   = mustNot("gateway_unused", "Gateway is off")
	ruleGatewayMin      = mustNot("gateway_min_replicas", "Invalid minimum of gateway pods")
	ruleGatewayMax      = mustNot("gateway_max_replicas", "Invalid maximum of gateway pods")
	ruleGatewayNoNode   = mustNot("gateway_no_node", "No node for the gateway")
	ruleAPIPrivateApply = shouldNot("kubernetes_api_private", "Kubernetes API is private")
)

const maxGatewayReplicas = 100

func (f *findings) gateway(c Cluster) {
	const enabled, least, most, image = "gateway.enabled", "gateway.min_replicas", "gateway.max_replicas", "gateway.image"
	g := c.Gateway
	if !f.known(enabled) {
		return
	}
	if g.Disabled {
		for _, setting := range []struct {
			path string
			set  bool
		}{{least, g.MinReplicas != 0}, {most, g.MaxReplicas != 0}, {image, g.Image != ""}} {
			if setting.set && f.known(setting.path) {
				f.add(ruleGatewayUnused.at(setting.path, "It is a setting of the gateway, which enabled = false turns off. Remove the setting, or turn the gateway on."))
			}
		}
		return
	}
	f.gatewayReplicas(g, least, most)
	if f.known(image) && g.Image != "" {
		f.image(image, g.Image)
	}
	if len(c.NodePools) == 0 || f.unknown["node_pools"] {
		return
	}
	for name, pool := range c.NodePools {
		if pool.MinSize != 0 || !f.known(sub("node_pools", name, "min_size")) {
			return
		}
	}
	f.add(ruleGatewayNoNode.at("node_pools", "Every pool has min_size = 0, so there is no node for the gateway, and the endpoint would answer 503. "+
		"Set min_size of one pool to 1, better 2, or write gateway = { enabled = false } if an ingress of your own brings its nodes."))
}

func (f *findings) gatewayReplicas(g Gateway, least, most string) {
	if f.known(least) && g.MinReplicas < 0 {
		f.add(ruleGatewayMin.at(least, "The minimum is %d. It is 1 or more; absent it is %d. Change it.", g.MinReplicas, DefaultGatewayMinReplicas))
		return
	}
	if f.known(most) && (g.MaxReplicas < 0 || g.MaxReplicas > maxGatewayReplicas) {
		f.add(ruleGatewayMax.at(most, "The maximum is %d. It is from 1 to %d; absent it is %d. Change it.", g.MaxReplicas, maxGatewayReplicas, DefaultGatewayMaxReplicas))
		return
	}
	if !f.known(least, most) {
		return
	}
	switch minimum, maximum := g.Replicas(); {
	case minimum > maxGatewayReplicas:
		f.add(ruleGatewayMin.at(least, "The minimum is %d. It is %d at most. Lower it.", minimum, maxGatewayReplicas))
	case minimum > maximum:
		f.add(ruleGatewayMax.at(most, "The maximum is %d and the minimum is %d. Raise the one or lower the other.", maximum, minimum))
	}
}

// OnCreate judges what only a cluster that is about to be made can run into.
func (c Cluster) OnCreate() []Problem {
	f := &findings{unknown: c.Unknown}
	api := c.KubernetesAPI
	if f.known("gateway.enabled", "kubernetes_api.allowed_cidrs", "kubernetes_api.dns_endpoint") && !c.Gateway.Disabled && len(api.AllowedCIDRs) == 0 && !api.DNSEndpoint {
		f.add(ruleAPIPrivateApply.at("kubernetes_api.allowed_cidrs", "It is empty, so that the Kubernetes API has no public endpoint, and the gateway and the model servers are made through that API. "+
			"The apply has to run inside the network, or through a proxy in it (kubernetes_api.proxy_url of the provider block). Else list the range that it runs in."))
	}
	return f.problems
}
