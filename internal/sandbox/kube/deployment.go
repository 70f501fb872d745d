package kube

import (
	"context"
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const revisionAnnotation = "deployment.kubernetes.io/revision"

// A rollout is a Deployment with its generations, as one tick sees them.
type rollout struct {
	l    *loop
	d    *appsv1.Deployment
	old  []*appsv1.ReplicaSet // the oldest first
	new  *appsv1.ReplicaSet   // nil until it is made
	pods int                  // all that are not gone yet, terminating ones included
}

func (l *loop) syncDeployments(ctx context.Context) {
	sets := byOwner(l.replicaSets.all())
	pods := byOwner(l.pods.all())
	each(l.deployments.all(), func(d *appsv1.Deployment) {
		r := &rollout{l: l, d: d}
		for _, rs := range sets[d.UID] {
			r.pods += len(pods[rs.UID])
			if r.new == nil && sameTemplate(&rs.Spec.Template, &d.Spec.Template) {
				r.new = rs
			} else {
				r.old = append(r.old, rs)
			}
		}
		slices.SortFunc(r.old, func(a, b *appsv1.ReplicaSet) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
		var err error
		if d.DeletionTimestamp == nil {
			err = r.roll(ctx)
		}
		if err == nil {
			err = r.writeStatus(ctx)
		}
		l.failed(err)
	})
}

func (r *rollout) roll(ctx context.Context) error {
	if r.d.Spec.Paused {
		if r.new != nil {
			return r.scale(ctx, r.new, *r.d.Spec.Replicas)
		}
		return nil
	}
	if r.d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		for _, rs := range r.old {
			if err := r.scale(ctx, rs, 0); err != nil {
				return err
			}
		}
		if r.oldPods() > 0 {
			return nil
		}
	}
	if r.new == nil {
		if err := r.make(ctx); err != nil {
			return err
		}
	}
	if err := r.revise(ctx); err != nil {
		return err
	}
	if err := r.grow(ctx); err != nil {
		return err
	}
	if err := r.shrink(ctx); err != nil {
		return err
	}
	return r.forget(ctx)
}

// oldPods counts the pods of earlier generations, terminating ones included.
func (r *rollout) oldPods() int {
	n := 0
	pods := byOwner(r.l.pods.all())
	for _, rs := range r.old {
		n += len(pods[rs.UID])
	}
	return n
}

// make creates the generation of the current template.
func (r *rollout) make(ctx context.Context) error {
	hash := templateHash(&r.d.Spec.Template, r.d.Status.CollisionCount)
	template := *r.d.Spec.Template.DeepCopy()
	template.Labels = withHash(template.Labels, hash)
	selector := r.d.Spec.Selector.DeepCopy()
	selector.MatchLabels = withHash(selector.MatchLabels, hash)
	rs := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: r.d.Name + "-" + hash, Namespace: r.d.Namespace, Labels: maps.Clone(template.Labels),
			Annotations:     r.generationAnnotations(),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(r.d, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
		},
		Spec: appsv1.ReplicaSetSpec{Replicas: new(int32), MinReadySeconds: r.d.Spec.MinReadySeconds, Selector: selector, Template: template},
	}
	made, err := r.l.client.AppsV1().ReplicaSets(rs.Namespace).Create(ctx, rs, metav1.CreateOptions{FieldManager: byController})
	if apierrors.IsAlreadyExists(err) { // The mirror is behind.
		made, err = r.l.client.AppsV1().ReplicaSets(rs.Namespace).Get(ctx, rs.Name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	r.l.replicaSets.put(made)
	r.new = made
	return nil
}

func (r *rollout) generationAnnotations() map[string]string {
	a := maps.Clone(r.d.Annotations)
	if a == nil {
		a = map[string]string{}
	}
	delete(a, corev1.LastAppliedConfigAnnotation)
	a[revisionAnnotation] = strconv.Itoa(r.lastRevision() + 1)
	a["deployment.kubernetes.io/desired-replicas"] = strconv.Itoa(int(*r.d.Spec.Replicas))
	a["deployment.kubernetes.io/max-replicas"] = strconv.Itoa(int(*r.d.Spec.Replicas) + r.surge())
	return a
}

func (r *rollout) lastRevision() int {
	last := 0
	for _, rs := range r.old {
		n, _ := strconv.Atoi(rs.Annotations[revisionAnnotation])
		last = max(last, n)
	}
	return last
}

// revise numbers the current generation, on itself and on the Deployment.
func (r *rollout) revise(ctx context.Context) error {
	n, _ := strconv.Atoi(r.new.Annotations[revisionAnnotation])
	if n <= r.lastRevision() { // It was an old one, and has come back.
		n = r.lastRevision() + 1
		rs := r.new.DeepCopy()
		metav1.SetMetaDataAnnotation(&rs.ObjectMeta, revisionAnnotation, strconv.Itoa(n))
		if err := r.update(ctx, rs); err != nil {
			return err
		}
	}
	if r.d.Annotations[revisionAnnotation] == strconv.Itoa(n) {
		return nil
	}
	d := r.d.DeepCopy()
	metav1.SetMetaDataAnnotation(&d.ObjectMeta, revisionAnnotation, strconv.Itoa(n))
	written, err := r.l.client.AppsV1().Deployments(d.Namespace).Update(ctx, d, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	r.l.deployments.put(written)
	r.d = written
	return nil
}

func (r *rollout) update(ctx context.Context, rs *appsv1.ReplicaSet) error {
	written, err := r.l.client.AppsV1().ReplicaSets(rs.Namespace).Update(ctx, rs, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	r.l.replicaSets.put(written)
	if r.new != nil && r.new.UID == written.UID {
		r.new = written
	}
	for i := range r.old {
		if r.old[i].UID == written.UID {
			r.old[i] = written
		}
	}
	return nil
}

func (r *rollout) scale(ctx context.Context, rs *appsv1.ReplicaSet, to int32) error {
	if *rs.Spec.Replicas == to {
		return nil
	}
	from := *rs.Spec.Replicas
	rs = rs.DeepCopy()
	rs.Spec.Replicas = &to
	if err := r.update(ctx, rs); err != nil {
		return err
	}
	verb := "up"
	if to < from {
		verb = "down"
	}
	r.l.events.normal("deployment-controller", r.d, "ScalingReplicaSet", "Scaled %s replica set %s from %d to %d", verb, rs.Name, from, to)
	return nil
}

// forget deletes generations beyond the history that is kept.
func (r *rollout) forget(ctx context.Context) error {
	limit := 10
	if r.d.Spec.RevisionHistoryLimit != nil {
		limit = int(*r.d.Spec.RevisionHistoryLimit)
	}
	for i := 0; i < len(r.old)-limit; i++ {
		rs := r.old[i]
		if *rs.Spec.Replicas != 0 || rs.Status.Replicas != 0 || rs.DeletionTimestamp != nil || rs.Status.ObservedGeneration < rs.Generation {
			continue
		}
		if err := r.l.client.AppsV1().ReplicaSets(rs.Namespace).Delete(ctx, rs.Name, metav1.DeleteOptions{PropagationPolicy: background()}); err != nil {
			return err
		}
	}
	return nil
}
