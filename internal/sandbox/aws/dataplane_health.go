package aws

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// checkHealth checks the targets that a DescribeTargetHealth call is about, before the call runs: a check takes longer than
// the cloud's lock may be held.
func (p *dataPlane) checkHealth(account, region string, request map[string]any) {
	arn, _ := request["TargetGroupArn"].(string)
	c := p.cloud
	c.mu.Lock()
	c.settle()
	r := c.state.Regions[account+"/"+region]
	var view *targetView
	if r != nil && r.ELB.TargetGroups[arn] != nil {
		view = c.in(account, region).targetView(r.ELB.TargetGroups[arn])
	}
	c.mu.Unlock()
	if view != nil {
		p.examine(context.Background(), view, control.FreshFor)
	}
}

// examine fills in the health of a group's targets, from checks that are not older than an age.
func (p *dataPlane) examine(ctx context.Context, v *targetView, age time.Duration) {
	var all sync.WaitGroup
	for i := range v.targets {
		t := &v.targets[i]
		// What is stored for a target without a way to it is that requests time out.
		if !p.checked(t) || t.checkBlocked != nil {
			continue
		}
		k := p.clusters.Running(*t.machine.cluster)
		if k == nil {
			continue
		}
		all.Go(func() {
			health, found := p.probe(v.arn, t.key).Get(ctx, age, func() elbtypes.TargetHealth { return v.check.run(k, t) })
			if !found {
				health = unhealthy(elbtypes.TargetHealthReasonEnumTimeout, "Request timed out")
			}
			t.health = health
		})
	}
	all.Wait()
}

// elbHealth is what describes show of a group's targets: what health checks found last, where there are any.
func (c *call) elbHealth(tg *elbTargetGroup) map[string]elbtypes.TargetHealth {
	out := map[string]elbtypes.TargetHealth{}
	for _, t := range c.targetView(tg).targets {
		out[t.key] = t.health
		if !c.cloud.plane.checked(&t) {
			continue
		}
		if last, usable := c.cloud.plane.probe(*tg.TargetGroupArn, t.key).Last(); usable && t.checkBlocked == nil {
			out[t.key] = last
		}
	}
	return out
}

// checked reports whether a target has health checks: it is a node of a cluster that runs.
func (p *dataPlane) checked(t *target) bool {
	return !t.judged && t.machine != nil && t.machine.cluster != nil && p.clusters.Running(*t.machine.cluster) != nil
}

func (p *dataPlane) probe(group, key string) *control.Probe[elbtypes.TargetHealth] {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := group + "|" + key
	if p.probes[id] == nil {
		p.probes[id] = &control.Probe[elbtypes.TargetHealth]{}
	}
	return p.probes[id]
}

func unhealthy(reason elbtypes.TargetHealthReasonEnum, description string) elbtypes.TargetHealth {
	return elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumUnhealthy, Reason: reason, Description: &description}
}

// run does one health check.
func (h healthCheck) run(k Kubernetes, t *target) elbtypes.TargetHealth {
	ctx, cancel := context.WithTimeout(context.Background(), h.timeout)
	defer cancel()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return k.DialNodePort(ctx, t.machine.address, t.checkPort)
		},
		// Load balancers do not verify the certificates of targets.
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true, DisableCompression: true, Protocols: control.TargetProtocols(h.secure, h.http2),
	}
	defer transport.CloseIdleConnections()
	request, err := h.request(ctx, net.JoinHostPort(t.machine.address.String(), strconv.Itoa(t.checkPort)))
	if err != nil {
		return unhealthy(elbtypes.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed")
	}
	response, err := transport.RoundTrip(request)
	switch {
	case err != nil && ctx.Err() != nil:
		return unhealthy(elbtypes.TargetHealthReasonEnumTimeout, "Request timed out")
	case err != nil:
		return unhealthy(elbtypes.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed")
	}
	defer func() { _ = response.Body.Close() }()
	code := strconv.Itoa(response.StatusCode)
	if h.grpc {
		// The status is in the trailer, or in the header of an answer without a body.
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
		if code = response.Trailer.Get("Grpc-Status"); code == "" {
			code = response.Header.Get("Grpc-Status")
		}
	}
	if !codeMatches(h.codes, code) {
		return unhealthy(elbtypes.TargetHealthReasonEnumResponseCodeMismatch, fmt.Sprintf("Health checks failed with these codes: [%s]", code))
	}
	return elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumHealthy}
}

func (h healthCheck) request(ctx context.Context, host string) (*http.Request, error) {
	scheme, method := "http", http.MethodGet
	if h.secure {
		scheme = "https"
	}
	var body io.Reader
	if h.grpc {
		// An empty message, framed.
		method, body = http.MethodPost, bytes.NewReader(make([]byte, 5))
	}
	request, err := http.NewRequestWithContext(ctx, method, scheme+"://"+host+h.path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	if h.grpc {
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("Te", "trailers")
	}
	return request, nil
}

// codeMatches reads a matcher such as "200,202-204".
func codeMatches(matcher, code string) bool {
	n, err := strconv.Atoi(code)
	if err != nil {
		return false
	}
	for part := range strings.SplitSeq(matcher, ",") {
		low, high, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(low)
		if err != nil {
			continue
		}
		to := from
		if isRange {
			if to, err = strconv.Atoi(high); err != nil {
				continue
			}
		}
		if from <= n && n <= to {
			return true
		}
	}
	return false
}
