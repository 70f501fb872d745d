package gcp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// connectTimeout is how long a proxy waits for an instance to accept a connection.
const connectTimeout = 5 * time.Second

// forward sends a request to an instance and its answer back, neither held back anywhere. The timeout of the backend service is for
// the whole answer, streams and WebSockets included ("Timeouts and retries").
func (b *balancer) forward(route *verdict, w http.ResponseWriter, r *http.Request) {
	plane, service := b.plane, route.service
	t, err := plane.choose(service, plane.examine(r.Context(), service, control.UsableFor))
	if err != nil {
		answer(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	if t.blocked != nil {
		answer(w, http.StatusServiceUnavailable, t.blocked.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(service.body.GetTimeoutSec())*time.Second)
	defer cancel()
	r, up := control.Watched(r)
	// An answer may begin while the request is still under way; HTTP/2 knows no other mode and refuses to be asked.
	_ = http.NewResponseController(w).EnableFullDuplex()
	proxy := httputil.ReverseProxy{
		Transport: b.transport(service, t), FlushInterval: -1, BufferPool: &control.Buffers, ErrorLog: control.Silent,
		Rewrite: func(p *httputil.ProxyRequest) { route.rewrite(p, t) },
		ModifyResponse: func(response *http.Response) error {
			response.Header.Add("Via", "1.1 google")
			up.Parting(response.Header)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			status := http.StatusBadGateway
			var timeout net.Error
			switch {
			case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
				status = http.StatusGatewayTimeout
			case errors.Is(err, control.ErrRefused):
				status = http.StatusServiceUnavailable
			}
			up.Parting(w.Header())
			answer(w, status, fmt.Sprintf("instance %s: %v", t.name, err))
		},
	}
	proxy.ServeHTTP(w, r.WithContext(ctx))
}

// rewrite makes the request that an instance gets.
func (route *verdict) rewrite(p *httputil.ProxyRequest, t *backendTarget) {
	p.Out.URL.Scheme = "http"
	if route.service.body.GetProtocol() == "HTTPS" || route.service.body.GetProtocol() == "HTTP2" {
		p.Out.URL.Scheme = "https"
	}
	// The host of the URL is what connections are kept by.
	p.Out.URL.Host = net.JoinHostPort(t.address.String(), strconv.Itoa(t.port))
	p.Out.URL.RawQuery, p.Out.URL.ForceQuery = p.In.URL.RawQuery, p.In.URL.ForceQuery
	p.Out.Host = p.In.Host
	given := strings.Join(p.In.Header.Values("X-Forwarded-For"), ",")
	source := p.In.RemoteAddr
	if from, err := netip.ParseAddrPort(source); err == nil {
		source = from.Addr().Unmap().String()
	}
	// Two addresses are added: the client's and the load balancer's own.
	p.Out.Header.Set("X-Forwarded-For", strings.TrimPrefix(given+","+source+","+route.address, ","))
	p.Out.Header.Set("X-Forwarded-Proto", "http")
	if route.secure {
		p.Out.Header.Set("X-Forwarded-Proto", "https")
	}
	p.Out.Header.Add("Via", "1.1 google")
}

// transport keeps connections to an instance.
func (b *balancer) transport(v *serviceView, t *backendTarget) http.RoundTripper {
	protocol := v.body.GetProtocol()
	key := t.key + "|" + protocol
	b.mu.Lock()
	defer b.mu.Unlock()
	if have := b.transports[key]; have != nil {
		return have
	}
	to := *t
	made := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if to.cluster == nil {
				return nil, fmt.Errorf("instance %s is no node: %w", to.name, control.ErrRefused)
			}
			ctx, cancel := context.WithTimeout(ctx, connectTimeout)
			defer cancel()
			return b.plane.dialNode(ctx, *to.cluster, to.address, to.port)
		},
		// Load balancers do not verify the certificates of instances.
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: connectTimeout, DisableCompression: true, MaxIdleConnsPerHost: 256, IdleConnTimeout: clientTimeout,
		Protocols: control.TargetProtocols(protocol == "HTTPS" || protocol == "HTTP2", protocol == "HTTP2"),
	}
	b.transports[key] = made
	return made
}
