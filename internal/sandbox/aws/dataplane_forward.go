package aws

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
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

// connectTimeout is how long a load balancer waits for a target to accept a connection.
const connectTimeout = 10 * time.Second

// forward sends a request to a target and its answer back, neither held back anywhere.
func (b *balancer) forward(route *route, w http.ResponseWriter, r *http.Request) {
	plane, group := b.plane, route.group
	plane.examine(r.Context(), group, control.UsableFor)
	t, err := plane.choose(group)
	if err != nil {
		b.fail(route, w, http.StatusServiceUnavailable, err)
		return
	}
	if t.blocked != nil {
		b.fail(route, w, http.StatusGatewayTimeout, t.blocked)
		return
	}
	// An answer may begin while the request is still under way; HTTP/2 knows no other mode and refuses to be asked.
	_ = http.NewResponseController(w).EnableFullDuplex()
	load := plane.loadOf(group.arn, t.key)
	load.outstanding.Add(1)
	defer load.outstanding.Add(-1)
	r, up := control.Watched(r)
	proxy := httputil.ReverseProxy{
		Transport: b.transport(route, t), FlushInterval: -1, BufferPool: &control.Buffers, ErrorLog: control.Silent,
		Rewrite: func(p *httputil.ProxyRequest) { route.rewrite(p, t) },
		ModifyResponse: func(response *http.Response) error {
			route.dressing(response.Header)
			up.Parting(response.Header)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			status := http.StatusBadGateway
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				status = http.StatusGatewayTimeout
			}
			up.Parting(w.Header())
			b.fail(route, w, status, fmt.Errorf("target %s: %w", t.key, err))
		},
	}
	proxy.ServeHTTP(w, r)
}

// fail is an answer of the load balancer itself.
func (b *balancer) fail(route *route, w http.ResponseWriter, status int, why error) {
	w.Header().Set("Server", "awselb/2.0")
	route.dressing(w.Header())
	answerPage(w, status, why.Error())
}

// rewrite makes the request that a target gets ("HTTP headers and Application Load Balancers").
func (route *route) rewrite(p *httputil.ProxyRequest, t *target) {
	p.Out.URL.Scheme = "http"
	if route.group.secure {
		p.Out.URL.Scheme = "https"
	}
	// The host of the URL is what connections are kept by.
	p.Out.URL.Host = net.JoinHostPort(t.machine.address.String(), strconv.Itoa(t.port))
	p.Out.URL.RawQuery, p.Out.URL.ForceQuery = p.In.URL.RawQuery, p.In.URL.ForceQuery
	p.Out.Host = route.forwardedHost(p.In)
	header := p.Out.Header
	given := strings.Join(p.In.Header.Values("X-Forwarded-For"), ", ")
	switch route.balancer["routing.http.xff_header_processing.mode"] {
	case "remove":
		given = ""
	case "preserve":
	default:
		source := p.In.RemoteAddr
		if from, err := netip.ParseAddrPort(source); err == nil && route.balancer["routing.http.xff_client_port.enabled"] != "true" {
			source = from.Addr().Unmap().String()
		}
		given = strings.TrimPrefix(given+", "+source, ", ")
	}
	if given != "" {
		header.Set("X-Forwarded-For", given)
	}
	header.Set("X-Forwarded-Proto", strings.ToLower(route.protocol))
	header.Set("X-Forwarded-Port", strconv.Itoa(route.port))
	header.Set("X-Amzn-Trace-Id", traceID(p.In.Header.Get("X-Amzn-Trace-Id")))
	if state := p.In.TLS; state != nil && route.balancer["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"] == "true" {
		header.Set(route.listener["routing.http.request.x_amzn_tls_version.header_name"], strings.ReplaceAll(tls.VersionName(state.Version), "TLS ", "TLSv"))
		header.Set(route.listener["routing.http.request.x_amzn_tls_cipher_suite.header_name"], tls.CipherSuiteName(state.CipherSuite))
	}
}

// traceID gives a request a root, or itself a place below the root that it came with.
func traceID(given string) string {
	random := make([]byte, 12)
	_, _ = rand.Read(random)
	id := fmt.Sprintf("1-%08x-%s", time.Now().Unix(), hex.EncodeToString(random))
	if strings.Contains(given, "Root=") {
		return "Self=" + id + ";" + given
	}
	return "Root=" + id
}

// transport keeps connections to the targets of a group.
func (b *balancer) transport(route *route, t *target) http.RoundTripper {
	seconds, err := strconv.Atoi(route.balancer["idle_timeout.timeout_seconds"])
	if err != nil {
		seconds = 60
	}
	group := route.group
	key := fmt.Sprint(group.arn, "|", t.key, "|", seconds)
	b.mu.Lock()
	defer b.mu.Unlock()
	if have := b.transports[key]; have != nil {
		return have
	}
	idle, to, port := time.Duration(seconds)*time.Second, *t.machine, t.port
	made := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if to.cluster == nil {
				return nil, fmt.Errorf("instance %s is no node: %w", to.name, control.ErrRefused)
			}
			ctx, cancel := context.WithTimeout(ctx, connectTimeout)
			defer cancel()
			conn, err := b.plane.dialNode(ctx, *to.cluster, to.address, port)
			if err != nil {
				return nil, err
			}
			return &control.IdleConn{Conn: conn, Limit: idle}, nil
		},
		// Load balancers do not verify the certificates of targets.
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: connectTimeout, DisableCompression: true, MaxIdleConnsPerHost: 256, IdleConnTimeout: idle,
		Protocols: control.TargetProtocols(group.secure, group.version != "HTTP1"),
	}
	b.transports[key] = made
	return made
}
