package aws

import (
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func init() {
	handle("eks", "UpdateClusterConfig", (*call).eksUpdateClusterConfig)
}

// eksUpdateClusterConfig takes one kind of change per call, and none that changes nothing.
func (c *call) eksUpdateClusterConfig(in *eks.UpdateClusterConfigInput) (*eks.UpdateClusterConfigOutput, error) {
	cluster, err := c.eksCluster(in.Name)
	if err != nil {
		return nil, err
	}
	request := *in
	request.ClientRequestToken = nil
	if id, err := c.eksRepeated("UpdateClusterConfig", in.ClientRequestToken, request); err != nil {
		return nil, err
	} else if update := c.eks().Updates[id]; update != nil {
		return &eks.UpdateClusterConfigOutput{Update: &update.Update}, nil
	}
	kinds := eksChangeKinds(in)
	if len(kinds) == 0 {
		return nil, eksError("InvalidParameterException", *in.Name, "", "The type for cluster update was not provided.")
	}
	if len(kinds) > 1 {
		return nil, eksError("InvalidParameterException", *in.Name, "", "Only one type of update can be allowed.")
	}
	if err := eksReady(cluster, kinds[0]); err != nil {
		return nil, err
	}
	params, err := c.eksPlanConfig(cluster, in, kinds[0])
	if err != nil {
		return nil, err
	}
	update := &eksUpdate{Config: &request}
	update.Params = params
	out := c.eksStart(cluster, update, kinds[0], "eks.cluster.update")
	c.keepToken("eks.UpdateClusterConfig", in.ClientRequestToken, request, *out.Id)
	return &eks.UpdateClusterConfigOutput{Update: out}, nil
}

func eksChangeKinds(in *eks.UpdateClusterConfigInput) []ekstypes.UpdateType {
	var kinds []ekstypes.UpdateType
	add := func(given bool, kind ekstypes.UpdateType) {
		if given && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	add(in.Logging != nil, ekstypes.UpdateTypeLoggingUpdate)
	if v := in.ResourcesVpcConfig; v != nil {
		add(v.EndpointPublicAccess != nil || v.EndpointPrivateAccess != nil || v.PublicAccessCidrs != nil, ekstypes.UpdateTypeEndpointAccessUpdate)
		add(v.SubnetIds != nil || v.SecurityGroupIds != nil, ekstypes.UpdateTypeVpcConfigUpdate)
		add(v.ControlPlaneEgressMode != "", ekstypes.UpdateTypeControlPlaneEgressUpdate)
	}
	add(in.AccessConfig != nil, ekstypes.UpdateTypeAccessConfigUpdate)
	add(in.UpgradePolicy != nil, ekstypes.UpdateTypeUpgradePolicyUpdate)
	add(in.ZonalShiftConfig != nil, ekstypes.UpdateTypeZonalShiftConfigUpdate)
	add(in.DeletionProtection != nil, ekstypes.UpdateTypeDeletionProtectionUpdate)
	add(in.ComputeConfig != nil || in.StorageConfig != nil || in.KubernetesNetworkConfig != nil, ekstypes.UpdateTypeAutoModeUpdate)
	add(in.RemoteNetworkConfig != nil, ekstypes.UpdateTypeRemoteNetworkConfigUpdate)
	add(in.ControlPlaneScalingConfig != nil, ekstypes.UpdateTypeControlPlaneScalingConfigUpdate)
	add(in.KubeApiServerConfig != nil || in.KubeControllerManagerConfig != nil || in.KubeSchedulerConfig != nil, ekstypes.UpdateTypeControlPlaneComponentConfigUpdate)
	return kinds
}

// eksPlanConfig checks a change and answers the parameters that its update shows.
func (c *call) eksPlanConfig(cluster *eksCluster, in *eks.UpdateClusterConfigInput, kind ekstypes.UpdateType) ([]ekstypes.UpdateParam, error) {
	name := *cluster.Name
	bad := func(format string, args ...any) ([]ekstypes.UpdateParam, error) {
		return nil, eksError("InvalidParameterException", name, "", format, args...)
	}
	const same = "Cluster is already at the desired configuration with %s"
	switch kind {
	case ekstypes.UpdateTypeLoggingUpdate:
		merged, err := eksMergeLogging(cluster.Logging, in.Logging)
		if err != nil {
			return nil, err
		}
		if reflect.DeepEqual(merged, cluster.Logging) {
			return bad("No changes needed for the logging config provided: the cluster is already at the desired configuration")
		}
		return []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeClusterLogging, in.Logging)}, nil
	case ekstypes.UpdateTypeEndpointAccessUpdate, ekstypes.UpdateTypeVpcConfigUpdate:
		return c.eksPlanVPCChange(cluster, in.ResourcesVpcConfig)
	case ekstypes.UpdateTypeAccessConfigUpdate:
		from, to := cluster.AccessConfig.AuthenticationMode, in.AccessConfig.AuthenticationMode
		if from == to {
			return bad(same, "authenticationMode: "+string(to))
		}
		steps := map[ekstypes.AuthenticationMode]ekstypes.AuthenticationMode{
			ekstypes.AuthenticationModeConfigMap:       ekstypes.AuthenticationModeApiAndConfigMap,
			ekstypes.AuthenticationModeApiAndConfigMap: ekstypes.AuthenticationModeApi,
		}
		if to == "" || steps[from] != to {
			return bad("Unsupported authentication mode update from %s to %s", from, to)
		}
		return []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeAuthenticationMode, string(to))}, nil
	case ekstypes.UpdateTypeUpgradePolicyUpdate:
		if to := in.UpgradePolicy.SupportType; to == "" || to == cluster.UpgradePolicy.SupportType {
			return bad(same, "supportType: "+string(cluster.UpgradePolicy.SupportType))
		}
		return []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeUpgradePolicy, in.UpgradePolicy)}, nil
	case ekstypes.UpdateTypeZonalShiftConfigUpdate:
		now := cluster.ZonalShiftConfig != nil && cluster.ZonalShiftConfig.Enabled != nil && *cluster.ZonalShiftConfig.Enabled
		if in.ZonalShiftConfig.Enabled == nil || *in.ZonalShiftConfig.Enabled == now {
			return bad(same, "zonalShiftConfig")
		}
		return []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeZonalShiftConfig, in.ZonalShiftConfig)}, nil
	case ekstypes.UpdateTypeDeletionProtectionUpdate:
		if *in.DeletionProtection == *cluster.DeletionProtection {
			return bad(same, "deletionProtection")
		}
		return []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeDeletionProtection, *in.DeletionProtection)}, nil
	}
	if kind == ekstypes.UpdateTypeAutoModeUpdate {
		return eksAutoModeOff(in, bad)
	}
	return bad("The sandbox has no updates of type %s.", kind)
}

