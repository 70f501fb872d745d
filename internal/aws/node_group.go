package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// nodeGroups are EKS managed node groups, one for each pool.
type nodeGroups struct {
	*client
	owner   owner
	cluster *stack.Object[clusterSpec, ekstypes.Cluster]
}

type nodeGroupSpec struct {
	Cluster, Pool string
	// Version follows the control plane's.
	Version      string
	Role         string
	Subnets      []string
	InstanceType string
	AMIType      ekstypes.AMITypes
	Capacity     ekstypes.CapacityTypes
	DiskGB       int32
	Min, Max     int32
	Labels       map[string]string
	// Taints are "key=value:effect" in EKS's words.
	Taints []string
}

var (
	_ stack.Kind[nodeGroupSpec, ekstypes.Nodegroup] = nodeGroups{}
	_ stack.Replacer                                = nodeGroups{}
)

// Replaceable is true because the name holds a hash of what cannot change.
func (k nodeGroups) Replaceable() {}

// groupName is the node group's name in EKS: it differs whenever something
// differs that a living group cannot change, so that a new one fits beside it.
func (s nodeGroupSpec) groupName() string {
	return s.Pool + "-" + digest(s.Role, strings.Join(sorted(s.Subnets), ","), s.InstanceType, string(s.AMIType), string(s.Capacity), fmt.Sprint(s.DiskGB))
}

func (k nodeGroups) Find(ctx context.Context, object string) ([]*ekstypes.Nodegroup, error) {
	cluster, err := k.cluster.Found(ctx)
	if cluster == nil || err != nil {
		return nil, err
	}
	all, err := k.reader.nodeGroups.Get(ctx, aws.ToString(cluster.Name))
	var out []*ekstypes.Nodegroup
	for i := range all {
		if k.owner.owns(all[i].Tags, object, aws.ToString(all[i].NodegroupArn)) {
			out = append(out, &all[i])
		}
	}
	return out, err
}

func (k nodeGroups) ID(live *ekstypes.Nodegroup) string { return aws.ToString(live.NodegroupArn) }

func (k nodeGroups) State(live *ekstypes.Nodegroup) stack.State {
	reason := "status " + string(live.Status)
	if live.Health != nil {
		for _, i := range live.Health.Issues {
			reason += fmt.Sprintf("; %s: %s", i.Code, aws.ToString(i.Message))
		}
	}
	switch live.Status {
	case ekstypes.NodegroupStatusActive, ekstypes.NodegroupStatusDegraded:
		return stack.State{}
	case ekstypes.NodegroupStatusDeleting:
		return stack.State{Phase: stack.Deleting, Reason: reason}
	case ekstypes.NodegroupStatusCreateFailed, ekstypes.NodegroupStatusDeleteFailed:
		return stack.State{Phase: stack.Failed, Reason: reason}
	}
	return stack.State{Phase: stack.Pending, Reason: reason}
}

func (k nodeGroups) Diff(name string, want nodeGroupSpec, live *ekstypes.Nodegroup) []stack.Difference {
	at := "node_pools." + want.Pool + "."
	diffs := fixed("role", aws.ToString(live.NodeRole), want.Role)
	diffs = append(diffs, each(sameSet("subnet", live.Subnets, want.Subnets), func(d *stack.Difference) { d.Immutable = true })...)
	diffs = append(diffs, fixed("instance type", strings.Join(live.InstanceTypes, ","), want.InstanceType)...)
	diffs = append(diffs, fixed("AMI type", live.AmiType, want.AMIType)...)
	diffs = append(diffs, fixed("capacity type", live.CapacityType, want.Capacity)...)
	diffs = append(diffs, fixed("disk size", aws.ToInt32(live.DiskSize), want.DiskGB)...)
	if want.Version != "" {
		diffs = append(diffs, same("version", aws.ToString(live.Version), want.Version)...)
	}
	if s := live.ScalingConfig; s != nil {
		diffs = append(diffs, of(at+"min_size", same("minimum size", aws.ToInt32(s.MinSize), want.Min))...)
		diffs = append(diffs, of(at+"max_size", same("maximum size", aws.ToInt32(s.MaxSize), want.Max))...)
	}
	diffs = append(diffs, of(at+"labels", sameSet("label", pairs(userLabels(live.Labels)), pairs(userLabels(want.Labels))))...)
	diffs = append(diffs, sameSet("label", pairs(kube.OwnLabels(live.Labels)), pairs(kube.OwnLabels(want.Labels)))...)
	diffs = append(diffs, of(at+"taints", sameSet("taint", taintLines(live.Taints), want.Taints))...)
	if u := live.UpdateConfig; u != nil && u.MaxUnavailablePercentage != nil {
		diffs = append(diffs, stack.Difference{Field: "update limit", Got: fmt.Sprint(*u.MaxUnavailablePercentage) + " %", Want: "1"})
	} else if u != nil && u.MaxUnavailable != nil {
		diffs = append(diffs, same("update limit", *u.MaxUnavailable, 1)...)
	}
	if u := live.UpdateConfig; u != nil && u.UpdateStrategy != "" {
		diffs = append(diffs, same("update strategy", u.UpdateStrategy, ekstypes.NodegroupUpdateStrategiesDefault)...)
	}
	if live.NodeRepairConfig != nil {
		diffs = append(diffs, same("node repair", aws.ToBool(live.NodeRepairConfig.Enabled), false)...)
	}
	return append(diffs, k.owner.differ(name, live.Tags)...)
}

