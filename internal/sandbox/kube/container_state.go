package kube

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (c *container) wait(reason, message string) {
	c.mu.Lock()
	c.state = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	c.ready, c.started = false, false
	c.mu.Unlock()
	c.pod.loop.changed()
}

func (c *container) terminated(code int32, reason string, began metav1.Time) {
	c.mu.Lock()
	c.state = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, StartedAt: began, FinishedAt: second(), ContainerID: c.id(),
	}}
	c.ready, c.started = c.init && code == 0, false
	c.mu.Unlock()
	c.pod.loop.changed()
}

func (c *container) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}

// pause reports whether the pod is still wanted after it.
func (c *container) pause(d time.Duration) bool {
	select {
	case <-c.pod.leaving:
		return false
	case <-c.pod.life.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (c *container) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over && c.state.Terminated != nil
}

// id is made up; the parts of one are not read by anybody.
func (c *container) id() string {
	return fmt.Sprintf("containerd://%s-%s-%d", c.pod.uid, c.spec.Name, c.restarts)
}

func (c *container) status() corev1.ContainerStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	started := c.started
	s := corev1.ContainerStatus{
		Name: c.spec.Name, Image: c.spec.Image, State: *c.state.DeepCopy(), LastTerminationState: *c.last.DeepCopy(),
		Ready: c.ready, Started: &started, RestartCount: c.restarts,
	}
	if c.state.Running != nil {
		s.ImageID, s.ContainerID = c.spec.Image, c.id()
	}
	return s
}

// logs are those of this run or of the one before.
func (c *container) logs(previous bool) *logbook {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case previous:
		return c.previous
	case c.book == nil:
		return &logbook{over: true}
	}
	return c.book
}

func (p *pod) isLeaving() bool {
	select {
	case <-p.leaving:
		return true
	default:
		return false
	}
}
