package kube

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A place is a node with what is on it.
type place struct {
	node *corev1.Node
	pods []*corev1.Pod
	free corev1.ResourceList
}

// schedule gives every pod that has none a node, one after the other, and says why
// where there is none.
func (l *loop) schedule(ctx context.Context) {
	var waiting []*corev1.Pod
	on := map[string][]*corev1.Pod{}
	for _, p := range l.pods.all() {
		switch {
		case finished(p):
		case p.Spec.NodeName != "":
			on[p.Spec.NodeName] = append(on[p.Spec.NodeName], p)
		case p.DeletionTimestamp == nil && len(p.Spec.SchedulingGates) == 0:
			waiting = append(waiting, p)
		}
	}
	if len(waiting) == 0 {
		return
	}
	slices.SortFunc(waiting, func(a, b *corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	var places []*place
	for _, n := range l.nodes.all() {
		at := &place{node: n, pods: on[n.Name], free: n.Status.Allocatable.DeepCopy()}
		for _, p := range at.pods {
			subtract(at.free, requests(p))
		}
		places = append(places, at)
	}
	slices.SortFunc(places, func(a, b *place) int { return cmp.Compare(a.node.Name, b.node.Name) })
	chosen := map[*corev1.Pod]*place{}
	for _, p := range waiting {
		at, why := choose(p, places)
		if at == nil {
			l.failed(l.tellUnschedulable(ctx, p, why))
			continue
		}
		chosen[p] = at
		placed := p.DeepCopy()
		placed.Spec.NodeName = at.node.Name
		at.pods = append(at.pods, placed)
		subtract(at.free, requests(p))
	}
	each(slices.Collect(maps.Keys(chosen)), func(p *corev1.Pod) { l.failed(l.bind(ctx, p, chosen[p].node)) })
}

// choose finds the best place: where fewest of the same kind are, by zone and then
// by node, and then where most is free.
func choose(p *corev1.Pod, places []*place) (*place, string) {
	var fitting []*place
	reasons := map[string]int{}
	for _, at := range places {
		why := rejects(p, at, places)
		if len(why) == 0 {
			fitting = append(fitting, at)
		}
		for _, reason := range why {
			reasons[reason]++
		}
	}
	if len(fitting) == 0 {
		return nil, unschedulable(len(places), reasons)
	}
	alike := map[string]int{}
	owner := metav1.GetControllerOfNoCopy(p)
	for _, at := range places {
		for _, q := range at.pods {
			if o := metav1.GetControllerOfNoCopy(q); owner != nil && o != nil && o.UID == owner.UID && q.DeletionTimestamp == nil {
				alike[at.node.Name]++
				alike["zone "+at.node.Labels[corev1.LabelTopologyZone]]++
			}
		}
	}
	return slices.MinFunc(fitting, func(a, b *place) int {
		freeA, freeB := a.free[corev1.ResourceCPU], b.free[corev1.ResourceCPU]
		return cmp.Or(
			cmp.Compare(alike["zone "+a.node.Labels[corev1.LabelTopologyZone]], alike["zone "+b.node.Labels[corev1.LabelTopologyZone]]),
			cmp.Compare(alike[a.node.Name], alike[b.node.Name]),
			freeB.Cmp(freeA),
			cmp.Compare(a.node.Name, b.node.Name),
		)
	}), ""
}

// unschedulable is the scheduler's sentence.
func unschedulable(nodes int, reasons map[string]int) string {
	if nodes == 0 {
		return "no nodes available to schedule pods"
	}
	var parts []string
	helpless := 0
	for reason, n := range reasons {
		parts = append(parts, fmt.Sprintf("%d %s", n, reason))
		if !strings.HasPrefix(reason, "Insufficient") && !strings.HasPrefix(reason, "Too many") {
			helpless += n
		}
	}
	slices.Sort(parts)
	var preemption []string
	if n := nodes - min(helpless, nodes); n > 0 {
		preemption = append(preemption, fmt.Sprintf("%d No preemption victims found for incoming pod", n))
	}
	if helpless > 0 {
		preemption = append(preemption, fmt.Sprintf("%d Preemption is not helpful for scheduling", min(helpless, nodes)))
	}
	return fmt.Sprintf("0/%d nodes are available: %s. no new claims to deallocate, preemption: 0/%d nodes are available: %s.",
		nodes, strings.Join(parts, ", "), nodes, strings.Join(preemption, ", "))
}

func (l *loop) bind(ctx context.Context, p *corev1.Pod, n *corev1.Node) error {
	pods := l.client.CoreV1().Pods(p.Namespace)
	err := pods.Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: p.Namespace, UID: p.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: n.Name},
	}, metav1.CreateOptions{FieldManager: byScheduler})
	if err != nil && !apierrors.IsConflict(err) {
		return err
	}
	now, err := pods.Get(ctx, p.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	l.pods.put(now)
	l.events.normal("default-scheduler", now, "Scheduled", "Successfully assigned %s/%s to %s", p.Namespace, p.Name, n.Name)
	return nil
}

func (l *loop) tellUnschedulable(ctx context.Context, p *corev1.Pod, why string) error {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message == why {
			return nil
		}
	}
	told := p.DeepCopy()
	told.Status.Conditions = slices.DeleteFunc(told.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodScheduled })
	told.Status.Conditions = append(told.Status.Conditions, corev1.PodCondition{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: why,
		LastTransitionTime: metav1.NewTime(time.Now()),
	})
	written, err := l.client.CoreV1().Pods(p.Namespace).UpdateStatus(ctx, told, metav1.UpdateOptions{FieldManager: byScheduler})
	if err != nil {
		return err
	}
	l.pods.put(written)
	l.events.warning("default-scheduler", written, "FailedScheduling", "%s", why)
	return nil
}

// requests are what a pod asks of its node: all containers together, or the
// greediest init container.
func requests(p *corev1.Pod) corev1.ResourceList {
	sum := corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}
	for _, c := range p.Spec.Containers {
		for name, q := range c.Resources.Requests {
			total := sum[name]
			total.Add(q)
			sum[name] = total
		}
	}
	for _, c := range p.Spec.InitContainers {
		for name, q := range c.Resources.Requests {
			if total := sum[name]; q.Cmp(total) > 0 {
				sum[name] = q
			}
		}
	}
	return sum
}

func subtract(from, what corev1.ResourceList) {
	for name, q := range what {
		left := from[name]
		left.Sub(q)
		from[name] = left
	}
}
