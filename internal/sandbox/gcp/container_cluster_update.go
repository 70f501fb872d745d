package gcp

import (
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func init() {
	handle("google.container.v1.ClusterManager.UpdateCluster", (*call).updateCluster)
	handle("google.container.v1.ClusterManager.SetLegacyAbac", (*call).setLegacyABAC)
	handle("google.container.v1.ClusterManager.SetLocations", (*call).setLocations)
}

// companions are fields of an update that say more about another one.
var companions = map[protoreflect.Name]bool{"etag": true, "desired_node_pool_id": true}

// updateCluster makes one change. Requests with several changes are refused, as the service does with nearly all combinations.
func (c *call) updateCluster(in *containerpb.UpdateClusterRequest) (*containerpb.Operation, error) {
	name, _ := gkeNames(in.Name, in.ClusterId, "")
	held, err := c.cluster(name)
	if err != nil {
		return nil, err
	}
	var desired []protoreflect.FieldDescriptor
	in.Update.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if !companions[field.Name()] {
			desired = append(desired, field)
		}
		return true
	})
	switch {
	case len(desired) == 0:
		return nil, gkeInvalid("Must specify a field to update.")
	case len(desired) > 1:
		return nil, gkeInvalid("Only one field of the cluster can be updated at a time; got %s and %s.", desired[0].Name(), desired[1].Name())
	}
	if in.Update.Etag != "" && in.Update.Etag != c.clusterView(held).Etag {
		return nil, &Error{Status: 409, Code: "ABORTED", Message: "The etag of cluster " + name + " does not match: somebody else has changed it."}
	}
	if err := c.free(held); err != nil {
		return nil, err
	}
	if in.Update.DesiredNodeVersion != "" || in.Update.DesiredNodePoolAutoscaling != nil || in.Update.DesiredImageType != "" {
		return c.updatePoolByCluster(held, in.Update)
	}
	next := proto.CloneOf(held.Body)
	change := clusterChanges[desired[0].Name()]
	if change == nil {
		return nil, gkeInvalid("The sandbox does not implement 'update.%s'.", desired[0].Name())
	}
	if err := change(c, next, in.Update); err != nil {
		return nil, err
	}
	if in.Update.DesiredMasterVersion != "" {
		return c.changeCluster(held, next, containerpb.Operation_UPGRADE_MASTER, "container.cluster.version"), nil
	}
	return c.changeCluster(held, next, containerpb.Operation_UPDATE_CLUSTER, "container.cluster.update"), nil
}

// setLocations is the older way to change the zones of a cluster.
func (c *call) setLocations(in *containerpb.SetLocationsRequest) (*containerpb.Operation, error) {
	return c.updateCluster(&containerpb.UpdateClusterRequest{
		Name: in.Name, ClusterId: in.ClusterId, Update: &containerpb.ClusterUpdate{DesiredLocations: in.Locations},
	})
}

// setLegacyABAC switches the old authorization off; the sandbox's API servers do not have it.
func (c *call) setLegacyABAC(in *containerpb.SetLegacyAbacRequest) (*containerpb.Operation, error) {
	name, _ := gkeNames(in.Name, in.ClusterId, "")
	held, err := c.cluster(name)
	if err != nil {
		return nil, err
	}
	if in.Enabled {
		return nil, gkeInvalid("The sandbox does not implement 'enabled'.")
	}
	if err := c.free(held); err != nil {
		return nil, err
	}
	next := proto.CloneOf(held.Body)
	next.LegacyAbac = &containerpb.LegacyAbac{}
	return c.changeCluster(held, next, containerpb.Operation_UPDATE_CLUSTER, "container.cluster.update"), nil
}

