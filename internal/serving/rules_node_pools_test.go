package serving

import (
	"strconv"
	"strings"
)

func label(key, value string) func(*Cluster) {
	return pool(func(p *NodePool) { p.Labels = map[string]string{key: value} })
}

func taint(taints ...Taint) func(*Cluster) {
	return pool(func(p *NodePool) { p.Taints = taints })
}

func sizes(minSize, maxSize int64) func(*Cluster) {
	return pool(func(p *NodePool) { p.MinSize, p.MaxSize = minSize, maxSize })
}

func taintsOf(n int) func(*Cluster) {
	return pool(func(p *NodePool) {
		p.Taints = nil
		for i := range n {
			p.Taints = append(p.Taints, Taint{Key: "k" + strconv.Itoa(i), Effect: "NoSchedule"})
		}
	})
}

// called renames the pool "gpu".
func called(name string) func(*Cluster) {
	return func(c *Cluster) {
		c.NodePools[name] = c.NodePools["gpu"]
		delete(c.NodePools, "gpu")
	}
}

// longestName is a DNS name of 253 characters.
var longestName = strings.Repeat("abcdefg.", 31) + "abcde"

const gpuLabels, gpuTaint, gpuAccelerator = "node_pools.gpu.labels.", "node_pools.gpu.taints.0", "node_pools.gpu.accelerator"

