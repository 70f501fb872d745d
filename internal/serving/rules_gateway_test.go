package serving

func gatewayOf(g Gateway) func(*Cluster) { return func(c *Cluster) { c.Gateway = g } }

var gatewayCases = []clusterCase{
	{"default gateway", gatewayOf(Gateway{}), nil},
	{"no gateway", gatewayOf(Gateway{Disabled: true}), nil},
	{"no gateway and its settings", gatewayOf(Gateway{Disabled: true, MinReplicas: 2, MaxReplicas: 4, Image: "envoy:v1"}), []want{
		{"gateway.min_replicas", "Gateway is off", "enabled = false turns off"},
		{"gateway.max_replicas", "Gateway is off", "enabled = false turns off"},
		{"gateway.image", "Gateway is off", "enabled = false turns off"},
	}},
	{"one gateway pod", gatewayOf(Gateway{MaxReplicas: 1}), nil},
	{"many gateway pods", gatewayOf(Gateway{MinReplicas: 100}), nil},
	{"negative minimum", gatewayOf(Gateway{MinReplicas: -1}), []want{{"gateway.min_replicas", "Invalid minimum of gateway pods", "is -1"}}},
	{"minimum above all", gatewayOf(Gateway{MinReplicas: 101}), []want{{"gateway.min_replicas", "Invalid minimum of gateway pods", "is 101"}}},
	{"negative maximum", gatewayOf(Gateway{MaxReplicas: -1}), []want{{"gateway.max_replicas", "Invalid maximum of gateway pods", "is -1"}}},
	{"maximum above all", gatewayOf(Gateway{MaxReplicas: 101}), []want{{"gateway.max_replicas", "Invalid maximum of gateway pods", "is 101"}}},
	{"maximum below minimum", gatewayOf(Gateway{MinReplicas: 4, MaxReplicas: 3}), []want{{"gateway.max_replicas", "Invalid maximum of gateway pods", "is 3 and the minimum is 4"}}},
	{"gateway image", gatewayOf(Gateway{Image: "https://envoy"}), []want{{"gateway.image", "Invalid image", `"https://envoy"`}}},
	{"gateway image without a tag", gatewayOf(Gateway{Image: "envoyproxy/envoy"}), []want{{"gateway.image", "warning: A new image would not be noticed", `"envoyproxy/envoy:v7"`}}},
	{"no node for the gateway", func(c *Cluster) { delete(c.NodePools, "cpu"); taint()(c) },
		[]want{{"node_pools", "No node for the gateway", "Every pool has min_size = 0"}}},
}