func (c *call) eksPlanVPCChange(cluster *eksCluster, change *ekstypes.VpcConfigRequest) ([]ekstypes.UpdateParam, error) {
	name, have := *cluster.Name, cluster.ResourcesVpcConfig
	next := eksMergeVPC(have, change)
	if change.SubnetIds != nil {
		vpc, err := c.eksCheckSubnets(name, change.SubnetIds)
		if err != nil {
			return nil, err
		}
		if vpc != *have.VpcId {
			return nil, eksError("InvalidParameterException", name, "", "Provided subnets belong to different VPC %s than the cluster's %s", vpc, *have.VpcId)
		}
		// Subnets may change, zones may not (EKS user guide, network requirements).
		if was, is := c.eksZones(have.SubnetIds), c.eksZones(change.SubnetIds); !sameSet(was, is) {
			return nil, eksError("InvalidParameterException", name, "", "Provided subnets should belong to the exact set of AZs %v in which subnets were provided during cluster creation, not %v.", was, is)
		}
	}
	if change.SecurityGroupIds != nil {
		if err := c.eksCheckGroups(name, *have.VpcId, change.SecurityGroupIds); err != nil {
			return nil, err
		}
	}
	if err := c.eksCheckEndpoint(name, &next); err != nil {
		return nil, err
	}
	if next.EndpointPublicAccess == have.EndpointPublicAccess && next.EndpointPrivateAccess == have.EndpointPrivateAccess &&
		sameSet(next.PublicAccessCidrs, have.PublicAccessCidrs) && sameSet(next.SubnetIds, have.SubnetIds) && sameSet(next.SecurityGroupIds, have.SecurityGroupIds) {
		return nil, eksError("InvalidParameterException", name, "",
			"Cluster is already at the desired configuration with endpointPrivateAccess: %t , endpointPublicAccess: %t, and Public Endpoint Restrictions: %v",
			have.EndpointPrivateAccess, have.EndpointPublicAccess, have.PublicAccessCidrs)
	}
	var params []ekstypes.UpdateParam
	if change.EndpointPublicAccess != nil {
		params = append(params, eksParam(ekstypes.UpdateParamTypeEndpointPublicAccess, next.EndpointPublicAccess))
	}
	if change.EndpointPrivateAccess != nil {
		params = append(params, eksParam(ekstypes.UpdateParamTypeEndpointPrivateAccess, next.EndpointPrivateAccess))
	}
	if change.PublicAccessCidrs != nil {
		params = append(params, eksParam(ekstypes.UpdateParamTypePublicAccessCidrs, next.PublicAccessCidrs))
	}
	if change.SubnetIds != nil {
		params = append(params, eksParam(ekstypes.UpdateParamTypeSubnets, next.SubnetIds))
	}
	if change.SecurityGroupIds != nil {
		params = append(params, eksParam(ekstypes.UpdateParamTypeSecurityGroups, next.SecurityGroupIds))
	}
	return params, nil
}

// eksAutoModeOff accepts only turning Auto Mode off: the sandbox does not run
// it, and its three parts change together (EKS API reference,
// UpdateClusterConfig).
func eksAutoModeOff(in *eks.UpdateClusterConfigInput, bad func(string, ...any) ([]ekstypes.UpdateParam, error)) ([]ekstypes.UpdateParam, error) {
	compute, storage, network := in.ComputeConfig, in.StorageConfig, in.KubernetesNetworkConfig
	if compute == nil || compute.Enabled == nil || storage == nil || storage.BlockStorage == nil || storage.BlockStorage.Enabled == nil ||
		network == nil || network.ElasticLoadBalancing == nil || network.ElasticLoadBalancing.Enabled == nil {
		return bad("For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.")
	}
	if *compute.Enabled || *storage.BlockStorage.Enabled || *network.ElasticLoadBalancing.Enabled {
		return bad("The sandbox does not run EKS Auto Mode.")
	}
	return []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeComputeConfig, compute)}, nil
}

// eksZones are the zones of subnets, sorted.
func (c *call) eksZones(subnets []string) []string {
	var zones []string
	for _, id := range subnets {
		if s := c.region().Subnets[id]; s != nil {
			zones = append(zones, *s.AvailabilityZone)
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}