// pairs writes a map as a set of key=value.
func pairs(m map[string]string) []string {
	var out []string
	for key, value := range m {
		out = append(out, key+"="+value)
	}
	return out
}

func taintLines(taints []ekstypes.Taint) []string {
	var out []string
	for _, t := range taints {
		out = append(out, fmt.Sprintf("%s=%s:%s", aws.ToString(t.Key), aws.ToString(t.Value), t.Effect))
	}
	return out
}

func parseTaint(line string) ekstypes.Taint {
	key, rest, _ := strings.Cut(line, "=")
	colon := strings.LastIndex(rest, ":")
	t := ekstypes.Taint{Key: &key, Effect: ekstypes.TaintEffect(rest[colon+1:])}
	if value := rest[:colon]; value != "" {
		t.Value = &value
	}
	return t
}

func (k nodeGroups) Create(ctx context.Context, object string, want nodeGroupSpec, token string) error {
	in := &eks.CreateNodegroupInput{
		ClusterName: &want.Cluster, NodegroupName: aws.String(want.groupName()), NodeRole: &want.Role, Subnets: want.Subnets,
		ClientRequestToken: &token, InstanceTypes: []string{want.InstanceType}, AmiType: want.AMIType, CapacityType: want.Capacity,
		DiskSize: &want.DiskGB, Labels: want.Labels, Tags: k.owner.mark(object),
		ScalingConfig: &ekstypes.NodegroupScalingConfig{MinSize: &want.Min, MaxSize: &want.Max, DesiredSize: &want.Min},
		UpdateConfig:  &ekstypes.NodegroupUpdateConfig{MaxUnavailable: aws.Int32(1)},
	}
	for _, t := range want.Taints {
		in.Taints = append(in.Taints, parseTaint(t))
	}
	return k.whileUnknown(ctx, func() error {
		_, err := k.eks.CreateNodegroup(ctx, in)
		return err
	})
}

func (k nodeGroups) Update(ctx context.Context, object string, want nodeGroupSpec, live *ekstypes.Nodegroup, diffs []stack.Difference) error {
	in := &eks.UpdateNodegroupConfigInput{ClusterName: &want.Cluster, NodegroupName: live.NodegroupName}
	change := false
	if has(diffs, "minimum size", "maximum size") {
		// The autoscaler owns the desired size; it only has to stay in bounds.
		desired := want.Min
		if live.ScalingConfig != nil {
			desired = min(max(aws.ToInt32(live.ScalingConfig.DesiredSize), want.Min), want.Max)
		}
		in.ScalingConfig, change = &ekstypes.NodegroupScalingConfig{MinSize: &want.Min, MaxSize: &want.Max, DesiredSize: &desired}, true
	}
	if has(diffs, "label") {
		in.Labels, change = labelChanges(want.Labels, live.Labels), true
	}
	if has(diffs, "taint") {
		in.Taints, change = taintChanges(want.Taints, live.Taints), true
	}
	if has(diffs, "update limit", "update strategy") {
		in.UpdateConfig, change = &ekstypes.NodegroupUpdateConfig{MaxUnavailable: aws.Int32(1)}, true
		if has(diffs, "update strategy") {
			in.UpdateConfig.UpdateStrategy = ekstypes.NodegroupUpdateStrategiesDefault
		}
	}
	if has(diffs, "node repair") {
		in.NodeRepairConfig, change = &ekstypes.NodeRepairConfig{Enabled: aws.Bool(false)}, true
	}
	if change {
		err := k.update(ctx, &want.Cluster, live.NodegroupName, func() (*ekstypes.Update, error) {
			out, err := k.eks.UpdateNodegroupConfig(ctx, in)
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		})
		if err != nil {
			return err
		}
	}
	if has(diffs, "version") {
		err := k.update(ctx, &want.Cluster, live.NodegroupName, func() (*ekstypes.Update, error) {
			out, err := k.eks.UpdateNodegroupVersion(ctx, &eks.UpdateNodegroupVersionInput{ClusterName: &want.Cluster, NodegroupName: live.NodegroupName, Version: &want.Version})
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		})
		if err != nil {
			return err
		}
	}
	return k.retagEKS(ctx, k.owner, object, aws.ToString(live.NodegroupArn), live.Tags)
}

