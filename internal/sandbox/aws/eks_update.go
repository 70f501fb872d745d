package aws

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func init() {
	handle("eks", "DescribeUpdate", (*call).eksDescribeUpdate)
	handle("eks", "ListUpdates", (*call).eksListUpdates)
	handle("eks", "UpdateClusterVersion", (*call).eksUpdateClusterVersion)
	handle("eks", "AssociateEncryptionConfig", (*call).eksAssociateEncryption)
	onSettle("eks.update", func(c *call, id, _ string) {
		update := c.eks().Updates[id]
		if update == nil || update.Status != ekstypes.UpdateStatusInProgress {
			return
		}
		update.Status = ekstypes.UpdateStatusSuccessful
		if update.Nodegroup != "" {
			if ng := c.eks().Nodegroups[update.Cluster+"/"+update.Nodegroup]; ng != nil {
				c.eksApplyNodegroup(ng, update)
			}
			return
		}
		if cluster := c.eks().Clusters[update.Cluster]; cluster != nil {
			c.eksApplyCluster(cluster, update)
		}
	})
}

// eksParam renders a parameter of an update: strings as they are, everything else as JSON with the API's names.
func eksParam(kind ekstypes.UpdateParamType, value any) ekstypes.UpdateParam {
	if s, ok := value.(string); ok {
		return ekstypes.UpdateParam{Type: kind, Value: new(s)}
	}
	raw, _ := json.Marshal(value)
	var tree any
	if _, isMap := value.(map[string]string); !isMap && json.Unmarshal(raw, &tree) == nil {
		raw, _ = json.Marshal(eksLowerCamel(tree))
	}
	return ekstypes.UpdateParam{Type: kind, Value: new(string(raw))}
}

// eksLowerCamel turns the names of Go fields into those of the API, and leaves out what is null.
func eksLowerCamel(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range tree {
			if value != nil {
				out[strings.ToLower(key[:1])+key[1:]] = eksLowerCamel(value)
			}
		}
		return out
	case []any:
		for i := range tree {
			tree[i] = eksLowerCamel(tree[i])
		}
	}
	return tree
}

// eksReady refuses a change while the cluster is in another state than ACTIVE.
func eksReady(cluster *eksCluster, kind ekstypes.UpdateType) error {
	switch cluster.Status {
	case ekstypes.ClusterStatusActive:
		return nil
	case ekstypes.ClusterStatusUpdating:
		return eksError("ResourceInUseException", *cluster.Name, "", "Cannot %s because cluster %s currently has update %s in progress", kind, *cluster.Name, cluster.Update)
	}
	return eksError("ResourceInUseException", *cluster.Name, "", "Cannot %s because cluster %s currently is %s", kind, *cluster.Name, cluster.Status)
}

// eksStart makes an update of a cluster run.
func (c *call) eksStart(cluster *eksCluster, update *eksUpdate, kind ekstypes.UpdateType, delay string) *ekstypes.Update {
	update.Id, update.Type, update.Status = new(c.newUUID()), kind, ekstypes.UpdateStatusInProgress
	update.CreatedAt, update.Cluster, update.Serial = new(c.now()), *cluster.Name, c.cloud.state.Counter
	update.Errors = []ekstypes.ErrorDetail{}
	c.eks().Updates[*update.Id] = update
	cluster.Status, cluster.Update = ekstypes.ClusterStatusUpdating, *update.Id
	c.after(delay, transition{Kind: "eks.update", ID: *update.Id, To: "Successful"})
	return &update.Update
}

