package gcp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// gkeUnsupported are fields of clusters that the sandbox refuses: what they do would be missed.
var gkeUnsupported = []protoreflect.Name{
	"autopilot", "enable_kubernetes_alpha", "enable_tpu", "legacy_abac", "network_policy", "fleet", "user_managed_keys_config",
	"alpha_cluster_feature_gates", "cluster_ipv4_cidr", "resource_usage_export_config", "mesh_certificates", "confidential_nodes",
}

// checkCluster checks a cluster that is to be made, fills in defaults and returns its node pools.
func (c *call) checkCluster(body *containerpb.Cluster) ([]*containerpb.NodePool, error) {
	m := body.ProtoReflect()
	for _, name := range gkeUnsupported {
		field := m.Descriptor().Fields().ByName(name)
		switch {
		case !m.Has(field):
		case field.Message() != nil && !field.IsList() && !field.IsMap() && proto.Size(m.Get(field).Message().Interface()) == 0:
			// Clients that know of it send it switched off, as {"enabled": false}.
			m.Clear(field)
		default:
			return nil, gkeInvalid("The sandbox does not implement 'cluster.%s'.", name)
		}
	}
	if err := checkGKELabels(body.ResourceLabels); err != nil {
		return nil, err
	}
	if err := c.checkReleaseAndVersion(body); err != nil {
		return nil, err
	}
	if err := c.checkLocations(body.Locations); err != nil {
		return nil, err
	}
	if len(body.Locations) == 0 {
		body.Locations = c.defaultLocations()
	}
	if err := c.checkEndpoints(body); err != nil {
		return nil, err
	}
	if w := body.WorkloadIdentityConfig; w != nil {
		if err := c.checkWorkloadPool(w.WorkloadPool); err != nil {
			return nil, err
		}
	}
	if n := body.DefaultMaxPodsConstraint.GetMaxPodsPerNode(); n != 0 && (n < 8 || n > 256) {
		return nil, gkeInvalid("Invalid value for field \"cluster.default_max_pods_constraint.max_pods_per_node\": %d. It must be between 8 and 256.", n)
	}
	fillCluster(body)
	if err := checkEncryption(body); err != nil {
		return nil, err
	}
	if err := c.checkClusterNetwork(body); err != nil {
		return nil, err
	}
	pools, err := firstPools(body)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, pool := range pools {
		if seen[pool.Name] {
			return nil, gkeInvalid("Node pool name %q is used more than once.", pool.Name)
		}
		seen[pool.Name] = true
		if err := c.checkPool(body, pool); err != nil {
			return nil, err
		}
	}
	for _, pool := range pools {
		taintAccelerators(pool, pools)
	}
	return pools, c.checkPodSpace(body, pools)
}

// firstPools are the pools of a request, in either of its forms.
func firstPools(body *containerpb.Cluster) ([]*containerpb.NodePool, error) {
	old := body.NodeConfig != nil || body.InitialNodeCount != 0
	switch {
	case old && len(body.NodePools) > 0:
		return nil, gkeInvalid("Cluster.initial_node_count and Cluster.node_config must not be used together with Cluster.node_pools.")
	case len(body.NodePools) > 0:
		var out []*containerpb.NodePool
		for _, pool := range body.NodePools {
			out = append(out, proto.CloneOf(pool))
		}
		return out, nil
	case body.InitialNodeCount <= 0:
		return nil, gkeInvalid("Cluster.initial_node_count must be greater than zero.")
	}
	return []*containerpb.NodePool{{Name: "default-pool", Config: proto.CloneOf(body.NodeConfig), InitialNodeCount: body.InitialNodeCount}}, nil
}

func (c *call) checkReleaseAndVersion(body *containerpb.Cluster) error {
	channel := body.ReleaseChannel.GetChannel()
	version, err := gkeResolve(body.InitialClusterVersion, channel)
	if err != nil {
		return err
	}
	if body.ReleaseChannel == nil {
		channel = containerpb.ReleaseChannel_REGULAR
		if body.InitialClusterVersion != "" {
			channel = gkeChannelOf(version)
		}
		body.ReleaseChannel = &containerpb.ReleaseChannel{Channel: channel}
	}
	if channel == containerpb.ReleaseChannel_UNSPECIFIED {
		body.ReleaseChannel = nil
	}
	body.InitialClusterVersion, body.CurrentMasterVersion = version, version
	return nil
}

