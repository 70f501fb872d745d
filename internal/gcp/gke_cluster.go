package gcp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// clusters are the GKE clusters; each is the root of its stack.
type clusters struct {
	*client
	owner owner
	name  string
}

type clusterSpec struct {
	// Version is the least, "<major>.<minor>": GKE upgrades on its own. Empty takes
	// what there is, or GKE's default.
	Version string
	// Cluster is all else of it.
	Cluster *containerpb.Cluster
	// Pools are made in the same call: a cluster comes with one at least.
	Pools              []*containerpb.NodePool
	DeletionProtection bool
}

var (
	_ stack.Kind[clusterSpec, containerpb.Cluster] = clusters{}
	_ stack.Sealer[containerpb.Cluster]            = clusters{}
)

func (k clusters) Find(ctx context.Context, object string) ([]*containerpb.Cluster, error) {
	all, err := k.reader.clusters.Get(ctx, everything)
	live := find(all, k.name)
	if live == nil || err != nil {
		return nil, err
	}
	if err := k.owner.claim(live.GetResourceLabels(), object, k.ID(live), "GKE cluster "+k.name); err != nil {
		return nil, err
	}
	return []*containerpb.Cluster{live}, nil
}

func (k clusters) ID(live *containerpb.Cluster) string { return k.clusterName(live.GetName()) }

func (k clusters) State(live *containerpb.Cluster) stack.State {
	reason := "status " + live.GetStatus().String() + conditions(live.GetConditions())
	switch live.GetStatus() {
	case containerpb.Cluster_RUNNING, containerpb.Cluster_DEGRADED, containerpb.Cluster_RECONCILING:
		// Google's own upgrades make a cluster RECONCILING at any time.
		return stack.State{}
	case containerpb.Cluster_STOPPING:
		return stack.State{Phase: stack.Deleting, Reason: reason}
	case containerpb.Cluster_ERROR:
		return stack.State{Phase: stack.Failed, Reason: reason}
	}
	return stack.State{Phase: stack.Pending, Reason: reason}
}

func conditions(all []*containerpb.StatusCondition) string {
	text := ""
	for _, c := range all {
		//nolint:staticcheck // The code that came after this one does not tell a stock-out from other failures.
		text += fmt.Sprintf("; %s: %s", c.GetCode(), c.GetMessage())
	}
	return text
}

func (k clusters) Sealed(live *containerpb.Cluster) bool {
	return live.GetResourceLabels()[labelSealed] == "true"
}

// Seal looks again when somebody has labelled the cluster since it was read, which
// may be long ago.
func (k clusters) Seal(ctx context.Context, live *containerpb.Cluster) error {
	err := k.seal(ctx, live)
	var changed *stack.LostError
	if !errors.As(err, &changed) {
		return err
	}
	now, findErr := k.Find(reads.WithLive(ctx), objectCluster)
	switch {
	case findErr != nil:
		return findErr
	case len(now) == 0:
		return err
	case k.Sealed(now[0]):
		return nil
	}
	return k.seal(ctx, now[0])
}

func (k clusters) seal(ctx context.Context, live *containerpb.Cluster) error {
	labels := maps.Clone(live.GetResourceLabels())
	labels[labelSealed] = "true"
	return k.setLabels(ctx, live, labels)
}

// setLabels replaces the labels that live has.
func (k clusters) setLabels(ctx context.Context, live *containerpb.Cluster, labels map[string]string) error {
	err := k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
		return k.gke.SetLabels(ctx, &containerpb.SetLabelsRequest{Name: k.ID(live), ResourceLabels: labels, LabelFingerprint: live.GetLabelFingerprint()})
	})
	if relabelled(err) {
		return &stack.LostError{Err: err}
	}
	return outdated(err)
}

// relabelled reports whether labels were refused because somebody has changed them
// since they were read. GKE answers with the code of any failed precondition, so
// there is nothing but its text to go by.
func relabelled(err error) bool {
	api := answer(err)
	return api != nil && api.Code == http.StatusBadRequest && strings.Contains(api.Message+api.Body, "fingerprint mismatch")
}

// protected reports whether a cluster must not be destroyed. GKE has no protection
// of its own: the label is what every user of the provider goes by.
func protected(live *containerpb.Cluster) bool {
	return live.GetResourceLabels()[labelProtected] == "true"
}

func (k clusters) Diff(object string, want clusterSpec, live *containerpb.Cluster) []stack.Difference {
	how := clusterFields
	if len(want.blocks()) > 0 {
		// Without a public endpoint its ranges are for nobody.
		how.always = append(sorted(how.always), "controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig.cidrBlocks")
	}
	diffs := compare(want.Cluster, live, how)
	if older(live.GetCurrentMasterVersion(), want.Version) {
		diffs = append(diffs, of("kubernetes_version", same("version", minor(live.GetCurrentMasterVersion()), want.Version))...)
	}
	diffs = append(diffs, of("deletion_protection", same("deletion protection", protected(live), want.DeletionProtection))...)
	return append(diffs, k.owner.differ(object, live.GetResourceLabels())...)
}

