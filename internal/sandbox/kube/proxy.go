package kube

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
)

// A proxy stands in for kube-proxy, the pods' network and DNS: it knows which
// loopback address stands for which pod and Service.
type proxy struct {
	loop  *loop
	table atomic.Pointer[table]
	dns   *dnsServer

	mu sync.Mutex
	// fronts are the loopback addresses of Services, by namespace/name.
	fronts map[string]*front
}

// A table is where everything leads at one moment.
type table struct {
	services  map[string]*route // by namespace/name
	addresses map[netip.Addr]*route
	nodePorts map[int]target
	pods      map[netip.Addr]netip.Addr // by the address that the cluster sees
}

// A route is a Service with its pods that take requests.
type route struct {
	service *corev1.Service
	ports   []target
	pods    []endpoint
	front   *front
}

// A target is a port of a Service.
type target struct {
	route *route
	port  corev1.ServicePort
}

type endpoint struct {
	pod         *corev1.Pod
	alias       netip.Addr
	ready       bool
	terminating bool
}

func newProxy(l *loop) *proxy {
	p := &proxy{loop: l, fronts: map[string]*front{}}
	p.table.Store(&table{})
	return p
}

func (p *proxy) start() (err error) {
	p.dns, err = startDNS(p)
	return err
}

func (p *proxy) close() {
	if p.dns != nil {
		p.dns.close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.fronts {
		f.close()
	}
}

// dial connects to one of the ready pods behind a port, at random.
func (t target) dial(ctx context.Context, on func(*corev1.Pod) bool) (net.Conn, error) {
	var ready []endpoint
	for _, e := range t.route.pods {
		if e.ready && (on == nil || on(e.pod)) {
			ready = append(ready, e)
		}
	}
	rand.Shuffle(len(ready), func(i, j int) { ready[i], ready[j] = ready[j], ready[i] })
	for _, e := range ready {
		port, ok := targetPort(t.port, e.pod)
		if !ok {
			continue
		}
		return (&net.Dialer{}).DialContext(ctx, "tcp", netip.AddrPortFrom(e.alias, uint16(port)).String())
	}
	return nil, fmt.Errorf("no ready pod behind Service %s/%s port %d", t.route.service.Namespace, t.route.service.Name, t.port.Port)
}

// targetPort is the port of a pod that a Service's port means.
func targetPort(p corev1.ServicePort, pod *corev1.Pod) (int32, bool) {
	if p.TargetPort.StrVal == "" {
		if p.TargetPort.IntVal == 0 {
			return p.Port, true
		}
		return p.TargetPort.IntVal, true
	}
	for _, c := range pod.Spec.Containers {
		for _, cp := range c.Ports {
			if cp.Name == p.TargetPort.StrVal && (cp.Protocol == "" || cp.Protocol == corev1.ProtocolTCP) {
				return cp.ContainerPort, true
			}
		}
	}
	return 0, false
}

func (p *proxy) dialNodePort(ctx context.Context, node netip.Addr, port int) (net.Conn, error) {
	to := netip.AddrPortFrom(node, uint16(port))
	if !p.loop.isNode(node) {
		return nil, refused(to, "no node has this address")
	}
	t, ok := p.table.Load().nodePorts[port]
	if !ok {
		return nil, refused(to, "no Service has this node port")
	}
	var here func(*corev1.Pod) bool
	if t.route.service.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
		here = func(pod *corev1.Pod) bool { return pod.Status.HostIP == node.String() }
	}
	conn, err := t.dial(ctx, here)
	if err != nil {
		return nil, refused(to, err.Error())
	}
	return conn, nil
}

// dialInside connects to a pod or Service by the address that the cluster sees.
func (p *proxy) dialInside(ctx context.Context, address netip.Addr, port string) (net.Conn, error) {
	t := p.table.Load()
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	if alias, ok := t.pods[address]; ok {
		return (&net.Dialer{}).DialContext(ctx, "tcp", netip.AddrPortFrom(alias, uint16(number)).String())
	}
	if r, ok := t.addresses[address]; ok {
		for _, t := range r.ports {
			if int(t.port.Port) == int(number) {
				return t.dial(ctx, nil)
			}
		}
	}
	return nil, fmt.Errorf("no pod or Service has the address %s", address)
}
