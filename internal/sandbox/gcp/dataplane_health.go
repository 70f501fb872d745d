package gcp

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func init() {
	instanceHealth = (*call).healthy
	beforeLock["google.cloud.compute.v1.RegionBackendServices.GetHealth"] = checkBeforeHealth
}

// examine returns the targets that are healthy, from checks that are not older than an age.
func (p *dataPlane) examine(ctx context.Context, v *serviceView, age time.Duration) []backendTarget {
	findings := make([]string, len(v.targets))
	var all sync.WaitGroup
	for i := range v.targets {
		t := &v.targets[i]
		switch {
		case t.checkBlocked != nil:
			findings[i] = t.checkBlocked.Error()
			continue
		case t.cluster == nil || p.clusters.Running(*t.cluster) == nil:
			findings[i] = "nothing runs there"
			continue
		}
		all.Go(func() {
			finding, found := p.probe(t.key).Get(ctx, age, func() string { return p.check(v.check, t) })
			if !found {
				finding = "the check took too long"
			}
			findings[i] = finding
		})
	}
	all.Wait()
	var healthy []backendTarget
	for i, t := range v.targets {
		if findings[i] == "" {
			healthy = append(healthy, t)
		}
	}
	return healthy
}

func (p *dataPlane) probe(key string) *control.Probe[string] {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.probes[key] == nil {
		p.probes[key] = &control.Probe[string]{}
	}
	return p.probes[key]
}

// check does one health check and tells what is wrong.
func (p *dataPlane) check(check *computepb.HealthCheck, t *backendTarget) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(max(1, check.GetTimeoutSec()))*time.Second)
	defer cancel()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return p.dialNode(ctx, *t.cluster, t.address, t.checkPort)
	}
	spec := check.GetHttpHealthCheck()
	if spec == nil {
		conn, err := dial(ctx, "", "")
		if err != nil {
			return err.Error()
		}
		return closed(conn)
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(t.address.String(), strconv.Itoa(t.checkPort))+spec.GetRequestPath(), http.NoBody)
	if err != nil {
		return err.Error()
	}
	request.Header.Set("User-Agent", "GoogleHC/1.0")
	if spec.GetHost() != "" {
		request.Host = spec.GetHost()
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	// "The probe succeeds on an HTTP 200 status", and on nothing else.
	if response.StatusCode != http.StatusOK {
		return fmt.Sprintf("it answers %d", response.StatusCode)
	}
	return ""
}

func closed(conn net.Conn) string {
	if err := conn.Close(); err != nil {
		return err.Error()
	}
	return ""
}

// healthy is what the last check of an instance found.
func (c *call) healthy(service *computepb.BackendService, i *computepb.Instance, port int32) bool {
	v := c.serviceView(backendServices.link(c, c.Location, service.GetName()), nil)
	at := slices.IndexFunc(v.targets, func(t backendTarget) bool { return t.name == i.GetName() && t.port == int(port) })
	if at < 0 || v.targets[at].checkBlocked != nil || v.targets[at].cluster == nil || c.cloud.plane.clusters.Running(*v.targets[at].cluster) == nil {
		return false
	}
	last, usable := c.cloud.plane.probe(v.targets[at].key).Last()
	return usable && last == ""
}

// checkBeforeHealth checks the instances that a call is about before it runs: a check takes longer than the cloud's lock may be held.
func checkBeforeHealth(c *Cloud, in proto.Message) {
	request, ok := in.(*computepb.GetHealthRegionBackendServiceRequest)
	if !ok {
		return
	}
	c.mu.Lock()
	c.settle()
	var v *serviceView
	if project, known := c.projectID(request.GetProject()); known && regionExists(request.GetRegion()) {
		at := c.view(project, request.GetRegion())
		v = at.serviceView(backendServices.link(at, at.Location, strings.TrimSpace(request.GetBackendService())), nil)
	}
	c.mu.Unlock()
	if v != nil {
		c.plane.examine(context.Background(), v, control.FreshFor)
	}
}