var nodePoolCases = []clusterCase{
	{"no pools", func(c *Cluster) { c.NodePools = nil },
		[]want{{"node_pools", "No node pool", "nothing can run"}}},
	{"all pools may be empty", func(c *Cluster) { delete(c.NodePools, "cpu"); taint()(c); c.Gateway = Gateway{Disabled: true} },
		[]want{{"node_pools", "warning: Cluster may have no nodes", "Every pool has min_size = 0"}}},
	{"all pools tainted", func(c *Cluster) { delete(c.NodePools, "cpu"); sizes(1, 4)(c) },
		[]want{{"node_pools", "warning: Every node pool refuses ordinary pods", "CoreDNS would stay pending"}}},
	{"one pool that pods only prefer to avoid", func(c *Cluster) {
		delete(c.NodePools, "cpu")
		all(sizes(1, 4), taint(Taint{Key: "a", Effect: "PreferNoSchedule"}))(c)
	}, nil},
	{"longest pool name", called(strings.Repeat("g", 40)), nil},
	{"one letter", called("g"), nil},
	{"pool name too long", called(strings.Repeat("g", 41)),
		[]want{{"node_pools." + strings.Repeat("g", 41), "Invalid node pool name", "has 1 to 40 lower-case letters"}}},
	{"pool name in upper case", called("GPU"),
		[]want{{"node_pools.GPU", "Invalid node pool name", `The pool is called "GPU"`}}},
	{"pool name with a dot", called("gpu.big"),
		[]want{{"node_pools", "Invalid node pool name", `"gpu.big"`}}},

	{"no machine type", machine("", 1),
		[]want{{"node_pools.gpu.machine_type", "Machine type is missing", `Give one, as "m7i.xlarge"`}}},
	{"machine type of another cloud", machine("n2-standard-4", 1),
		[]want{{"node_pools.gpu.machine_type", "Invalid machine type", `"n2-standard-4" is not an EC2 instance type`}}},
	{"machine types with hyphens", all(machine("c7i-flex.large", 0)), nil},
	{"bare metal", machine("m7i.metal-24xl", 0), nil},

	{"min below 0", sizes(-1, 4),
		[]want{{"node_pools.gpu.min_size", "Invalid minimum size", "min_size is -1"}}},
	{"max 0", sizes(0, 0),
		[]want{{"node_pools.gpu.max_size", "Invalid maximum size", "max_size is 0"}}},
	{"one node", sizes(1, 1), nil},
	{"max 0 below min", sizes(1, 0), []want{{"node_pools.gpu.max_size", "Invalid maximum size", "max_size is 0"}}},
	{"max at the quota", sizes(0, 450), nil},
	{"max above the quota", sizes(0, 451),
		[]want{{"node_pools.gpu.max_size", "warning: Node pool is above the default quota", "max_size is 451. EKS takes 450"}}},
	{"min above max", sizes(5, 4),
		[]want{{"node_pools.gpu.min_size", "Minimum size is above the maximum", "min_size is 5 and max_size is 4"}}},
	{"min equals max", sizes(4, 4), nil},
	{"default disk", pool(func(p *NodePool) { p.DiskGB = 0 }), nil},
	{"disk too small", pool(func(p *NodePool) { p.DiskGB = 19 }),
		[]want{{"node_pools.gpu.disk_gb", "Invalid disk size", "has 19 GiB. It has 20"}}},
	{"disk too large", pool(func(p *NodePool) { p.DiskGB = 16385 }),
		[]want{{"node_pools.gpu.disk_gb", "Invalid disk size", "has 16385 GiB"}}},

	{"plain label", label("team", ""), nil},
	{"label that a node may set", label("node.kubernetes.io/exclude-from-external-load-balancers", "true"), nil},
	{"longest label", label(longestName+"/"+strings.Repeat("a", 63), strings.Repeat("v", 63)), nil},
	{"label prefix too long", label("a"+longestName+"/a", "x"),
		[]want{{gpuLabels + "a" + longestName + "/a", "Invalid label key", "with an optional DNS name"}}},
	{"label with a space", label("my team", "x"),
		[]want{{gpuLabels + "my team", "Invalid label key", `The label key is "my team"`}}},
	{"label with a bad prefix", label("Example.com/team", "x"),
		[]want{{gpuLabels + "Example.com/team", "Invalid label key", "with an optional DNS name"}}},
	{"long label name", label(strings.Repeat("a", 64), "x"),
		[]want{{gpuLabels + strings.Repeat("a", 64), "Invalid label key", "up to 63"}}},
	{"long label value", label("a", strings.Repeat("v", 64)),
		[]want{{gpuLabels + "a", "Invalid label value", `The value of label "a"`}}},
	{"label value with a slash", label("a", "b/c"),
		[]want{{gpuLabels + "a", "Invalid label value", `"b/c"`}}},
	{"label of Kubernetes", label("node-role.kubernetes.io/gpu", "true"),
		[]want{{gpuLabels + "node-role.kubernetes.io/gpu", "Label key is reserved", "is under kubernetes.io"}}},
	{"label of k8s", label("k8s.io/a", "true"),
		[]want{{gpuLabels + "k8s.io/a", "Label key is reserved", "is under k8s.io"}}},
	{"label of EKS", label("eks.amazonaws.com/nodegroup", "a"),
		[]want{{gpuLabels + "eks.amazonaws.com/nodegroup", "Label key is reserved", "is under eks.amazonaws.com"}}},

	{"taint key", taint(Taint{Key: "-a", Effect: "NoSchedule"}),
		[]want{{gpuTaint + ".key", "Invalid taint key", `The taint's key is "-a"`}}},
	{"taint of Kubernetes", taint(Taint{Key: "node.kubernetes.io/not-ready", Effect: "NoSchedule"}),
		[]want{{gpuTaint + ".key", "Taint key is reserved", "is under kubernetes.io"}}},
	{"taint value", taint(Taint{Key: "a", Value: "b c", Effect: "NoSchedule"}),
		[]want{{gpuTaint + ".value", "Invalid taint value", `The taint's value is "b c"`}}},
	{"taint effect in EKS's spelling", taint(Taint{Key: "a", Effect: "NO_SCHEDULE"}),
		[]want{{gpuTaint + ".effect", "Invalid taint effect", `The effect is "NO_SCHEDULE"`}}},
	{"taint twice", taint(Taint{Key: "a", Effect: "NoSchedule"}, Taint{Key: "a", Effect: "NoExecute"}, Taint{Key: "a", Value: "b", Effect: "NoSchedule"}),
		[]want{{"node_pools.gpu.taints.2", "Taint is listed twice", "a:NoSchedule is already at index 0"}}},
	{"50 taints", taintsOf(50), nil},
	{"51 taints", taintsOf(51), []want{{"node_pools.gpu.taints", "Too many taints", "There are 51 taints. EKS takes 50"}}},

	{"all GPUs of a machine", machine("g6e.12xlarge", 4), nil},
	{"Neuron devices", machine("inf2.48xlarge", 12), nil},
	{"newer GPU family", machine("p9-x1.48xlarge", 3), nil},
	{"unlisted GPU size", machine("g6.96xlarge", 16), nil},
	{"series of neither kind", machine("q1.large", 1), nil},
	{"zero accelerators", pool(func(p *NodePool) { p.Accelerator.Count = 0 }),
		[]want{{gpuAccelerator + ".count", "Invalid number of accelerators", "The count is 0"}}},
	{"half of the GPUs", machine("g5.12xlarge", 2),
		[]want{{gpuAccelerator + ".count", "Machine type has another number of accelerators", "The count is 2 and g5.12xlarge has 4"}}},
	{"GPU on a CPU machine", machine("m7i.xlarge", 1),
		[]want{{gpuAccelerator, "Machine type has no accelerator", "m7i.xlarge has no accelerator"}}},
	{"GPU on a large-memory machine", machine("u7i-12tb.224xlarge", 1),
		[]want{{gpuAccelerator, "Machine type has no accelerator", "u7i-12tb.224xlarge"}}},
	{"AMD GPU", machine("g4ad.xlarge", 1),
		[]want{{gpuAccelerator, "warning: Node image has no driver for the accelerator", "not for those of g4ad"}}},
	{"GPU machine without its GPU", machine("g6.12xlarge", 0),
		[]want{{gpuAccelerator, "warning: Accelerator of the machine type is not used", "Add accelerator = { count = 4 }"}}},
}
