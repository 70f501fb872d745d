package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// startWithin bounds a start on a busy machine; on an idle one it takes 3 s.
const startWithin = 2 * time.Minute

var errClosed = errors.New("the cluster is closed")

// Cluster is one Kubernetes cluster. It costs nothing until its API server is
// first dialled.
type Cluster struct {
	config Config

	mu     sync.Mutex
	start  *start
	closed bool
}

// A start happens once; whoever dials meanwhile waits for it.
type start struct {
	done   chan struct{}
	cancel context.CancelFunc
	plane  *plane
	err    error
}

// New describes a cluster. It starts nothing.
func New(config Config) *Cluster {
	if config.TimeScale == 0 {
		config.TimeScale = defaultTimeScale
	}
	if config.MountRefresh == 0 {
		config.MountRefresh = defaultMountRefresh
	}
	if config.ServiceCIDR == "" {
		config.ServiceCIDR = defaultServiceCIDR
	}
	return &Cluster{config: config}
}

// DialAPI connects to the API server's TLS port. The first call starts the
// cluster and waits until it is ready; the start goes on when ctx ends.
func (c *Cluster) DialAPI(ctx context.Context) (net.Conn, error) {
	p, err := c.ready(ctx)
	if err != nil {
		return nil, fmt.Errorf("starting the API server of cluster %q: %w", c.config.Name, err)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", p.apiserver.address)
}

// DialNodePort connects to a ready pod behind the Service that has the port on
// every node, as kube-proxy would. A cluster that does not run refuses.
func (c *Cluster) DialNodePort(ctx context.Context, node netip.Addr, port int) (net.Conn, error) {
	p := c.running()
	if p == nil {
		return nil, refused(netip.AddrPortFrom(node, uint16(port)), "the cluster does not run")
	}
	return p.loop.proxy.dialNodePort(ctx, node, port)
}

// Running reports whether the cluster has been started and not closed since.
func (c *Cluster) Running() bool { return c.running() != nil }

// Close ends every process that the cluster started and waits for them. A closed
// cluster cannot be started again; one with a StateDir is continued by a new
// Cluster.
func (c *Cluster) Close() error {
	c.mu.Lock()
	s := c.start
	c.closed, c.start = true, nil
	c.mu.Unlock()
	if s == nil {
		return nil
	}
	s.cancel()
	<-s.done
	if s.plane == nil {
		return nil
	}
	return s.plane.close()
}

func (c *Cluster) running() *plane {
	c.mu.Lock()
	s := c.start
	c.mu.Unlock()
	if s == nil {
		return nil
	}
	select {
	case <-s.done:
	default:
		return nil
	}
	if s.plane == nil || s.plane.ended() {
		return nil
	}
	return s.plane
}

func (c *Cluster) ready(ctx context.Context) (*plane, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, errClosed
	}
	if c.start == nil || c.start.failed() {
		c.start = c.begin()
	}
	s := c.start
	c.mu.Unlock()
	select {
	case <-s.done:
		return s.plane, s.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// failed reports whether the start came to nothing, or what it started ended. The
// next call tries again: the binaries may be there by then.
func (s *start) failed() bool {
	select {
	case <-s.done:
	default:
		return false
	}
	if s.plane != nil && s.plane.ended() {
		_ = s.plane.close()
		return true
	}
	return s.err != nil
}

func (c *Cluster) begin() *start {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	s := &start{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(s.done)
		defer cancel()
		s.plane, s.err = startPlane(ctx, &c.config)
	}()
	return s
}

// refused is what a dialler of a real port would get.
func refused(to netip.AddrPort, why string) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: fmt.Errorf("%w: %s", os.NewSyscallError("connect", errRefused), why)}
}
