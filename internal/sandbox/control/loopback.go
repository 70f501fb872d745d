package control

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// Loopback makes pairs of connected TCP sockets. The servers of this package get one end of a pair as an accepted connection,
// so that they have everything a socket has (deadlines, half-close, buffers) and no port of their own: a port that anybody
// could dial would be a way around the judgement of paths. The single port here lets nobody in but its own pairs.
type Loopback struct {
	listener *net.TCPListener
	// closed ends when the listener does.
	closed chan struct{}

	mu      sync.Mutex
	waiting map[string]chan *net.TCPConn
}

// NewLoopback opens the port.
func NewLoopback() (*Loopback, error) {
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		return nil, fmt.Errorf("listen on loopback for the data plane: %w", err)
	}
	l := &Loopback{listener: listener, closed: make(chan struct{}), waiting: map[string]chan *net.TCPConn{}}
	go l.accept()
	return l, nil
}

func (l *Loopback) accept() {
	defer close(l.closed)
	for {
		conn, err := l.listener.AcceptTCP()
		if err != nil {
			return
		}
		l.mu.Lock()
		// The dialler holds the lock until it has registered, so its own connection is known by now.
		to := l.waiting[conn.RemoteAddr().String()]
		delete(l.waiting, conn.RemoteAddr().String())
		l.mu.Unlock()
		if to == nil {
			_ = conn.Close()
			continue
		}
		to <- conn
	}
}

// Pair makes two connected sockets. The second one claims to come from an address.
func (l *Loopback) Pair(from netip.Addr) (near, far net.Conn, err error) {
	accepted := make(chan *net.TCPConn, 1)
	l.mu.Lock()
	near, err = net.Dial("tcp", l.listener.Addr().String())
	if err == nil {
		l.waiting[near.LocalAddr().String()] = accepted
	}
	l.mu.Unlock()
	if err != nil {
		return nil, nil, fmt.Errorf("connect on loopback: %w", err)
	}
	select {
	case conn := <-accepted:
		port := netip.MustParseAddrPort(near.LocalAddr().String()).Port()
		return near, &sourced{TCPConn: conn, from: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, port))}, nil
	case <-l.closed:
		_ = near.Close()
		return nil, nil, net.ErrClosed
	}
}

// Close ends the port; pairs stay.
func (l *Loopback) Close() { _ = l.listener.Close() }

// sourced is a connection that shows the address its caller has in the simulated world.
type sourced struct {
	*net.TCPConn
	from net.Addr
}

// RemoteAddr implements net.Conn.
func (s *sourced) RemoteAddr() net.Addr { return s.from }

// Queue is a net.Listener of connections that are handed to it.
type Queue struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewQueue makes one.
func NewQueue() *Queue { return &Queue{conns: make(chan net.Conn), closed: make(chan struct{})} }

// Accept implements net.Listener.
func (q *Queue) Accept() (net.Conn, error) {
	select {
	case conn := <-q.conns:
		return conn, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (q *Queue) Close() error {
	q.once.Do(func() { close(q.closed) })
	return nil
}

// Addr implements net.Listener.
func (q *Queue) Addr() net.Addr { return &net.TCPAddr{} }

// Hand gives a connection to whoever accepts.
func (q *Queue) Hand(conn net.Conn) bool {
	select {
	case q.conns <- conn:
		return true
	case <-q.closed:
		return false
	}
}