// clusterChanges are what each field of an update does. Messages are replaced as a whole unless their comment says otherwise.
var clusterChanges = map[protoreflect.Name]func(c *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error{
	"desired_master_version": func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		version, err := gkeResolve(u.DesiredMasterVersion, k.ReleaseChannel.GetChannel())
		if err == nil {
			err = gkeCheckUpgrade(k.CurrentMasterVersion, version)
		}
		k.CurrentMasterVersion = version
		return err
	},
	"desired_release_channel": func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		channel := u.DesiredReleaseChannel.Channel
		if _, err := gkeResolve(k.CurrentMasterVersion, channel); err != nil {
			return gkeInvalid("Cluster version %q is not available in the release channel %s.", k.CurrentMasterVersion, channel)
		}
		k.ReleaseChannel = &containerpb.ReleaseChannel{Channel: channel}
		if channel == containerpb.ReleaseChannel_UNSPECIFIED {
			k.ReleaseChannel = nil
		}
		return nil
	},
	"desired_workload_identity_config": func(c *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		k.WorkloadIdentityConfig = u.DesiredWorkloadIdentityConfig
		return c.checkWorkloadPool(u.DesiredWorkloadIdentityConfig.WorkloadPool)
	},
	"desired_control_plane_endpoints_config": func(c *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		mergeEndpoints(k.ControlPlaneEndpointsConfig, u.DesiredControlPlaneEndpointsConfig)
		return c.moveEndpoints(k)
	},
	"desired_master_authorized_networks_config": func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		k.ControlPlaneEndpointsConfig.IpEndpointsConfig.AuthorizedNetworksConfig = u.DesiredMasterAuthorizedNetworksConfig
		fillEndpoints(k.ControlPlaneEndpointsConfig)
		return checkIPEndpoints(k.ControlPlaneEndpointsConfig.IpEndpointsConfig)
	},
	"desired_enable_private_endpoint": func(c *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		k.ControlPlaneEndpointsConfig.IpEndpointsConfig.EnablePublicEndpoint = new(!*u.DesiredEnablePrivateEndpoint)
		return c.moveEndpoints(k)
	},
	"desired_default_enable_private_nodes": func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		k.NetworkConfig.DefaultEnablePrivateNodes = u.DesiredDefaultEnablePrivateNodes
		return nil
	},
	"desired_locations": func(c *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		k.Locations = u.DesiredLocations
		return c.checkLocations(u.DesiredLocations)
	},
	"desired_addons_config": func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		proto.Merge(k.AddonsConfig, u.DesiredAddonsConfig)
		return nil
	},
	"desired_logging_service": func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		k.LoggingService = u.DesiredLoggingService
		return nil
	},
	"desired_monitoring_service": func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		k.MonitoringService = u.DesiredMonitoringService
		return nil
	},
	"desired_logging_config":    set("logging_config"),
	"desired_monitoring_config": set("monitoring_config"),
	"desired_shielded_nodes":    set("shielded_nodes"),
	"desired_database_encryption": func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		k.DatabaseEncryption = u.DesiredDatabaseEncryption
		return checkEncryption(k)
	},
	"desired_cost_management_config":   set("cost_management_config"),
	"desired_vertical_pod_autoscaling": set("vertical_pod_autoscaling"),
	"desired_binary_authorization":     set("binary_authorization"),
	"desired_notification_config":      set("notification_config"),
	"desired_security_posture_config":  set("security_posture_config"),
	"desired_cluster_autoscaling":      set("autoscaling"),
	"desired_gateway_api_config":       set("network_config", "gateway_api_config"),
	"desired_dns_config":               set("network_config", "dns_config"),
	"desired_default_snat_status":      set("network_config", "default_snat_status"),
}

// set is a change that puts a field of the update at a path of the cluster.
func set(path ...protoreflect.Name) func(c *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
	return func(_ *call, k *containerpb.Cluster, u *containerpb.ClusterUpdate) error {
		m := k.ProtoReflect()
		for _, step := range path[:len(path)-1] {
			m = m.Mutable(m.Descriptor().Fields().ByName(step)).Message()
		}
		field := m.Descriptor().Fields().ByName(path[len(path)-1])
		u.ProtoReflect().Range(func(from protoreflect.FieldDescriptor, value protoreflect.Value) bool {
			if from.Message() == field.Message() {
				m.Set(field, value)
			}
			return true
		})
		return nil
	}
}

// checkEncryption holds a cluster's state of encryption against its key.
func checkEncryption(k *containerpb.Cluster) error {
	e := k.DatabaseEncryption
	if encrypted := e.GetState() == containerpb.DatabaseEncryption_ENCRYPTED || e.GetState() == containerpb.DatabaseEncryption_ALL_OBJECTS_ENCRYPTION_ENABLED; encrypted != (e.GetKeyName() != "") {
		return gkeInvalid("Invalid value for field \"cluster.database_encryption.key_name\": %q. There must be a key if, and only if, the state is ENCRYPTED.", e.GetKeyName())
	}
	return nil
}

// mergeEndpoints changes what an update sets: its fields know unset from false. The list of networks comes as a whole.
func mergeEndpoints(have, want *containerpb.ControlPlaneEndpointsConfig) {
	networks := want.GetIpEndpointsConfig().GetAuthorizedNetworksConfig()
	if networks != nil {
		have.IpEndpointsConfig.AuthorizedNetworksConfig = nil
	}
	proto.Merge(have, want)
	fillEndpoints(have)
}

// moveEndpoints checks changed endpoints, and gives or takes their public address.
func (c *call) moveEndpoints(k *containerpb.Cluster) error {
	ip := k.ControlPlaneEndpointsConfig.IpEndpointsConfig
	if err := checkIPEndpoints(ip); err != nil {
		return err
	}
	if failed := c.openEndpoints(k); failed != nil {
		return gkeInvalid("%s", failed.Message)
	}
	return nil
}
