package kube

import (
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The kubelet's back-off, in reality's time.
const (
	backoffFirst = 10 * time.Second
	backoffMost  = 5 * time.Minute
	backoffReset = 10 * time.Minute
)

// A container is one of a pod, over all its runs.
type container struct {
	pod  *pod
	spec corev1.Container
	init bool

	mu       sync.Mutex
	state    corev1.ContainerState
	last     corev1.ContainerState
	ready    bool
	started  bool
	over     bool
	restarts int32
	book     *logbook
	previous *logbook
}

// A program is what runs in a container.
type program interface {
	ended() <-chan struct{}
	exit() (code int32, reason string)
	// end asks the program to end, and kills it after the grace.
	end(grace time.Duration)
}

func newContainer(p *pod, spec corev1.Container, init bool) *container {
	c := &container{pod: p, spec: spec, init: init}
	waiting := "ContainerCreating"
	if len(p.spec.Spec.InitContainers) > 0 && !init {
		waiting = "PodInitializing"
	}
	c.state = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: waiting}}
	for _, old := range p.spec.Status.ContainerStatuses {
		if old.Name == spec.Name { // It ran under an earlier process.
			c.restarts = old.RestartCount + 1
		}
	}
	return c
}

// run keeps the container going until the pod ends, or the container does for good.
func (c *container) run() {
	defer c.pod.loop.changed()
	backoff := time.Duration(0)
	for {
		if !c.pull() {
			return
		}
		began := time.Now()
		code, ok := c.runOnce()
		if c.pod.isLeaving() || !ok && c.pod.life.Err() != nil {
			c.finish()
			return
		}
		if policy := c.pod.current().Spec.RestartPolicy; ok && (policy == corev1.RestartPolicyNever || policy == corev1.RestartPolicyOnFailure && code == 0) {
			c.finish()
			return
		}
		if time.Since(began) > c.pod.loop.config.scaled(backoffReset) {
			backoff = 0
		}
		if ok {
			c.mu.Lock()
			c.last = c.state
			c.mu.Unlock()
		}
		// The first restart is immediate.
		if backoff > 0 || !ok {
			pause := max(backoff, backoffFirst)
			if ok {
				pod := fmt.Sprintf("%s_%s(%s)", c.pod.current().Name, c.pod.current().Namespace, c.pod.uid)
				c.wait("CrashLoopBackOff", fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", pause, c.spec.Name, pod))
				c.pod.loop.events.warning(byKubelet, c.pod.current(), "BackOff", "Back-off restarting failed container %s in pod %s", c.spec.Name, pod)
			}
			if !c.pause(c.pod.loop.config.scaled(pause)) {
				c.finish()
				return
			}
		}
		backoff = min(max(2*backoff, backoffFirst), backoffMost)
		if ok {
			c.mu.Lock()
			c.restarts++
			c.mu.Unlock()
		}
	}
}

// runToEnd is for init containers. Only Envoy does something there, as to validate
// a file; any other image has done its work.
func (c *container) runToEnd() bool {
	if !c.pull() {
		return false
	}
	if imageOf(c.spec.Image) != imageEnvoy {
		c.terminated(0, "Completed", second())
		return true
	}
	for {
		code, ok := c.runOnce()
		if ok && code == 0 {
			return true
		}
		if c.pod.life.Err() != nil || c.pod.isLeaving() || !c.pause(c.pod.loop.config.scaled(backoffFirst)) {
			return false
		}
	}
}

// pull waits for the image, which an unpullable one never comes from.
func (c *container) pull() bool {
	if imageOf(c.spec.Image) != imageUnpullable {
		return true
	}
	problem := fmt.Sprintf("failed to pull and unpack image %q: failed to resolve reference %q: not found", c.spec.Image, c.spec.Image)
	backoff := backoffFirst
	for {
		c.wait("ErrImagePull", problem)
		c.pod.loop.events.warning(byKubelet, c.pod.current(), "Failed", "Failed to pull image %q: %s", c.spec.Image, problem)
		if !c.pause(100 * time.Millisecond) {
			return false
		}
		c.wait("ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s", c.spec.Image, problem))
		c.pod.loop.events.normal(byKubelet, c.pod.current(), "BackOff", "Back-off pulling image %q", c.spec.Image)
		if !c.pause(c.pod.loop.config.scaled(backoff)) {
			return false
		}
		backoff = min(2*backoff, backoffMost)
	}
}

// runOnce runs the program and its probes. It is not ok where nothing could be
// started.
func (c *container) runOnce() (code int32, ok bool) {
	book := &logbook{}
	c.mu.Lock()
	c.previous, c.book = c.book, book
	c.mu.Unlock()
	defer book.end()
	began := second()
	running, err := c.start(book)
	if err != nil {
		reason := "CreateContainerError"
		if missing := (*missingError)(nil); errors.As(err, &missing) {
			reason = "CreateContainerConfigError"
		}
		c.wait(reason, err.Error())
		c.pod.loop.events.warning(byKubelet, c.pod.current(), "Failed", "Error: %v", err)
		return 0, false
	}
	c.mu.Lock()
	c.state = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: began}}
	c.mu.Unlock()
	c.pod.loop.changed()
	c.pod.loop.events.normal(byKubelet, c.pod.current(), "Started", "Started container %s", c.spec.Name)
	probes := c.watch(running)
	select {
	case <-running.ended():
	case <-c.pod.leaving:
		c.preStop()
		running.end(c.pod.graceLeft())
	case <-c.pod.life.Done():
		running.end(0)
	}
	<-running.ended()
	probes()
	code, reason := running.exit()
	c.terminated(code, reason, began)
	return code, true
}
