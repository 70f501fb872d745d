package kube

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// preStop is the hook before the end. Only sleeping and asking by HTTP can be had.
func (c *container) preStop() {
	if c.spec.Lifecycle == nil || c.spec.Lifecycle.PreStop == nil {
		return
	}
	hook := c.spec.Lifecycle.PreStop
	ctx, cancel := context.WithTimeout(c.pod.life, c.pod.graceLeft())
	defer cancel()
	switch {
	case hook.Sleep != nil:
		sleep(ctx, c.pod.loop.config.scaled(time.Duration(hook.Sleep.Seconds)*time.Second))
	case hook.HTTPGet != nil:
		_ = c.get(ctx, hook.HTTPGet)
	case hook.Exec != nil:
		sleep(ctx, c.pod.loop.config.scaled(sleepCommand(hook.Exec.Command)))
	}
}

// sleepCommand reads the command that a hook most often is.
func sleepCommand(command []string) time.Duration {
	words := strings.Fields(strings.Join(command, " "))
	for i, word := range words {
		if (word == "sleep" || strings.HasSuffix(word, "/sleep")) && i+1 < len(words) {
			seconds, _ := strconv.ParseFloat(strings.Trim(words[i+1], `;"'`), 64)
			return time.Duration(seconds * float64(time.Second))
		}
	}
	return 0
}

// graceLeft is what remains of the time that the pod has to end.
func (p *pod) graceLeft() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spec.DeletionTimestamp == nil || p.leftAt.IsZero() {
		return p.grace
	}
	return max(0, p.grace-time.Since(p.leftAt))
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// aliasPort is where a program of the pod listens.
func (p *pod) aliasPort(port int32) string {
	return netip.AddrPortFrom(p.alias.addr, uint16(port)).String()
}
