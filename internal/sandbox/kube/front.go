package kube

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A front is the loopback address that stands for a Service's cluster IP: pods
// that look the Service up in DNS get it and connect to it.
type front struct {
	address  aliasLease
	service  string
	proxy    *proxy
	mu       sync.Mutex
	listens  map[int32]net.Listener
	problems map[int32]error
}

func (f *front) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.listens {
		l.Close()
	}
	f.address.release()
}

// serve listens on exactly these ports and answers with the new problems.
func (f *front) serve(ports []target) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	wanted := map[int32]bool{}
	var fresh []error
	for _, t := range ports {
		wanted[t.port.Port] = true
		if f.listens[t.port.Port] != nil || f.problems[t.port.Port] != nil {
			continue
		}
		l, err := net.Listen("tcp", netip.AddrPortFrom(f.address.addr, uint16(t.port.Port)).String())
		if err != nil {
			f.problems[t.port.Port] = err
			fresh = append(fresh, err)
			continue
		}
		f.listens[t.port.Port] = l
		go f.accept(l, t.port.Port)
	}
	for port, l := range f.listens {
		if !wanted[port] {
			l.Close()
			delete(f.listens, port)
		}
	}
	return fresh
}

func (f *front) accept(l net.Listener, port int32) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go f.forward(conn, port)
	}
}

// forward joins a caller with a ready pod; where there is none, it hangs up as
// kube-proxy's reject rule would have.
func (f *front) forward(near net.Conn, port int32) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if r, ok := f.proxy.table.Load().services[f.service]; ok {
		for _, t := range r.ports {
			if t.port.Port != port {
				continue
			}
			if far, err := t.dial(ctx, nil); err == nil {
				join(near, far)
				return
			}
		}
	}
	if tcp, ok := near.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // A reset, not an end of stream.
	}
	near.Close()
}
