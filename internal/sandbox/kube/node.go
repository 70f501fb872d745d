package kube

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const gpuResource corev1.ResourceName = "nvidia.com/gpu"

// What EKS keeps of a node for itself: of each, and of the memory for each pod
// that the node may have.
const (
	reservedMilliCPU  = 80
	reservedMemory    = 355 << 20
	reservedPerPod    = 11 << 20
	podsPerNode       = 110
	podsPerLargeNode  = 250
	largeNodeFromCPUs = 30
)

func equalNodes(a, b Node) bool { return reflect.DeepEqual(a, b) }

// syncNodes makes the nodes of the cloud those of the cluster.
func (l *loop) syncNodes(ctx context.Context) {
	wanted := map[string]Node{}
	for _, n := range *l.cloud.Load() {
		wanted[n.Name] = n
	}
	plugins := l.nodesWithPlugin()
	for _, n := range l.nodes.all() {
		if _, ok := wanted[n.Name]; !ok {
			l.failed(l.client.CoreV1().Nodes().Delete(ctx, n.Name, metav1.DeleteOptions{}))
			l.nodes.remove(n)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		l.failed(l.syncNode(ctx, wanted[name], plugins[name]))
	}
}

func (l *loop) syncNode(ctx context.Context, cloud Node, plugin bool) error {
	old, exists := l.nodes.get("", cloud.Name)
	want := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: cloud.Name}}
	if exists {
		want = old.DeepCopy()
	}
	if want.Labels == nil {
		want.Labels = map[string]string{}
	}
	maps.Copy(want.Labels, nodeLabels(cloud))
	want.Spec.ProviderID = cloud.ProviderID
	want.Spec.Taints = withTaints(want.Spec.Taints, cloud.Taints)
	if !exists || !equality.Semantic.DeepEqual(old.Labels, want.Labels) || !equality.Semantic.DeepEqual(old.Spec, want.Spec) {
		written, err := l.writeNode(ctx, want, exists)
		if err != nil {
			return err
		}
		l.nodes.put(written)
		if !exists {
			l.changed() // It has the taint of a node that is not ready.
		}
		want = written.DeepCopy()
		old = written
	}
	setNodeStatus(want, cloud, plugin)
	if equality.Semantic.DeepEqual(old.Status, want.Status) {
		return nil
	}
	written, err := l.client.CoreV1().Nodes().UpdateStatus(ctx, want, metav1.UpdateOptions{FieldManager: byKubelet})
	if err != nil {
		return err
	}
	l.nodes.put(written)
	return nil
}

func (l *loop) writeNode(ctx context.Context, n *corev1.Node, exists bool) (*corev1.Node, error) {
	if exists {
		return l.client.CoreV1().Nodes().Update(ctx, n, metav1.UpdateOptions{FieldManager: byKubelet})
	}
	written, err := l.client.CoreV1().Nodes().Create(ctx, n, metav1.CreateOptions{FieldManager: byKubelet})
	if !apierrors.IsAlreadyExists(err) {
		return written, err
	}
	return l.client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
}

func nodeLabels(n Node) map[string]string {
	labels := maps.Clone(n.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[corev1.LabelHostname] = n.Name
	labels[corev1.LabelOSStable] = "linux"
	labels[corev1.LabelArchStable] = runtime.GOARCH
	for key, value := range map[string]string{
		corev1.LabelTopologyZone: n.Zone, corev1.LabelTopologyRegion: n.Region, corev1.LabelInstanceTypeStable: n.InstanceType,
	} {
		if value != "" {
			labels[key] = value
		}
	}
	return labels
}

// withTaints keeps what others have set, as a cordon, and has all of the cloud's.
func withTaints(now []corev1.Taint, cloud []Taint) []corev1.Taint {
	// The API server gives it to every new node, and the node's controller takes it
	// off one that is ready.
	now = slices.DeleteFunc(now, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeNotReady })
	for _, t := range cloud {
		want := corev1.Taint{Key: t.Key, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)}
		at := slices.IndexFunc(now, func(have corev1.Taint) bool { return have.Key == want.Key && have.Effect == want.Effect })
		if at < 0 {
			now = append(now, want)
		} else {
			now[at].Value = want.Value
		}
	}
	return now
}

func setNodeStatus(n *corev1.Node, cloud Node, plugin bool) {
	pods := int64(podsPerNode)
	if cloud.CPU >= largeNodeFromCPUs {
		pods = podsPerLargeNode
	}
	n.Status.Capacity = corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewQuantity(cloud.CPU, resource.DecimalSI),
		corev1.ResourceMemory:           *resource.NewQuantity(cloud.MemoryBytes, resource.BinarySI),
		corev1.ResourcePods:             *resource.NewQuantity(pods, resource.DecimalSI),
		corev1.ResourceEphemeralStorage: resource.MustParse("80Gi"),
	}
	n.Status.Allocatable = n.Status.Capacity.DeepCopy()
	n.Status.Allocatable[corev1.ResourceCPU] = *resource.NewMilliQuantity(cloud.CPU*1000-reservedMilliCPU, resource.DecimalSI)
	n.Status.Allocatable[corev1.ResourceMemory] = *resource.NewQuantity(max(0, cloud.MemoryBytes-reservedMemory-pods*reservedPerPod), resource.BinarySI)
	n.Status.Allocatable[corev1.ResourceEphemeralStorage] = resource.MustParse("72Gi")
	if (plugin || cloud.DevicePlugin) && cloud.GPUs > 0 {
		n.Status.Capacity[gpuResource] = *resource.NewQuantity(cloud.GPUs, resource.DecimalSI)
		n.Status.Allocatable[gpuResource] = n.Status.Capacity[gpuResource]
	}
	n.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: cloud.Address.String()},
		{Type: corev1.NodeHostName, Address: cloud.Name},
		{Type: corev1.NodeInternalDNS, Address: cloud.Name},
	}
	n.Status.DaemonEndpoints.KubeletEndpoint.Port = kubeletPort
	n.Status.NodeInfo = corev1.NodeSystemInfo{
		KubeletVersion: cmp.Or(cloud.Version, defaultVersion), ContainerRuntimeVersion: "sandbox://1", OperatingSystem: "linux", Architecture: runtime.GOARCH,
		KernelVersion: "6.12", OSImage: "sandbox", MachineID: cloud.Name, SystemUUID: cloud.Name, BootID: cloud.Name,
	}
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	for _, c := range []corev1.NodeCondition{
		{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientMemory", Message: "kubelet has sufficient memory available"},
		{Type: corev1.NodeDiskPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasNoDiskPressure", Message: "kubelet has no disk pressure"},
		{Type: corev1.NodePIDPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientPID", Message: "kubelet has sufficient PID available"},
		{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "kubelet is posting ready status"},
	} {
		at := slices.IndexFunc(n.Status.Conditions, func(have corev1.NodeCondition) bool { return have.Type == c.Type })
		if at < 0 {
			c.LastTransitionTime, c.LastHeartbeatTime = now, now
			n.Status.Conditions = append(n.Status.Conditions, c)
		}
	}
}

// nodesWithPlugin are those where a device plugin tells the kubelet of GPUs.
func (l *loop) nodesWithPlugin() map[string]bool {
	found := map[string]bool{}
	for _, p := range l.pods.all() {
		owner := metav1.GetControllerOfNoCopy(p)
		if owner != nil && owner.Kind == "DaemonSet" && strings.Contains(owner.Name, "nvidia-device-plugin") && podReady(p) {
			found[p.Spec.NodeName] = true
		}
	}
	return found
}