// eksApplyCluster makes a finished update take effect.
func (c *call) eksApplyCluster(cluster *eksCluster, update *eksUpdate) {
	cluster.Status, cluster.Update = ekstypes.ClusterStatusActive, ""
	if update.Version != "" {
		cluster.Version = new(update.Version)
		if release, ok := eksFindRelease(update.Version); ok {
			cluster.PlatformVersion = new(release.platform)
		}
	}
	if len(update.Encryption) > 0 {
		cluster.EncryptionConfig = update.Encryption
	}
	in := update.Config
	if in == nil {
		return
	}
	if in.Logging != nil {
		cluster.Logging, _ = eksMergeLogging(cluster.Logging, in.Logging)
	}
	if in.ResourcesVpcConfig != nil {
		*cluster.ResourcesVpcConfig = eksMergeVPC(cluster.ResourcesVpcConfig, in.ResourcesVpcConfig)
		if err := c.eksPlaceInterfaces(cluster); err != nil {
			update.Status = ekstypes.UpdateStatusFailed
			update.Errors = []ekstypes.ErrorDetail{{ErrorCode: ekstypes.ErrorCodeUnknown, ErrorMessage: new(err.Error())}}
		}
	}
	if in.AccessConfig != nil {
		was := cluster.AccessConfig.AuthenticationMode
		cluster.AccessConfig.AuthenticationMode = in.AccessConfig.AuthenticationMode
		if was == ekstypes.AuthenticationModeConfigMap {
			c.eksBootstrapEntry(cluster)
		}
	}
	if in.UpgradePolicy != nil {
		cluster.UpgradePolicy.SupportType = in.UpgradePolicy.SupportType
	}
	if in.ZonalShiftConfig != nil {
		cluster.ZonalShiftConfig = &ekstypes.ZonalShiftConfigResponse{Enabled: in.ZonalShiftConfig.Enabled}
	}
	if in.ComputeConfig != nil {
		cluster.ComputeConfig = &ekstypes.ComputeConfigResponse{Enabled: in.ComputeConfig.Enabled}
		cluster.StorageConfig = &ekstypes.StorageConfigResponse{BlockStorage: in.StorageConfig.BlockStorage}
		cluster.KubernetesNetworkConfig.ElasticLoadBalancing = in.KubernetesNetworkConfig.ElasticLoadBalancing
	}
	if in.DeletionProtection != nil {
		cluster.DeletionProtection = in.DeletionProtection
	}
}

// eksMergeVPC is the VPC configuration after a change.
func eksMergeVPC(have *ekstypes.VpcConfigResponse, change *ekstypes.VpcConfigRequest) ekstypes.VpcConfigResponse {
	out := *have
	if change.EndpointPublicAccess != nil {
		out.EndpointPublicAccess = *change.EndpointPublicAccess
	}
	if change.EndpointPrivateAccess != nil {
		out.EndpointPrivateAccess = *change.EndpointPrivateAccess
	}
	if change.PublicAccessCidrs != nil {
		out.PublicAccessCidrs = change.PublicAccessCidrs
	}
	if change.SubnetIds != nil {
		out.SubnetIds = change.SubnetIds
	}
	if change.SecurityGroupIds != nil {
		out.SecurityGroupIds = change.SecurityGroupIds
	}
	out.ControlPlaneEgressMode = cmp.Or(change.ControlPlaneEgressMode, out.ControlPlaneEgressMode)
	return out
}

func (c *call) eksUpdateClusterVersion(in *eks.UpdateClusterVersionInput) (*eks.UpdateClusterVersionOutput, error) {
	cluster, err := c.eksCluster(in.Name)
	if err != nil {
		return nil, err
	}
	request := *in
	request.ClientRequestToken = nil
	if id, err := c.eksRepeated("UpdateClusterVersion", in.ClientRequestToken, request); err != nil {
		return nil, err
	} else if update := c.eks().Updates[id]; update != nil {
		return &eks.UpdateClusterVersionOutput{Update: &update.Update}, nil
	}
	if err := eksReady(cluster, ekstypes.UpdateTypeVersionUpdate); err != nil {
		return nil, err
	}
	if in.RollbackConfig != nil {
		return nil, eksError("InvalidParameterException", *in.Name, "", "The sandbox has no version rollback.")
	}
	version := sdkaws.ToString(in.Version)
	release, ok := eksFindRelease(version)
	if !ok {
		return nil, eksError("InvalidParameterException", *in.Name, "", "unsupported Kubernetes version %s", version)
	}
	if eksMinor(version) != eksMinor(*cluster.Version)+1 {
		return nil, eksError("InvalidParameterException", *in.Name, "", "Unsupported Kubernetes minor version update from %s to %s", *cluster.Version, version)
	}
	for _, ng := range c.eks().Nodegroups {
		// A kubelet may be three minor versions behind its API server, no more.
		if *ng.ClusterName == *in.Name && eksMinor(version)-eksMinor(*ng.Version) > 3 {
			return nil, eksError("InvalidRequestException", *in.Name, *ng.NodegroupName, "Nodegroup %s must be updated before the cluster version: its version %s is too old for %s", *ng.NodegroupName, *ng.Version, version)
		}
	}
	update := &eksUpdate{Version: version}
	update.Params = []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeVersion, version), eksParam(ekstypes.UpdateParamTypePlatformVersion, release.platform)}
	out := c.eksStart(cluster, update, ekstypes.UpdateTypeVersionUpdate, "eks.cluster.version")
	c.keepToken("eks.UpdateClusterVersion", in.ClientRequestToken, request, *out.Id)
	return &eks.UpdateClusterVersionOutput{Update: out}, nil
}

