package gcp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// dialAPI connects to a cluster's API server.
func (p *dataPlane) dialAPI(ctx context.Context, ref clusterRef) (net.Conn, error) {
	k, err := p.cluster(ref)
	if err != nil {
		return nil, err
	}
	return k.DialAPI(ctx)
}

// cluster is the data plane of a cluster.
func (p *dataPlane) cluster(ref clusterRef) (*control.Cluster, error) {
	refuse := func(reason string) error {
		return &control.PathError{Kind: control.Refused, Hop: "cluster " + ref.name, Reason: reason}
	}
	p.cloud.mu.Lock()
	defer p.cloud.mu.Unlock()
	found := p.cloud.findCluster(ref)
	if found == nil {
		return nil, refuse("it does not exist any more")
	}
	return p.clusters.Get(ref, ref.id, ref.name, func(dir string) (control.Kubernetes, error) {
		if p.cloud.config.Kubernetes == nil {
			return nil, refuse("this sandbox runs no Kubernetes")
		}
		at := p.cloud.view(ref.project, ref.location)
		key := at.region(ref.location).Keys[ref.id]
		ca, err := base64.StdEncoding.DecodeString(found.MasterAuth.GetClusterCaCertificate())
		if err != nil || key == "" {
			return nil, refuse("the key of its certificate authority is not known: an older sandbox made it")
		}
		endpoints := found.ControlPlaneEndpointsConfig
		return p.cloud.config.Kubernetes(control.KubernetesCluster{
			Name: ref.name, CACertificate: ca, CAKey: []byte(key), StateDir: dir, ServiceCIDR: found.ServicesIpv4Cidr,
			// The API server names itself by the first of its hosts; the addresses are what most clients dial.
			Hosts: []string{
				strings.ToLower(endpoints.GetDnsEndpointConfig().GetEndpoint()), endpoints.GetIpEndpointsConfig().GetPrivateEndpoint(), at.gke().PublicEndpoints[ref.id],
			},
			Authenticate: func(_ context.Context, token string) (control.KubernetesUser, error) {
				return p.cloud.authenticateToken(ref, token)
			},
			Nodes: func() []control.KubernetesNode { return p.cloud.nodes(ref) },
		}), nil
	})
}

// dialNode connects to a port of a cluster's node.
func (p *dataPlane) dialNode(ctx context.Context, ref clusterRef, node netip.Addr, port int) (net.Conn, error) {
	k, err := p.cluster(ref)
	if err != nil {
		return nil, err
	}
	return k.DialNode(ctx, node, port)
}

// authenticateToken tells which Kubernetes user an access token stands for in a cluster. Whoever has a role in the project may do
// everything, as Kubernetes Engine Admin may; all others are known by their e-mail address, and RBAC says what they may do.
func (c *Cloud) authenticateToken(ref clusterRef, token string) (control.KubernetesUser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	who, ok := c.principal(token)
	if !ok {
		return control.KubernetesUser{}, errors.New("the access token is not valid")
	}
	if c.findCluster(ref) == nil {
		return control.KubernetesUser{}, fmt.Errorf("cluster %s does not exist", ref.name)
	}
	user := control.KubernetesUser{Name: who, UID: who}
	if c.mayUse(who, ref.project) {
		user.Groups = []string{"system:masters"}
	}
	return user, nil
}

// nodes are the running instances of a cluster's node pools.
func (c *Cloud) nodes(ref clusterRef) []control.KubernetesNode {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if c.findCluster(ref) == nil {
		return nil
	}
	at := c.view(ref.project, ref.location)
	var out []control.KubernetesNode
	for _, pool := range at.pools(ref.name) {
		for _, zone := range zonesOf(at.gkeRegion()) {
			for _, i := range at.groupInstances(zone, at.poolGroup(ref.name, pool.Body.Name, zone)) {
				if node, ok := at.node(pool.Body, zone, i.Body); ok && i.Body.GetStatus() == "RUNNING" {
					out = append(out, node)
				}
			}
		}
	}
	return out
}

var gkeTaintEffects = map[containerpb.NodeTaint_Effect]string{
	containerpb.NodeTaint_NO_SCHEDULE: "NoSchedule", containerpb.NodeTaint_NO_EXECUTE: "NoExecute", containerpb.NodeTaint_PREFER_NO_SCHEDULE: "PreferNoSchedule",
}

// node describes an instance as its kubelet would.
func (c *call) node(pool *containerpb.NodePool, zone string, i *computepb.Instance) (control.KubernetesNode, bool) {
	if len(i.NetworkInterfaces) == 0 || len(i.NetworkInterfaces[0].AliasIpRanges) == 0 {
		return control.KubernetesNode{}, false
	}
	nic := i.NetworkInterfaces[0]
	address, err := netip.ParseAddr(nic.GetNetworkIP())
	pods, podsErr := netip.ParsePrefix(nic.AliasIpRanges[0].GetIpCidrRange())
	machine := c.machineType(zone, pool.Config.MachineType)
	if err != nil || podsErr != nil || machine == nil {
		return control.KubernetesNode{}, false
	}
	architecture := "amd64"
	if machine.GetArchitecture() == "ARM64" {
		architecture = "arm64"
	}
	node := control.KubernetesNode{
		Name: i.GetName(), Address: address, Zone: zone, Region: c.gkeRegion(), InstanceType: pool.Config.MachineType, PodRange: pods,
		ProviderID: "gce://" + c.Project + "/" + zone + "/" + i.GetName(), Version: "v" + pool.Version, CPU: int64(machine.GetGuestCpus()), MemoryBytes: int64(machine.GetMemoryMb()) << 20,
		Labels: map[string]string{
			"cloud.google.com/gke-nodepool": pool.Name, "kubernetes.io/arch": architecture, "cloud.google.com/machine-family": strings.Split(pool.Config.MachineType, "-")[0],
			"cloud.google.com/gke-os-distribution": "cos",
		},
	}
	if pool.Config.Spot {
		node.Labels["cloud.google.com/gke-spot"] = "true"
	}
	for _, a := range pool.Config.Accelerators {
		node.GPUs = a.AcceleratorCount
		// GKE's own device plugin waits for a driver, which GKE installs when it is asked to.
		switch a.GetGpuDriverInstallationConfig().GetGpuDriverVersion() {
		case containerpb.GPUDriverInstallationConfig_DEFAULT, containerpb.GPUDriverInstallationConfig_LATEST:
			node.DevicePlugin = true
		}
		node.Labels["cloud.google.com/gke-accelerator"] = a.AcceleratorType
	}
	maps.Copy(node.Labels, pool.Config.Labels)
	for _, t := range pool.Config.Taints {
		node.Taints = append(node.Taints, control.KubernetesTaint{Key: t.Key, Value: t.Value, Effect: gkeTaintEffects[t.Effect]})
	}
	return node, true
}
