package main

import (
	_ "embed"
	"fmt"
	"slices"
)

//go:embed stack/serving/main.tf
var stackOnAWS string

//go:embed stack/gcp/main.tf
var stackOnGCP string

// cloud is one that clusters are measured on.
type cloud struct {
	name string
	// stack is the configuration of clusters and their certificates.
	stack     string
	refreshes []refreshes
	// chain is the longest way through a cluster's graph by the sandbox's delays.
	chain []string
	// scale shortens the cloud's delays, so that the nine minutes of a cluster are half a minute, or two. The provider's
	// pauses between two looks at something are not shortened: many short steps, as GCP has, would end between two looks.
	scale float64
}

// refreshes are the sizes of plans that are measured for clusters of one
// visibility, with the most calls that a cluster and its certificate may take.
// Zero is no budget.
type refreshes struct {
	visibility string
	calls      map[int]int
}

// clouds are all of them. On AWS, subnets come after the VPC, the control plane after its subnets, and the node groups
// after the control plane. Beside it run, and are done long before, the NAT gateways (after a public subnet) and the load
// balancer; attaching the node groups to the target group is an order that takes effect by itself. On GCP the
// certificate takes its time before all of the cluster, which refers to it; the control plane comes after the router too,
// since nodes must reach the Internet; the pool with accelerators after the control plane, then the named port of its
// instance groups, the groups in the backend service, and the label that seals the cluster. The load balancer is done
// long before.
var clouds = []cloud{
	{
		name: "aws", stack: stackOnAWS,
		refreshes: []refreshes{{"private", map[int]int{1: 28, 10: 0, 50: 14}}},
		chain:     []string{"ec2.vpc.create", "ec2.subnet.create", "eks.cluster.create", "eks.nodegroup.create"},
		scale:     0.06,
	},
	{
		name: "gcp", stack: stackOnGCP,
		// A cluster alone may take 14; its certificate is one call for all certificates.
		refreshes: []refreshes{{"private", map[int]int{1: 14 + 1, 10: 0, 50: 8}}, {"public", map[int]int{1: 14 + 1}}},
		chain: []string{
			"certificatemanager.certificate", "compute.networks.insert", "compute.subnetworks.insert", "compute.operation", "container.cluster.create", "container.node_pool.create",
			"compute.operation", "compute.operation", "container.cluster.labels",
		},
		scale: 0.2,
	},
}

// measured are the clouds with a name, or all where there is none.
func measured(name string) ([]cloud, error) {
	out := slices.DeleteFunc(slices.Clone(clouds), func(c cloud) bool { return name != "" && c.name != name })
	if len(out) == 0 {
		return nil, fmt.Errorf("there is no cloud %q to measure", name)
	}
	return out, nil
}
