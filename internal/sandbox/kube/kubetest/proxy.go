package kubetest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"time"
)

type dialer func(context.Context) (net.Conn, error)

// A connectProxy takes HTTP CONNECT for the hosts that it knows, and for no other.
type connectProxy struct {
	server   *http.Server
	listener net.Listener
	hosts    map[string]dialer
}

func startProxy(hosts map[string]dialer) (*connectProxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &connectProxy{listener: listener, hosts: hosts}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

func (p *connectProxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *connectProxy) close() { _ = p.server.Close() }

func (p *connectProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	dial, ok := p.hosts[r.Host]
	if r.Method != http.MethodConnect || !ok {
		http.Error(w, "the proxy leads to the test's cluster only", http.StatusForbidden)
		return
	}
	far, err := dial(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(far, buffered.Reader); done <- struct{}{} }()
	go func() { _, _ = io.Copy(near, far); done <- struct{}{} }()
	<-done // Either end hangs up, and TLS inside has said farewell.
}

// asProxy is for rest.Config and http.Transport.
func asProxy(address string) func(*http.Request) (*url.URL, error) {
	return http.ProxyURL(mustParse(address))
}