// checkLocations checks the zones of a cluster or a node pool.
func (c *call) checkLocations(zones []string) error {
	known := zonesOf(c.gkeRegion())
	for i, zone := range zones {
		if !slices.Contains(known, zone) {
			return gkeInvalid("Location %q is not a zone of region %q.", zone, c.gkeRegion())
		}
		if slices.Contains(zones[:i], zone) {
			return gkeInvalid("Location %q is listed more than once.", zone)
		}
	}
	if zoneExists(c.Location) && len(zones) > 0 && !slices.Contains(zones, c.Location) {
		return gkeInvalid("The locations of a zonal cluster must contain its zone %q.", c.Location)
	}
	return nil
}

// defaultLocations are three zones of a region, or the zone of a zonal cluster.
func (c *call) defaultLocations() []string {
	if zoneExists(c.Location) {
		return []string{c.Location}
	}
	zones := zonesOf(c.gkeRegion())
	return slices.Clone(zones[:min(3, len(zones))])
}

func (c *call) checkWorkloadPool(pool string) error {
	if want := c.Project + ".svc.id.goog"; pool != "" && pool != want {
		return gkeInvalid("Identity namespace %q is not supported: the only allowed one is %q.", pool, want)
	}
	return nil
}

// fillCluster fills in what a request leaves to Kubernetes Engine.
func fillCluster(body *containerpb.Cluster) {
	if body.NetworkConfig == nil {
		body.NetworkConfig = &containerpb.NetworkConfig{}
	}
	n := body.NetworkConfig
	n.DefaultEnablePrivateNodes = cmp.Or(n.DefaultEnablePrivateNodes, new(false))
	n.DefaultSnatStatus = cmp.Or(n.DefaultSnatStatus, &containerpb.DefaultSnatStatus{})
	body.DefaultMaxPodsConstraint = cmp.Or(body.DefaultMaxPodsConstraint, &containerpb.MaxPodsConstraint{MaxPodsPerNode: 110})
	body.ShieldedNodes = cmp.Or(body.ShieldedNodes, &containerpb.ShieldedNodes{Enabled: true})
	body.DatabaseEncryption = cmp.Or(body.DatabaseEncryption, &containerpb.DatabaseEncryption{State: containerpb.DatabaseEncryption_DECRYPTED})
	body.LoggingService = cmp.Or(body.LoggingService, "logging.googleapis.com/kubernetes")
	body.MonitoringService = cmp.Or(body.MonitoringService, "monitoring.googleapis.com/kubernetes")
	body.AddonsConfig = cmp.Or(body.AddonsConfig, &containerpb.AddonsConfig{})
	a := body.AddonsConfig
	a.NetworkPolicyConfig = cmp.Or(a.NetworkPolicyConfig, &containerpb.NetworkPolicyConfig{Disabled: true})
	a.GcePersistentDiskCsiDriverConfig = cmp.Or(a.GcePersistentDiskCsiDriverConfig, &containerpb.GcePersistentDiskCsiDriverConfig{Enabled: true})
	body.Autoscaling = cmp.Or(body.Autoscaling, &containerpb.ClusterAutoscaling{AutoscalingProfile: containerpb.ClusterAutoscaling_BALANCED})
}

// gkeResource reads a network or subnetwork: a name, "projects/p/..." or a URL. It returns the project and the name.
func (c *call) gkeResource(text, collection string) (project, name string, err error) {
	text = strings.TrimPrefix(text, "https://www.googleapis.com/compute/v1/")
	text = strings.TrimPrefix(text, "https://compute.googleapis.com/compute/v1/")
	segments := strings.Split(text, "/")
	name = segments[len(segments)-1]
	if len(segments) == 1 {
		return c.Project, name, nil
	}
	if segments[0] != "projects" || len(segments) < 5 || segments[len(segments)-2] != collection {
		return "", "", fmt.Errorf("%q is not a name", text)
	}
	return segments[1], name, nil
}
