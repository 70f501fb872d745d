package gcp

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// balancer serves one forwarding rule with its target proxy. It asks the state about every request, so that a changed URL map,
// certificate or policy counts from the next one on.
type balancer struct {
	plane *dataPlane
	rule  target
	// secure is fixed: a rule that gets a target of the other kind gets another server.
	secure bool
	queue  *control.Queue
	server *http.Server

	mu         sync.Mutex
	transports map[string]*http.Transport
}

// clientTimeout is how long a connection of a client may be silent between requests: httpKeepAliveTimeoutSec of a regional load
// balancer, which is fixed.
const clientTimeout = 600 * time.Second

// dialRule connects to a forwarding rule, whose server it starts if need be.
func (p *dataPlane) dialRule(w way) (net.Conn, error) {
	b, sockets, err := p.balancer(w.rule)
	if err != nil {
		return nil, err
	}
	near, far, err := sockets.Pair(w.source)
	if err != nil {
		return nil, err
	}
	if b == nil || !b.queue.Hand(far) {
		_, _ = near.Close(), far.Close()
		return nil, &control.PathError{Kind: control.Refused, Hop: w.name, Reason: "the forwarding rule is gone"}
	}
	return near, nil
}

// balancer is the running server of a forwarding rule, or nil if the rule is gone.
func (p *dataPlane) balancer(rule target) (*balancer, *control.Loopback, error) {
	p.cloud.mu.Lock()
	defer p.cloud.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, net.ErrClosed
	}
	if p.loopback == nil {
		var err error
		if p.loopback, err = control.NewLoopback(); err != nil {
			return nil, nil, err
		}
	}
	at := p.cloud.view(rule.project, rule.location)
	if forwardingRules.in(at, rule.location)[rule.name] == nil {
		return nil, p.loopback, nil
	}
	b := p.balancers[rule]
	if b == nil {
		b = &balancer{plane: p, rule: rule, queue: control.NewQueue(), transports: map[string]*http.Transport{}}
		b.secure = b.isSecure()
		b.server = &http.Server{
			Handler: http.HandlerFunc(b.serve), ReadHeaderTimeout: time.Minute, IdleTimeout: clientTimeout, MaxHeaderBytes: maxHeaders, ErrorLog: control.Silent,
		}
		if b.secure {
			b.server.TLSConfig = b.tlsConfig()
			go func() { _ = b.server.ServeTLS(b.queue, "", "") }()
		} else {
			go func() { _ = b.server.Serve(b.queue) }()
		}
		p.balancers[rule] = b
	}
	return b, p.loopback, nil
}

// maxHeaders bounds the request line and all headers of a request ("Quotas and limits" of load balancing).
const maxHeaders = 64 << 10

// isSecure reports whether the rule leads to a target HTTPS proxy. The cloud's lock is held.
func (b *balancer) isSecure() bool {
	at := b.plane.cloud.view(b.rule.project, b.rule.location)
	held := forwardingRules.in(at, b.rule.location)[b.rule.name]
	if held == nil {
		return b.secure
	}
	t, _ := at.parseTarget(held.Body.GetTarget())
	return t.plural == httpsProxies.plural
}

func (b *balancer) close() {
	_, _ = b.server.Close(), b.queue.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.transports {
		t.CloseIdleConnections()
	}
	b.transports = map[string]*http.Transport{}
}
