package kube

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (l *loop) syncDaemonSets(ctx context.Context) {
	owned := byOwner(l.pods.all())
	each(l.daemonSets.all(), func(ds *appsv1.DaemonSet) {
		var err error
		if ds.DeletionTimestamp == nil {
			err = l.spread(ctx, ds, active(owned[ds.UID]))
		}
		if err == nil {
			err = l.writeDaemonSetStatus(ctx, ds, active(byOwnerOf(l.pods.all(), ds, 8)))
		}
		l.failed(err)
	})
}

// spread gives each node that the DaemonSet fits its pod, and replaces the pods of
// an earlier template as far as maxUnavailable lets it.
func (l *loop) spread(ctx context.Context, ds *appsv1.DaemonSet, pods []*corev1.Pod) error {
	hash := templateHash(&ds.Spec.Template, nil)
	on := map[string][]*corev1.Pod{}
	for _, p := range pods {
		on[daemonNode(p)] = append(on[daemonNode(p)], p)
	}
	budget := 1
	if rolling := ds.Spec.UpdateStrategy.RollingUpdate; rolling != nil && rolling.MaxUnavailable != nil {
		budget, _ = intstr.GetScaledValueFromIntOrPercent(rolling.MaxUnavailable, len(l.nodes.all()), true)
	}
	for _, p := range pods {
		if !podReady(p) {
			budget--
		}
	}
	for _, n := range l.nodes.all() {
		here := on[n.Name]
		switch {
		case !daemonFits(ds, n):
			for _, p := range here {
				if err := l.deletePod(ctx, p); err != nil {
					return err
				}
			}
		case len(here) == 0:
			err := l.makePod(ctx, ds, appsv1.SchemeGroupVersion.WithKind("DaemonSet"), &ds.Spec.Template, "daemonset-controller", func(p *corev1.Pod) {
				metav1.SetMetaDataLabel(&p.ObjectMeta, appsv1.ControllerRevisionHashLabelKey, hash)
				pinToNode(p, n.Name)
			})
			if err != nil {
				return err
			}
		case here[0].Labels[appsv1.ControllerRevisionHashLabelKey] != hash && ds.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType:
			if podReady(here[0]) && budget <= 0 {
				continue
			}
			budget--
			if err := l.deletePod(ctx, here[0]); err != nil {
				return err
			}
		}
	}
	return nil
}

// daemonTolerations are what every pod of a DaemonSet bears.
var daemonTolerations = []corev1.Toleration{
	{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeDiskPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeMemoryPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodePIDPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
}

func daemonFits(ds *appsv1.DaemonSet, n *corev1.Node) bool {
	p := &corev1.Pod{Spec: *ds.Spec.Template.Spec.DeepCopy()}
	p.Spec.Tolerations = append(p.Spec.Tolerations, daemonTolerations...)
	return nodeMatches(p, n) && untolerated(p, n) == nil
}

// pinToNode lets the scheduler put a pod on one node only.
func pinToNode(p *corev1.Pod, node string) {
	p.Spec.Tolerations = append(p.Spec.Tolerations, daemonTolerations...)
	if p.Spec.Affinity == nil {
		p.Spec.Affinity = &corev1.Affinity{}
	}
	if p.Spec.Affinity.NodeAffinity == nil {
		p.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	only := []corev1.NodeSelectorRequirement{{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}}
	required := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil || len(required.NodeSelectorTerms) == 0 {
		required = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{}}}
	}
	for i := range required.NodeSelectorTerms {
		required.NodeSelectorTerms[i].MatchFields = only
	}
	p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = required
}

// daemonNode is the node that a pod is on, or is meant for.
func daemonNode(p *corev1.Pod) string {
	if p.Spec.NodeName != "" {
		return p.Spec.NodeName
	}
	if a := p.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			for _, f := range term.MatchFields {
				return f.Values[0]
			}
		}
	}
	return ""
}

func (l *loop) writeDaemonSetStatus(ctx context.Context, ds *appsv1.DaemonSet, pods []*corev1.Pod) error {
	hash := templateHash(&ds.Spec.Template, nil)
	status := appsv1.DaemonSetStatus{ObservedGeneration: ds.Generation, CollisionCount: ds.Status.CollisionCount, Conditions: ds.Status.Conditions}
	for _, n := range l.nodes.all() {
		fits := daemonFits(ds, n)
		at := slices.IndexFunc(pods, func(p *corev1.Pod) bool { return daemonNode(p) == n.Name })
		if fits {
			status.DesiredNumberScheduled++
		}
		if at < 0 {
			continue
		}
		if !fits {
			status.NumberMisscheduled++
			continue
		}
		status.CurrentNumberScheduled++
		if podReady(pods[at]) {
			status.NumberReady++
		}
		if l.available(pods[at], ds.Spec.MinReadySeconds) {
			status.NumberAvailable++
		}
		if pods[at].Labels[appsv1.ControllerRevisionHashLabelKey] == hash {
			status.UpdatedNumberScheduled++
		}
	}
	status.NumberUnavailable = status.DesiredNumberScheduled - status.NumberAvailable
	if equality.Semantic.DeepEqual(ds.Status, status) {
		return nil
	}
	ds = ds.DeepCopy()
	ds.Status = status
	written, err := l.client.AppsV1().DaemonSets(ds.Namespace).UpdateStatus(ctx, ds, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	l.daemonSets.put(written)
	return nil
}