func (c *call) eksAssociateEncryption(in *eks.AssociateEncryptionConfigInput) (*eks.AssociateEncryptionConfigOutput, error) {
	cluster, err := c.eksCluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	request := *in
	request.ClientRequestToken = nil
	if id, err := c.eksRepeated("AssociateEncryptionConfig", in.ClientRequestToken, request); err != nil {
		return nil, err
	} else if update := c.eks().Updates[id]; update != nil {
		return &eks.AssociateEncryptionConfigOutput{Update: &update.Update}, nil
	}
	if err := eksReady(cluster, ekstypes.UpdateTypeAssociateEncryptionConfig); err != nil {
		return nil, err
	}
	if len(in.EncryptionConfig) == 0 {
		return nil, eksError("InvalidParameterException", *in.ClusterName, "", "An encryption configuration must be specified")
	}
	if err := eksCheckEncryption(*in.ClusterName, c.Region, in.EncryptionConfig); err != nil {
		return nil, err
	}
	if len(cluster.EncryptionConfig) > 0 {
		return nil, eksError("InvalidParameterException", *in.ClusterName, "", "Cluster %s already has an encryption configuration", *in.ClusterName)
	}
	update := &eksUpdate{Encryption: in.EncryptionConfig}
	update.Params = []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeEncryptionConfig, in.EncryptionConfig)}
	out := c.eksStart(cluster, update, ekstypes.UpdateTypeAssociateEncryptionConfig, "eks.cluster.update")
	c.keepToken("eks.AssociateEncryptionConfig", in.ClientRequestToken, request, *out.Id)
	return &eks.AssociateEncryptionConfigOutput{Update: out}, nil
}

func (c *call) eksDescribeUpdate(in *eks.DescribeUpdateInput) (*eks.DescribeUpdateOutput, error) {
	if err := c.eksCheckUpdateOwner(in.Name, in.NodegroupName, in.AddonName, in.CapabilityName); err != nil {
		return nil, err
	}
	update := c.eks().Updates[sdkaws.ToString(in.UpdateId)]
	if update == nil || update.Cluster != *in.Name || update.Nodegroup != sdkaws.ToString(in.NodegroupName) {
		return nil, eksError("ResourceNotFoundException", *in.Name, sdkaws.ToString(in.NodegroupName), "No update found for ID: %s", sdkaws.ToString(in.UpdateId))
	}
	return &eks.DescribeUpdateOutput{Update: &update.Update}, nil
}

func (c *call) eksCheckUpdateOwner(cluster, nodegroup, addon, capability *string) error {
	if addon != nil || capability != nil {
		return eksError("ResourceNotFoundException", sdkaws.ToString(cluster), "", "The sandbox has no updates of addons and capabilities.")
	}
	if nodegroup == nil {
		_, err := c.eksCluster(cluster)
		return err
	}
	_, _, err := c.eksNodegroup(cluster, nodegroup)
	return err
}

func (c *call) eksListUpdates(in *eks.ListUpdatesInput) (*eks.ListUpdatesOutput, error) {
	if err := c.eksCheckUpdateOwner(in.Name, in.NodegroupName, in.AddonName, in.CapabilityName); err != nil {
		return nil, err
	}
	var found []*eksUpdate
	for _, update := range c.eks().Updates {
		if update.Cluster == *in.Name && update.Nodegroup == sdkaws.ToString(in.NodegroupName) {
			found = append(found, update)
		}
	}
	slices.SortFunc(found, func(a, b *eksUpdate) int { return cmp.Compare(a.Serial, b.Serial) })
	ids := []string{}
	for _, update := range found {
		ids = append(ids, *update.Id)
	}
	page, next, err := eksPage(ids, in.NextToken, in.MaxResults)
	return &eks.ListUpdatesOutput{UpdateIds: page, NextToken: next}, err
}
