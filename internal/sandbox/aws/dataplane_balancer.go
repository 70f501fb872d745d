package aws

import (
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// balancer serves the listeners of one load balancer. It asks the state about every request, so that a changed rule,
// certificate or attribute counts from the next one on.
type balancer struct {
	plane           *dataPlane
	account, region string
	arn             string

	mu         sync.Mutex
	listeners  map[string]*balancerListener
	transports map[string]*http.Transport
}

// balancerListener is the HTTP server of one listener.
type balancerListener struct {
	queue  *control.Queue
	server *http.Server
	// secure is fixed: a listener that changes its protocol gets another server.
	secure bool
}

// dialListener connects to a listener of a load balancer, which it starts if need be.
func (p *dataPlane) dialListener(w way) (net.Conn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, net.ErrClosed
	}
	if p.loopback == nil {
		var err error
		if p.loopback, err = control.NewLoopback(); err != nil {
			p.mu.Unlock()
			return nil, err
		}
	}
	b := p.balancers[w.balancer]
	if b == nil {
		b = &balancer{
			plane: p, account: w.at.Account, region: w.at.Region, arn: w.balancer,
			listeners: map[string]*balancerListener{}, transports: map[string]*http.Transport{},
		}
		p.balancers[w.balancer] = b
	}
	sockets := p.loopback
	p.mu.Unlock()
	l, ok := b.listener(w.listener)
	if !ok {
		return nil, &PathError{Kind: Refused, Hop: w.name, Reason: "the listener is gone"}
	}
	near, far, err := sockets.Pair(w.source)
	if err != nil {
		return nil, err
	}
	if !l.queue.Hand(far) {
		_, _ = near.Close(), far.Close()
		return nil, &PathError{Kind: Refused, Hop: w.name, Reason: "the listener is gone"}
	}
	return near, nil
}

// listener is the running server of a listener.
func (b *balancer) listener(arn string) (*balancerListener, bool) {
	cloud := b.plane.cloud
	cloud.mu.Lock()
	at := cloud.in(b.account, b.region)
	l, lb := at.elb().Listeners[arn], at.elb().LoadBalancers[b.arn]
	if l == nil || lb == nil {
		cloud.mu.Unlock()
		return nil, false
	}
	secure, idle := l.Protocol == elbtypes.ProtocolEnumHttps, idleTimeout(lb)
	cloud.mu.Unlock()

	b.mu.Lock()
	defer b.mu.Unlock()
	if have := b.listeners[arn]; have != nil {
		return have, true
	}
	made := &balancerListener{queue: control.NewQueue(), secure: secure}
	made.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.serve(arn, w, r) }),
		// Twice what is allowed, so that the handler says no in the load balancer's words.
		MaxHeaderBytes: 2 * maxHeaders, ReadHeaderTimeout: idle, IdleTimeout: idle,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	b.listeners[arn] = made
	if secure {
		made.server.TLSConfig = b.tlsConfig(arn)
		go func() { _ = made.server.ServeTLS(made.queue, "", "") }()
	} else {
		go func() { _ = made.server.Serve(made.queue) }()
	}
	return made, true
}

// prune ends the servers whose listeners are gone or speak another protocol now, and connections to targets that are gone. The
// cloud's lock is held.
func (b *balancer) prune(r *Region) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for arn, l := range b.listeners {
		if now := r.ELB.Listeners[arn]; now == nil || (now.Protocol == elbtypes.ProtocolEnumHttps) != l.secure {
			delete(b.listeners, arn)
			b.plane.end(l.close)
		}
	}
	for key, t := range b.transports {
		if !b.plane.targetExists(key) {
			delete(b.transports, key)
			t.CloseIdleConnections()
		}
	}
}

func (l *balancerListener) close() { _, _ = l.server.Close(), l.queue.Close() }

func (b *balancer) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.listeners {
		l.close()
	}
	for _, t := range b.transports {
		t.CloseIdleConnections()
	}
	b.listeners = map[string]*balancerListener{}
}

// idleTimeout is how long a connection may be silent, to either side.
func idleTimeout(lb *elbLoadBalancer) time.Duration {
	seconds, err := strconv.Atoi(lb.Attributes["idle_timeout.timeout_seconds"])
	if err != nil || seconds < 1 {
		seconds = 60
	}
	return time.Duration(seconds) * time.Second
}
