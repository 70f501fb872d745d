package sandbox

import (
	"context"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube"
)

// The clouds know clusters as objects, package kube runs them, and neither knows the other: a cluster looks alike in every
// cloud, and most tests of a cloud want none to run.

// runKubernetes puts a real API server behind a simulated cluster. Nothing starts before it is dialled.
func runKubernetes(c control.KubernetesCluster) control.Kubernetes {
	return kube.New(kube.Config{
		Name: c.Name, CACertificate: c.CACertificate, CAKey: c.CAKey, Hosts: c.Hosts, ServiceCIDR: c.ServiceCIDR, StateDir: c.StateDir,
		Authenticate: func(ctx context.Context, token string) (kube.User, error) {
			user, err := c.Authenticate(ctx, token)
			return kube.User(user), err
		},
		Nodes: func() []kube.Node {
			var out []kube.Node
			for _, n := range c.Nodes() {
				node := kube.Node{
					Name: n.Name, Address: n.Address, Zone: n.Zone, Region: n.Region, InstanceType: n.InstanceType, ProviderID: n.ProviderID, Version: n.Version,
					Labels: n.Labels, CPU: n.CPU, MemoryBytes: n.MemoryBytes, GPUs: n.GPUs, DevicePlugin: n.DevicePlugin, PodRange: n.PodRange,
				}
				for _, t := range n.Taints {
					node.Taints = append(node.Taints, kube.Taint(t))
				}
				out = append(out, node)
			}
			return out
		},
	})
}
