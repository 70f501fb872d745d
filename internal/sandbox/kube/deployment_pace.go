package kube

import (
	"context"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// grow adds pods of the current generation as far as maxSurge lets it.
func (r *rollout) grow(ctx context.Context) error {
	want, have := *r.d.Spec.Replicas, *r.new.Spec.Replicas
	if have >= want || r.d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return r.scale(ctx, r.new, want)
	}
	total := have
	for _, rs := range r.old {
		total += *rs.Spec.Replicas
	}
	room := want + int32(r.surge()) - total
	if room <= 0 {
		return nil
	}
	return r.scale(ctx, r.new, have+min(room, want-have))
}

// shrink takes pods of earlier generations away as far as maxUnavailable lets it,
// first those that serve nobody.
func (r *rollout) shrink(ctx context.Context) error {
	var total, oldTotal, available int32
	for _, rs := range append(slices.Clone(r.old), r.new) {
		total += *rs.Spec.Replicas
		available += rs.Status.AvailableReplicas
	}
	oldTotal = total - *r.new.Spec.Replicas
	if oldTotal == 0 {
		return nil
	}
	minimum := *r.d.Spec.Replicas - int32(r.unavailable())
	newUnavailable := *r.new.Spec.Replicas - r.new.Status.AvailableReplicas
	spare := total - minimum - newUnavailable
	for i := 0; i < len(r.old) && spare > 0; i++ {
		rs := r.old[i]
		broken := min(*rs.Spec.Replicas-rs.Status.AvailableReplicas, spare)
		if broken <= 0 || rs.Status.ObservedGeneration < rs.Generation {
			continue
		}
		if err := r.scale(ctx, rs, *rs.Spec.Replicas-broken); err != nil {
			return err
		}
		spare -= broken
	}
	spare = available - minimum
	for i := 0; i < len(r.old) && spare > 0; i++ {
		rs := r.old[i]
		fewer := min(*rs.Spec.Replicas, spare)
		if err := r.scale(ctx, rs, *rs.Spec.Replicas-fewer); err != nil {
			return err
		}
		spare -= fewer
	}
	return nil
}

func (r *rollout) surge() int       { s, _ := r.bounds(); return s }
func (r *rollout) unavailable() int { _, u := r.bounds(); return u }

// bounds are maxSurge and maxUnavailable in pods, of which one is not zero.
func (r *rollout) bounds() (surge, unavailable int) {
	rolling := r.d.Spec.Strategy.RollingUpdate
	if rolling == nil {
		return 0, int(*r.d.Spec.Replicas)
	}
	replicas := int(*r.d.Spec.Replicas)
	surge, _ = intstr.GetScaledValueFromIntOrPercent(rolling.MaxSurge, replicas, true)
	unavailable, _ = intstr.GetScaledValueFromIntOrPercent(rolling.MaxUnavailable, replicas, false)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, min(unavailable, replicas)
}

// deadline is how long a rollout may be without progress. A short one is real: a
// machine that is busy must not fail it.
func (r *rollout) deadline() time.Duration {
	if r.d.Spec.ProgressDeadlineSeconds == nil {
		return 0
	}
	asked := time.Duration(*r.d.Spec.ProgressDeadlineSeconds) * time.Second
	return min(asked, max(r.l.config.scaled(asked), 5*time.Second))
}
