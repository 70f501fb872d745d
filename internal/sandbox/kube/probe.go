package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// soon is how often a container that is not ready yet is probed: a rollout should
// not wait for the period of a probe.
const soon = 50 * time.Millisecond

// watch probes a running program. What it answers with ends the probing.
func (c *container) watch(running program) func() {
	ctx, cancel := context.WithCancel(c.pod.life)
	var all sync.WaitGroup
	all.Go(func() {
		if slow, ok := running.(interface{ warmUp() time.Duration }); ok && !sleep(ctx, slow.warmUp()) {
			return
		}
		if !c.startUp(ctx, running) {
			return
		}
		c.mu.Lock()
		c.started = true
		c.mu.Unlock()
		all.Go(func() { c.watchReadiness(ctx, running) })
		if c.spec.LivenessProbe != nil {
			c.watchLiveness(ctx, running, c.spec.LivenessProbe, "Liveness")
		}
	})
	return func() {
		cancel()
		all.Wait()
	}
}

// startUp waits until the startup probe has succeeded.
func (c *container) startUp(ctx context.Context, running program) bool {
	probe := c.spec.StartupProbe
	if probe == nil {
		return true
	}
	if !sleep(ctx, c.scaled(probe.InitialDelaySeconds)) {
		return false
	}
	allowed := c.scaled(probe.PeriodSeconds) * time.Duration(probe.FailureThreshold)
	for began := time.Now(); ; {
		err := c.try(ctx, probe)
		if err == nil {
			return true
		}
		if ctx.Err() == nil && time.Since(began) > allowed {
			c.restartFor(running, "Startup", err)
			return false
		}
		if !sleep(ctx, soon) {
			return false
		}
	}
}

func (c *container) watchReadiness(ctx context.Context, running program) {
	if never, ok := running.(interface{ neverReady() bool }); ok && never.neverReady() {
		c.pod.loop.events.warning(byKubelet, c.pod.current(), "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
		return
	}
	probe := c.spec.ReadinessProbe
	if probe == nil {
		c.setReady(true)
		return
	}
	if !sleep(ctx, c.scaled(probe.InitialDelaySeconds)) {
		return
	}
	failures := int32(0)
	for {
		err := c.try(ctx, probe)
		if ctx.Err() != nil || c.pod.isLeaving() {
			return
		}
		every := c.scaled(probe.PeriodSeconds)
		if err == nil {
			failures = 0
			c.setReady(true)
		} else {
			failures++
			if failures == 1 || failures == probe.FailureThreshold {
				c.pod.loop.events.warning(byKubelet, c.pod.current(), "Unhealthy", "Readiness probe failed: %v", err)
			}
			if failures >= probe.FailureThreshold {
				c.setReady(false)
			}
			if !c.isReady() {
				every = soon
			}
		}
		if !sleep(ctx, every) {
			return
		}
	}
}

func (c *container) watchLiveness(ctx context.Context, running program, probe *corev1.Probe, kind string) {
	if !sleep(ctx, c.scaled(probe.InitialDelaySeconds)) {
		return
	}
	failures := int32(0)
	for sleep(ctx, c.scaled(probe.PeriodSeconds)) {
		err := c.try(ctx, probe)
		if err == nil || ctx.Err() != nil {
			failures = 0
			continue
		}
		failures++
		c.pod.loop.events.warning(byKubelet, c.pod.current(), "Unhealthy", "%s probe failed: %v", kind, err)
		if failures >= probe.FailureThreshold {
			c.restartFor(running, kind, err)
			return
		}
	}
}

func (c *container) restartFor(running program, kind string, err error) {
	c.pod.loop.events.normal(byKubelet, c.pod.current(), "Killing", "Container %s failed %s probe, will be restarted (%v)", c.spec.Name, strings.ToLower(kind), err)
	running.end(time.Second)
}

func (c *container) setReady(ready bool) {
	c.mu.Lock()
	changed := c.ready != ready && c.state.Running != nil
	if changed {
		c.ready = ready
	}
	c.mu.Unlock()
	if changed {
		c.pod.loop.changed()
	}
}

func (c *container) isReady() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready
}

func (c *container) scaled(seconds int32) time.Duration {
	return c.pod.loop.config.scaled(time.Duration(seconds) * time.Second)
}

// try probes once. There are no containers to run a command in: such a probe, and
// one of gRPC's, succeeds when the program runs and the port is open.
func (c *container) try(ctx context.Context, probe *corev1.Probe) error {
	// The machine that stands in for a cluster may be slower than one; a probe's
	// timeout is not made shorter.
	ctx, cancel := context.WithTimeout(ctx, time.Duration(max(1, probe.TimeoutSeconds))*time.Second)
	defer cancel()
	switch {
	case probe.HTTPGet != nil:
		return c.get(ctx, probe.HTTPGet)
	case probe.TCPSocket != nil:
		return c.touch(ctx, probe.TCPSocket.Port)
	case probe.GRPC != nil:
		return c.touch(ctx, intstr.FromInt32(probe.GRPC.Port))
	}
	return nil
}

func (c *container) get(ctx context.Context, action *corev1.HTTPGetAction) error {
	scheme := strings.ToLower(string(action.Scheme))
	if scheme == "" {
		scheme = "http"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+c.portAddress(action.Port)+"/"+strings.TrimPrefix(action.Path, "/"), nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "kube-probe/1.34")
	for _, h := range action.HTTPHeaders {
		r.Header.Set(h.Name, h.Value)
		if strings.EqualFold(h.Name, "host") {
			r.Host = h.Value
		}
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // As the kubelet does.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), c.pod.alias.addr.String(), c.pod.ip.String()))
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 10<<10))
	if answer.StatusCode < 200 || answer.StatusCode >= 400 {
		return fmt.Errorf("HTTP probe failed with statuscode: %d", answer.StatusCode)
	}
	return nil
}

func (c *container) touch(ctx context.Context, port intstr.IntOrString) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.portAddress(port))
	if err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), c.pod.alias.addr.String(), c.pod.ip.String()))
	}
	return conn.Close()
}

func (c *container) portAddress(port intstr.IntOrString) string {
	number := port.IntValue()
	for _, p := range c.spec.Ports {
		if port.StrVal != "" && p.Name == port.StrVal {
			number = int(p.ContainerPort)
		}
	}
	return net.JoinHostPort(c.pod.alias.addr.String(), strconv.Itoa(number))
}