func (s clusterSpec) blocks() []*containerpb.MasterAuthorizedNetworksConfig_CidrBlock {
	return s.Cluster.GetControlPlaneEndpointsConfig().GetIpEndpointsConfig().GetAuthorizedNetworksConfig().GetCidrBlocks()
}

func (k clusters) Create(ctx context.Context, object string, want clusterSpec, _ string) error {
	cluster := proto.CloneOf(want.Cluster)
	cluster.Name, cluster.InitialClusterVersion, cluster.NodePools = k.name, want.Version, want.Pools
	cluster.ResourceLabels = k.owner.mark(object)
	if want.DeletionProtection {
		cluster.ResourceLabels[labelProtected] = "true"
	}
	// The answer has these two under another name than the request.
	cluster.Network, cluster.Subnetwork = cluster.GetNetworkConfig().GetNetwork(), cluster.GetNetworkConfig().GetSubnetwork()
	cluster.NetworkConfig.Network, cluster.NetworkConfig.Subnetwork = "", ""
	return k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
		return k.gke.CreateCluster(ctx, &containerpb.CreateClusterRequest{Parent: k.location(), Cluster: cluster})
	})
}

// desired are the updates that remove differences, each about one thing: GKE takes
// one of them at a time.
func (s clusterSpec) desired(diffs []stack.Difference) []*containerpb.ClusterUpdate {
	w := s.Cluster
	var out []*containerpb.ClusterUpdate
	for _, update := range []struct {
		fields []string
		update *containerpb.ClusterUpdate
	}{
		{[]string{"controlPlaneEndpointsConfig"}, &containerpb.ClusterUpdate{DesiredControlPlaneEndpointsConfig: w.GetControlPlaneEndpointsConfig()}},
		{[]string{"releaseChannel"}, &containerpb.ClusterUpdate{DesiredReleaseChannel: w.GetReleaseChannel()}},
		{[]string{"workloadIdentityConfig"}, &containerpb.ClusterUpdate{DesiredWorkloadIdentityConfig: w.GetWorkloadIdentityConfig()}},
		{[]string{"shieldedNodes"}, &containerpb.ClusterUpdate{DesiredShieldedNodes: w.GetShieldedNodes()}},
		{[]string{"networkConfig.defaultEnablePrivateNodes"}, &containerpb.ClusterUpdate{DesiredDefaultEnablePrivateNodes: proto.Bool(true)}},
		{[]string{"addonsConfig"}, &containerpb.ClusterUpdate{DesiredAddonsConfig: w.GetAddonsConfig()}},
		{[]string{"locations"}, &containerpb.ClusterUpdate{DesiredLocations: w.GetLocations()}},
		{[]string{"autoscaling"}, &containerpb.ClusterUpdate{DesiredClusterAutoscaling: w.GetAutoscaling()}},
		{[]string{"loggingService"}, &containerpb.ClusterUpdate{DesiredLoggingService: w.GetLoggingService()}},
		{[]string{"monitoringService"}, &containerpb.ClusterUpdate{DesiredMonitoringService: w.GetMonitoringService()}},
		{[]string{"verticalPodAutoscaling"}, &containerpb.ClusterUpdate{DesiredVerticalPodAutoscaling: &containerpb.VerticalPodAutoscaling{Enabled: false}}},
		{[]string{"version"}, &containerpb.ClusterUpdate{DesiredMasterVersion: s.Version}},
	} {
		if has(diffs, update.fields...) {
			out = append(out, update.update)
		}
	}
	return out
}

func (k clusters) Update(ctx context.Context, object string, want clusterSpec, live *containerpb.Cluster, diffs []stack.Difference) error {
	for _, update := range want.desired(diffs) {
		err := k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
			return k.gke.UpdateCluster(ctx, &containerpb.UpdateClusterRequest{Name: k.ID(live), Update: update})
		})
		if err != nil {
			return err
		}
	}
	if has(diffs, "legacyAbac") {
		err := k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
			return k.gke.SetLegacyAbac(ctx, &containerpb.SetLegacyAbacRequest{Name: k.ID(live), Enabled: false})
		})
		if err != nil {
			return err
		}
	}
	if !has(diffs, "label ", "deletion protection") {
		return nil
	}
	labels := k.owner.relabel(object, live.GetResourceLabels())
	delete(labels, labelProtected)
	if want.DeletionProtection {
		labels[labelProtected] = "true"
	}
	return k.setLabels(ctx, live, labels)
}

func (k clusters) Delete(ctx context.Context, live *containerpb.Cluster) error {
	return absent(k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
		return k.gke.DeleteCluster(ctx, &containerpb.DeleteClusterRequest{Name: k.ID(live)})
	}))
}
