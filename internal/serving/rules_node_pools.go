package serving

import (
	"regexp"
	"strings"
)

var (
	ruleNoPools         = mustNot("node_pools_missing", "No node pool")
	rulePoolsAllZero    = shouldNot("node_pools_all_zero", "Cluster may have no nodes")
	rulePoolName        = mustNot("node_pool_name", "Invalid node pool name")
	ruleMachineMissing  = mustNot("machine_type_missing", "Machine type is missing")
	rulePoolMin         = mustNot("node_pool_min_size", "Invalid minimum size")
	rulePoolMax         = mustNot("node_pool_max_size", "Invalid maximum size")
	rulePoolSizes       = mustNot("node_pool_sizes", "Minimum size is above the maximum")
	ruleDisk            = mustNot("disk_size", "Invalid disk size")
	ruleNoPlainWorkload = shouldNot("node_pools_all_tainted", "Every node pool refuses ordinary pods")
)

// A node group is named "<pool>-<8 hex digits>", and EKS takes 63 characters,
// GKE 40 (EKS User Guide, "Create a managed node group": name; GKE node pool
// names have the form of cluster names).
const maxPoolName = 40

// EKS's default disk is 20 GiB, the size its images need, and GKE's images need
// less; gp3 volumes end at 16 TiB (EKS CreateNodegroupInput.DiskSize; EBS User
// Guide, "General purpose SSD volumes"), and Google's disks later.
const (
	minDiskGB = 20
	maxDiskGB = 16384
)

var poolNameSyntax = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

func (f *findings) nodePools(c Cluster) {
	if len(c.NodePools) == 0 && f.known("node_pools") {
		f.add(ruleNoPools.at("node_pools", "There is no node pool, so nothing can run. Add one, as "+
			"node_pools = { cpu = { machine_type = \"%s\", min_size = 2, max_size = 10 } }.", f.of(c.Cloud).facts().machine))
	}
	if f.unknown["node_pools"] {
		return
	}
	for _, name := range sortedKeys(c.NodePools) {
		path := sub("node_pools", name)
		if len(name) > maxPoolName || !poolNameSyntax.MatchString(name) {
			// A dot in the name would make any path below the pool ambiguous.
			if strings.Contains(name, ".") || name == "" {
				path = "node_pools"
			}
			f.add(rulePoolName.at(path, "The pool is called %q. A pool's name has 1 to %d lower-case letters, digits and hyphens, starts with a letter "+
				"and does not end with a hyphen. Rename it.", name, maxPoolName))
			continue
		}
		if f.unknown[path] {
			continue
		}
		f.nodePool(path, c.NodePools[name], c)
	}
	f.allPools(c)
}

// allPools judges the pools together: something must be able to run the gateway.
func (f *findings) allPools(c Cluster) {
	zero, tainted := true, true
	for name, pool := range c.NodePools {
		path := sub("node_pools", name)
		zero = zero && pool.MinSize == 0 && f.known(sub(path, "min_size"))
		tainted = tainted && f.known(sub(path, "taints")) && repels(pool)
	}
	if len(c.NodePools) == 0 {
		return
	}
	// With the gateway on it is an error: rules_gateway.go.
	if zero && f.known("gateway.enabled") && c.Gateway.Disabled {
		f.add(rulePoolsAllZero.at("node_pools", "Every pool has min_size = 0. Until something makes a node, your ingress has no place to run and the endpoint answers 503. "+
			"Set min_size of one pool to 1, better 2."))
	}
	if tainted {
		f.add(ruleNoPlainWorkload.at("node_pools", "Every pool has a taint that keeps pods without a toleration away. Cluster add-ons such as CoreDNS would stay pending. "+
			"Leave one pool without such taints."))
	}
}

// repels reports whether the pool takes no pod without a toleration.
func repels(pool NodePool) bool {
	for _, taint := range pool.Taints {
		if taint.Effect == "NoSchedule" || taint.Effect == "NoExecute" {
			return true
		}
	}
	return false
}

func (f *findings) nodePool(path string, pool NodePool, c Cluster) {
	f.machine(path, pool, c)
	f.sizes(path, pool, c)
	if disk := sub(path, "disk_gb"); f.known(disk) && pool.DiskGB != 0 && (pool.DiskGB < minDiskGB || pool.DiskGB > maxDiskGB) {
		f.add(ruleDisk.at(disk, "The boot disk has %d GiB. It has %d (what the node image needs) to %d (the largest volume). Choose one between.",
			pool.DiskGB, minDiskGB, maxDiskGB))
	}
	if !f.unknown[sub(path, "labels")] {
		f.labels(sub(path, "labels"), pool.Labels)
	}
	f.taints(sub(path, "taints"), pool.Taints)
}

func (f *findings) machine(path string, pool NodePool, c Cluster) {
	machine, rules := sub(path, "machine_type"), f.of(c.Cloud)
	if f.known(machine) {
		if pool.MachineType == "" {
			f.add(ruleMachineMissing.at(machine, "The pool has no machine type. Give one, as \"%s\".", rules.facts().machine))
		} else {
			rules.machine(f, path, pool)
		}
	}
	if a := sub(path, "accelerator"); pool.Accelerator != nil && !f.unknown[a] && f.known(sub(a, "count")) && pool.Accelerator.Count < 1 {
		f.add(ruleAcceleratorCount.at(sub(a, "count"), "The count is %d. A node has one accelerator or more. Give the number, or remove accelerator.", pool.Accelerator.Count))
	}
}

func (f *findings) sizes(path string, pool NodePool, c Cluster) {
	minPath, maxPath := sub(path, "min_size"), sub(path, "max_size")
	if f.known(minPath) && pool.MinSize < 0 {
		f.add(rulePoolMin.at(minPath, "min_size is %d. The least is 0. Give 0 or more.", pool.MinSize))
	}
	if f.known(maxPath) {
		if pool.MaxSize < 1 {
			f.add(rulePoolMax.at(maxPath, "max_size is %d. A pool that can never have a node is of no use. Give 1 or more, or remove the pool.", pool.MaxSize))
		} else {
			f.of(c.Cloud).poolSize(f, maxPath, pool.MaxSize)
		}
	}
	if f.known(minPath, maxPath) && pool.MaxSize >= 1 && pool.MinSize > pool.MaxSize {
		f.add(rulePoolSizes.at(minPath, "min_size is %d and max_size is %d. Lower the one or raise the other.", pool.MinSize, pool.MaxSize))
	}
}
