package aws

import (
	"cmp"
	"maps"
	"slices"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func init() {
	handle("eks", "UpdateNodegroupConfig", (*call).eksUpdateNodegroupConfig)
	handle("eks", "UpdateNodegroupVersion", (*call).eksUpdateNodegroupVersion)
}

// eksNodegroupReady refuses a change while the node group or its cluster is busy.
func eksNodegroupReady(cluster *eksCluster, ng *eksNodegroup) error {
	if cluster.Status != ekstypes.ClusterStatusActive {
		return eksError("InvalidRequestException", *cluster.Name, *ng.NodegroupName, "Cluster '%s' is not in ACTIVE status", *cluster.Name)
	}
	if ng.Status == ekstypes.NodegroupStatusUpdating {
		return eksError("ResourceInUseException", *cluster.Name, *ng.NodegroupName, "Nodegroup %s currently has update %s in progress", *ng.NodegroupName, ng.Update)
	}
	if ng.Status != ekstypes.NodegroupStatusActive && ng.Status != ekstypes.NodegroupStatusDegraded {
		return eksError("InvalidRequestException", *cluster.Name, *ng.NodegroupName, "Nodegroup cannot be updated as it is currently not in Active State")
	}
	return nil
}

func (c *call) eksStartNodegroup(ng *eksNodegroup, update *eksUpdate, kind ekstypes.UpdateType, delay string) *ekstypes.Update {
	update.Id, update.Type, update.Status = new(c.newUUID()), kind, ekstypes.UpdateStatusInProgress
	update.CreatedAt, update.Cluster, update.Nodegroup, update.Serial = new(c.now()), *ng.ClusterName, *ng.NodegroupName, c.cloud.state.Counter
	update.Errors = []ekstypes.ErrorDetail{}
	c.eks().Updates[*update.Id] = update
	ng.Status, ng.Update = ekstypes.NodegroupStatusUpdating, *update.Id
	c.after(delay, transition{Kind: "eks.update", ID: *update.Id, To: "Successful"})
	return &update.Update
}

func (c *call) eksUpdateNodegroupConfig(in *eks.UpdateNodegroupConfigInput) (*eks.UpdateNodegroupConfigOutput, error) {
	cluster, ng, err := c.eksNodegroup(in.ClusterName, in.NodegroupName)
	if err != nil {
		return nil, err
	}
	request := *in
	request.ClientRequestToken = nil
	if id, err := c.eksRepeated("UpdateNodegroupConfig", in.ClientRequestToken, request); err != nil {
		return nil, err
	} else if update := c.eks().Updates[id]; update != nil {
		return &eks.UpdateNodegroupConfigOutput{Update: &update.Update}, nil
	}
	if err := eksNodegroupReady(cluster, ng); err != nil {
		return nil, err
	}
	params, err := c.eksPlanNodegroupConfig(cluster, ng, in)
	if err != nil {
		return nil, err
	}
	if len(params) == 0 {
		return nil, eksError("InvalidParameterException", *in.ClusterName, *in.NodegroupName, "The update does not change anything: labels, taints, scalingConfig, updateConfig, nodeRepairConfig or warmPoolConfig must be specified")
	}
	update := &eksUpdate{NodeConfig: &request}
	update.Params = params
	out := c.eksStartNodegroup(ng, update, ekstypes.UpdateTypeConfigUpdate, "eks.nodegroup.update")
	c.keepToken("eks.UpdateNodegroupConfig", in.ClientRequestToken, request, *out.Id)
	return &eks.UpdateNodegroupConfigOutput{Update: out}, nil
}

func (c *call) eksPlanNodegroupConfig(cluster *eksCluster, ng *eksNodegroup, in *eks.UpdateNodegroupConfigInput) ([]ekstypes.UpdateParam, error) {
	var params []ekstypes.UpdateParam
	add := func(kind ekstypes.UpdateParamType, value any) { params = append(params, eksParam(kind, value)) }
	name := *ng.NodegroupName
	if l := in.Labels; l != nil {
		if err := eksCheckLabels(cluster, name, l.AddOrUpdateLabels); err != nil {
			return nil, err
		}
		for _, key := range l.RemoveLabels {
			if _, both := l.AddOrUpdateLabels[key]; both {
				return nil, eksError("InvalidParameterException", *cluster.Name, name, "The label %s cannot be added and removed at the same time", key)
			}
		}
		if len(l.AddOrUpdateLabels) > 0 {
			add(ekstypes.UpdateParamTypeLabelsToAdd, l.AddOrUpdateLabels)
		}
		if len(l.RemoveLabels) > 0 {
			add(ekstypes.UpdateParamTypeLabelsToRemove, l.RemoveLabels)
		}
	}
	if t := in.Taints; t != nil {
		merged, err := eksMergeTaints(ng.Taints, t)
		if err == nil {
			err = eksCheckTaints(cluster, name, t.AddOrUpdateTaints)
		}
		if err == nil {
			err = eksCheckTaints(cluster, name, merged)
		}
		if err != nil {
			return nil, err
		}
		if len(t.AddOrUpdateTaints) > 0 {
			add(ekstypes.UpdateParamTypeTaintsToAdd, t.AddOrUpdateTaints)
		}
		if len(t.RemoveTaints) > 0 {
			add(ekstypes.UpdateParamTypeTaintsToRemove, t.RemoveTaints)
		}
	}
	if in.ScalingConfig != nil {
		next, err := eksScaling(cluster, name, c.eksShowNodegroup(ng).ScalingConfig, in.ScalingConfig)
		if err != nil {
			return nil, err
		}
		add(ekstypes.UpdateParamTypeMinSize, *next.MinSize)
		add(ekstypes.UpdateParamTypeMaxSize, *next.MaxSize)
		add(ekstypes.UpdateParamTypeDesiredSize, *next.DesiredSize)
	}
	if in.UpdateConfig != nil {
		next, err := eksUpdateConfig(cluster, name, in.UpdateConfig)
		if err != nil {
			return nil, err
		}
		if next.MaxUnavailable != nil {
			add(ekstypes.UpdateParamTypeMaxUnavailable, *next.MaxUnavailable)
		}
		if next.MaxUnavailablePercentage != nil {
			add(ekstypes.UpdateParamTypeMaxUnavailablePercentage, *next.MaxUnavailablePercentage)
		}
		if next.UpdateStrategy != "" {
			add(ekstypes.UpdateParamTypeUpdateStrategy, string(next.UpdateStrategy))
		}
	}
	if in.NodeRepairConfig != nil {
		add(ekstypes.UpdateParamTypeNodeRepairConfig, in.NodeRepairConfig)
	}
	if in.WarmPoolConfig != nil {
		add(ekstypes.UpdateParamTypeWarmPoolEnabled, sdkaws.ToBool(in.WarmPoolConfig.Enabled))
	}
	return params, nil
}

// eksMergeTaints is the list of taints after a change. A taint is identified by key and effect.
func eksMergeTaints(have []ekstypes.Taint, change *ekstypes.UpdateTaintsPayload) ([]ekstypes.Taint, error) {
	same := func(t ekstypes.Taint) func(ekstypes.Taint) bool {
		return func(o ekstypes.Taint) bool {
			return sdkaws.ToString(o.Key) == sdkaws.ToString(t.Key) && o.Effect == t.Effect
		}
	}
	out := slices.Clone(have)
	for _, t := range change.RemoveTaints {
		if slices.ContainsFunc(change.AddOrUpdateTaints, same(t)) {
			return nil, apiError("InvalidParameterException", "The taint %s cannot be added and removed at the same time", sdkaws.ToString(t.Key))
		}
		if !slices.ContainsFunc(out, same(t)) {
			return nil, apiError("InvalidParameterException", "The taint %s with effect %s does not exist", sdkaws.ToString(t.Key), t.Effect)
		}
		out = slices.DeleteFunc(out, same(t))
	}
	for _, t := range change.AddOrUpdateTaints {
		if at := slices.IndexFunc(out, same(t)); at >= 0 {
			out[at] = t
		} else {
			out = append(out, t)
		}
	}
	return out, nil
}

func (c *call) eksUpdateNodegroupVersion(in *eks.UpdateNodegroupVersionInput) (*eks.UpdateNodegroupVersionOutput, error) {
	cluster, ng, err := c.eksNodegroup(in.ClusterName, in.NodegroupName)
	if err != nil {
		return nil, err
	}
	request := *in
	request.ClientRequestToken = nil
	if id, err := c.eksRepeated("UpdateNodegroupVersion", in.ClientRequestToken, request); err != nil {
		return nil, err
	} else if update := c.eks().Updates[id]; update != nil {
		return &eks.UpdateNodegroupVersionOutput{Update: &update.Update}, nil
	}
	if err := eksNodegroupReady(cluster, ng); err != nil {
		return nil, err
	}
	bad := func(format string, args ...any) (*eks.UpdateNodegroupVersionOutput, error) {
		return nil, eksError("InvalidParameterException", *in.ClusterName, *in.NodegroupName, format, args...)
	}
	if in.LaunchTemplate != nil {
		return bad("You cannot specify a launch template for a node group that was made without one")
	}
	version := cmp.Or(sdkaws.ToString(in.Version), *ng.Version)
	if err := eksNodeVersion(cluster, *ng.NodegroupName, version); err != nil {
		return nil, err
	}
	if eksMinor(version) < eksMinor(*ng.Version) {
		return bad("Nodegroup version cannot go back from %s to %s", *ng.Version, version)
	}
	release, _ := eksFindRelease(version)
	if in.ReleaseVersion != nil && *in.ReleaseVersion != release.nodeRelease() {
		return bad("Requested release version %s is not valid for kubernetes version %s", *in.ReleaseVersion, version)
	}
	next := *ng
	next.Version = new(version)
	if err := eksCheckInstances(cluster, &next); err != nil {
		return nil, err
	}
	update := &eksUpdate{NodeVersion: version, NodeRelease: release.nodeRelease()}
	update.Params = []ekstypes.UpdateParam{eksParam(ekstypes.UpdateParamTypeVersion, version), eksParam(ekstypes.UpdateParamTypeReleaseVersion, release.nodeRelease())}
	out := c.eksStartNodegroup(ng, update, ekstypes.UpdateTypeVersionUpdate, "eks.nodegroup.version")
	c.keepToken("eks.UpdateNodegroupVersion", in.ClientRequestToken, request, *out.Id)
	return &eks.UpdateNodegroupVersionOutput{Update: out}, nil
}

// eksApplyNodegroup makes a finished update take effect.
func (c *call) eksApplyNodegroup(ng *eksNodegroup, update *eksUpdate) {
	ng.Status, ng.Update, ng.ModifiedAt = ekstypes.NodegroupStatusActive, "", new(c.now())
	g := c.autoscaling().Groups[ng.Group]
	fail := func(err error) {
		if err != nil {
			update.Status = ekstypes.UpdateStatusFailed
			update.Errors = []ekstypes.ErrorDetail{{ErrorCode: ekstypes.ErrorCodeNodeCreationFailure, ErrorMessage: new(err.Error()), ResourceIds: []string{ng.Group}}}
		}
	}
	if update.NodeVersion != "" {
		ng.Version, ng.ReleaseVersion = new(update.NodeVersion), new(update.NodeRelease)
		if g != nil {
			// New nodes replace the old ones.
			for _, i := range g.Instances {
				if i.LifecycleState != astypes.LifecycleStateTerminating {
					c.autoscalingTerminate(g, *i.InstanceId)
				}
			}
			fail(c.autoscalingScale(g, *g.DesiredCapacity))
			c.eksInService(g)
		}
	}
	in := update.NodeConfig
	if in == nil {
		return
	}
	if in.Labels != nil {
		for _, key := range in.Labels.RemoveLabels {
			delete(ng.Labels, key)
		}
		if ng.Labels == nil {
			ng.Labels = map[string]string{}
		}
		maps.Copy(ng.Labels, in.Labels.AddOrUpdateLabels)
	}
	if in.Taints != nil {
		ng.Taints, _ = eksMergeTaints(ng.Taints, in.Taints)
	}
	if in.UpdateConfig != nil {
		strategy := ng.UpdateConfig.UpdateStrategy
		ng.UpdateConfig, _ = eksUpdateConfig(&eksCluster{}, "", in.UpdateConfig)
		ng.UpdateConfig.UpdateStrategy = cmp.Or(ng.UpdateConfig.UpdateStrategy, strategy)
	}
	ng.NodeRepairConfig = cmp.Or(in.NodeRepairConfig, ng.NodeRepairConfig)
	ng.WarmPoolConfig = cmp.Or(in.WarmPoolConfig, ng.WarmPoolConfig)
	if s := in.ScalingConfig; s != nil && g != nil {
		g.MinSize, g.MaxSize = cmp.Or(s.MinSize, g.MinSize), cmp.Or(s.MaxSize, g.MaxSize)
		fail(c.autoscalingScale(g, *cmp.Or(s.DesiredSize, g.DesiredCapacity)))
		c.eksInService(g)
	}
}
