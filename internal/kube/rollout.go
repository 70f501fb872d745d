package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// rollout is the condition that the newest pods of a Deployment have once all
// been ready. Pods that fail later are not the concern of an apply which changes
// nothing of them.
type rollout struct {
	api connected
	place
	poll stack.Poll
	// least is how many pods must be ready when the Deployment was changed.
	least int64
	// before is the generation that was there when the apply began.
	before int64
}

// differ says whether the last rollout never came to its end.
func (r *rollout) differ(ctx context.Context) ([]stack.Difference, error) {
	api, err := r.api(ctx)
	if api == nil || err != nil {
		return nil, err
	}
	live, err := api.reader.get(ctx, r.place)
	if live == nil || err != nil {
		return nil, err
	}
	r.before = live.GetGeneration()
	// Who has just changed the number of pods has begun no rollout.
	if status := statusOf(live); !status.done {
		words, err := api.podsSay(ctx, r.place, live)
		if err != nil {
			return nil, err
		}
		return []stack.Difference{{Field: "the last rollout is not complete: " + words.text(status)}}, nil
	}
	return nil, nil
}

// wait returns when the rollout is complete, or when its pods say that it never
// will be.
func (r *rollout) wait(ctx context.Context) error {
	api, err := r.api(ctx)
	if err != nil {
		return err
	}
	said := ""
	err = r.poll.Until(ctx, func(time.Duration) (bool, error) {
		live, err := api.client(r.place).Get(ctx, r.name, metav1.GetOptions{})
		if err != nil {
			return false, api.explain(ctx, err, false)
		}
		status := statusOf(live)
		// A Deployment that is only given more pods counts as complete all along, and an
		// autoscaler takes its time to raise their number to the least.
		changed := live.GetGeneration() != r.before || int64(status.replicas) < r.least
		if status.complete() && (!changed || int64(status.ready) >= r.least) {
			return true, nil
		}
		words, err := api.podsSay(ctx, r.place, live)
		if err != nil {
			return false, err
		}
		said = words.text(status)
		// The deadline that an earlier generation has missed may still be told for a
		// moment when a generation comes back whose pods are all ready.
		if words.hopeless || status.stuck && (len(words.lines) > 0 || status.failure != "") {
			return false, errors.New(words.withLogs(ctx, api, r.namespace, status))
		}
		return false, nil
	})
	if err != nil && ctx.Err() != nil && said != "" {
		return fmt.Errorf("%s: %w", said, err)
	}
	return err
}

// rolloutStatus is how far a Deployment is with its newest pods.
type rolloutStatus struct {
	replicas, updated, ready int32
	// seen says that the controller knows the newest spec, done that it has once
	// been fulfilled, stuck that the deadline for progress has passed.
	seen, done, stuck bool
	// failure is why pods cannot even be made: a quota, or a rule of the namespace.
	failure string
}

// statusOf reads a Deployment's conditions (Kubernetes documentation,
// "Deployment status").
func statusOf(live *unstructured.Unstructured) rolloutStatus {
	var d liveDeployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, &d); err != nil {
		return rolloutStatus{}
	}
	s := rolloutStatus{replicas: 1, updated: d.Status.UpdatedReplicas, ready: d.Status.ReadyReplicas, seen: d.Status.ObservedGeneration >= d.Generation}
	if d.Spec.Replicas != nil {
		s.replicas = *d.Spec.Replicas
	}
	for _, c := range d.Status.Conditions {
		switch {
		case c.Type == "Progressing":
			s.done = c.Reason == "NewReplicaSetAvailable"
			s.stuck = s.seen && c.Reason == "ProgressDeadlineExceeded"
		case c.is("ReplicaFailure", "True"):
			s.failure = c.Message
		}
	}
	return s
}

func (s rolloutStatus) complete() bool { return s.seen && s.done }
