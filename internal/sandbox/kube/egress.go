package kube

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// egressSocket is in the run's folder.
const egressSocket = "egress.sock"

// An egress takes the API server's connections into the cluster: it asks by HTTP
// CONNECT for the address of a node, a pod or a Service, as it would dial it in a
// VPC, and gets what stands in for it here.
type egress struct {
	server *http.Server
	loop   *loop
	nodes  *http.Server
	inbox  *inbox
}

func startEgress(socket string, l *loop) (*egress, error) {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	e := &egress{loop: l, inbox: newInbox()}
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second, ErrorLog: silent}
	e.nodes = kubeletServer(l)
	go func() { _ = e.server.Serve(listener) }()
	go func() { _ = e.nodes.ServeTLS(e.inbox, "", "") }()
	return e, nil
}

func (e *egress) close() {
	_ = e.server.Close()
	_ = e.nodes.Close()
}

func (e *egress) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	far, err := e.dial(r.Context(), r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		far.Close()
		return
	}
	if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		near.Close()
		far.Close()
		return
	}
	join(&prefixed{Conn: near, r: buffered.Reader}, far)
}

func (e *egress) dial(ctx context.Context, target string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return nil, fmt.Errorf("the API server asked for %q, which is no address", target)
	}
	if e.loop.isNode(address) {
		if port != fmt.Sprint(kubeletPort) {
			return nil, fmt.Errorf("nothing listens on port %s of node %s", port, address)
		}
		return e.inbox.connect(address)
	}
	return e.loop.proxy.dialInside(ctx, address, port)
}

// prefixed reads what a buffer holds already before it reads the connection.
type prefixed struct {
	net.Conn
	r io.Reader
}

func (c *prefixed) Read(p []byte) (int, error) { return c.r.Read(p) }

// join copies both ways until both ends are done.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	copyTo := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		} else {
			_ = to.Close()
		}
	}
	both.Go(func() { copyTo(a, b) })
	both.Go(func() { copyTo(b, a) })
	both.Wait()
	a.Close()
	b.Close()
}

// CloseWrite passes on the end of one direction, for io.Copy sees only the wrapper.
func (c *prefixed) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// An inbox is a listener whose connections are made in this process.
type inbox struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newInbox() *inbox { return &inbox{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (i *inbox) Accept() (net.Conn, error) {
	select {
	case c := <-i.conns:
		return c, nil
	case <-i.closed:
		return nil, net.ErrClosed
	}
}

func (i *inbox) Close() error {
	i.once.Do(func() { close(i.closed) })
	return nil
}

func (i *inbox) Addr() net.Addr { return &net.UnixAddr{Name: "kubelets", Net: "unix"} }

// connect answers with a connection to the kubelet at an address.
func (i *inbox) connect(node netip.Addr) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case i.conns <- &nodeConn{Conn: far, node: node}:
		return near, nil
	case <-i.closed:
		near.Close()
		far.Close()
		return nil, net.ErrClosed
	}
}

// nodeConn remembers which kubelet it leads to.
type nodeConn struct {
	net.Conn
	node netip.Addr
}

func (c *nodeConn) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.node, kubeletPort))
}
