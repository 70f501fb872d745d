package control

import (
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Silent is for servers whose complaints about their clients interest nobody.
var Silent = log.New(io.Discard, "", 0)

// Buffers are shared by the load balancers' proxies.
var Buffers BufferPool

// BufferPool implements httputil.BufferPool.
type BufferPool struct{ pool sync.Pool }

// Get implements httputil.BufferPool.
func (b *BufferPool) Get() []byte {
	if have, ok := b.pool.Get().(*[]byte); ok {
		return *have
	}
	return make([]byte, 32<<10)
}

// Put implements httputil.BufferPool.
func (b *BufferPool) Put(buffer []byte) { b.pool.Put(&buffer) }

// IdleConn is a connection that ends when nothing passes in either direction for as long as Limit.
type IdleConn struct {
	net.Conn
	Limit time.Duration
}

// Read implements net.Conn.
func (c *IdleConn) Read(p []byte) (int, error) {
	_ = c.SetDeadline(time.Now().Add(c.Limit))
	return c.Conn.Read(p)
}

// Write implements net.Conn. It also puts off the end of a Read that waits.
func (c *IdleConn) Write(p []byte) (int, error) {
	_ = c.SetDeadline(time.Now().Add(c.Limit))
	return c.Conn.Write(p)
}

// TargetProtocols is what a load balancer speaks with its targets: one version and nothing else.
func TargetProtocols(secure, http2 bool) *http.Protocols {
	var p http.Protocols
	switch {
	case !http2:
		p.SetHTTP1(true)
	case secure:
		p.SetHTTP2(true)
	default:
		p.SetUnencryptedHTTP2(true)
	}
	return &p
}