func labelChanges(want, live map[string]string) *ekstypes.UpdateLabelsPayload {
	out := &ekstypes.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{}}
	for key, value := range want {
		if got, ok := live[key]; !ok || got != value {
			out.AddOrUpdateLabels[key] = value
		}
	}
	for _, key := range slices.Sorted(maps.Keys(live)) {
		if _, ok := want[key]; !ok {
			out.RemoveLabels = append(out.RemoveLabels, key)
		}
	}
	if len(out.AddOrUpdateLabels) == 0 {
		out.AddOrUpdateLabels = nil
	}
	return out
}

func taintChanges(want []string, live []ekstypes.Taint) *ekstypes.UpdateTaintsPayload {
	out := &ekstypes.UpdateTaintsPayload{}
	got := taintLines(live)
	var kept []string
	for _, line := range want {
		t := parseTaint(line)
		kept = append(kept, aws.ToString(t.Key)+":"+string(t.Effect))
		if !slices.Contains(got, line) {
			out.AddOrUpdateTaints = append(out.AddOrUpdateTaints, t)
		}
	}
	for i, line := range got {
		// A taint is known by key and effect: another value is an update of it.
		if !slices.Contains(want, line) && !slices.Contains(kept, aws.ToString(live[i].Key)+":"+string(live[i].Effect)) {
			out.RemoveTaints = append(out.RemoveTaints, live[i])
		}
	}
	return out
}

func (k nodeGroups) Delete(ctx context.Context, live *ekstypes.Nodegroup) error {
	_, err := k.eks.DeleteNodegroup(ctx, &eks.DeleteNodegroupInput{ClusterName: live.ClusterName, NodegroupName: live.NodegroupName})
	return busy(absent(err, "ResourceNotFoundException"))
}

// nodeGroup is the spec of a pool's group, but for what only live objects know.
func nodeGroup(pool string, p serving.NodePool) nodeGroupSpec {
	s := nodeGroupSpec{
		Pool: pool, InstanceType: p.MachineType, AMIType: amiType(p), Capacity: ekstypes.CapacityTypesOnDemand,
		DiskGB: int32(p.DiskGB), Min: int32(p.MinSize), Max: int32(p.MaxSize), Labels: poolLabels(pool, p),
	}
	if p.Spot {
		s.Capacity = ekstypes.CapacityTypesSpot
	}
	for _, t := range p.Taints {
		s.Taints = append(s.Taints, fmt.Sprintf("%s=%s:%s", t.Key, t.Value, effects[t.Effect]))
	}
	slices.Sort(s.Taints)
	return s
}

// poolLabels are the user's, and those by which pods find the pool.
func poolLabels(name string, p serving.NodePool) map[string]string {
	labels := map[string]string{kube.LabelPool: name}
	if acceleratorsOf(p) > 0 {
		labels[kube.LabelAccelerator] = kube.AcceleratorNVIDIA
	}
	maps.Copy(labels, p.Labels)
	return labels
}

// userLabels are the labels without those of poolLabels.
func userLabels(live map[string]string) map[string]string {
	labels := maps.Clone(live)
	delete(labels, kube.LabelPool)
	delete(labels, kube.LabelAccelerator)
	if len(labels) == 0 {
		return nil
	}
	return labels
}

// effects are EKS's words for Kubernetes' taint effects.
var effects = map[string]ekstypes.TaintEffect{
	"NoSchedule":       ekstypes.TaintEffectNoSchedule,
	"NoExecute":        ekstypes.TaintEffectNoExecute,
	"PreferNoSchedule": ekstypes.TaintEffectPreferNoSchedule,
}
