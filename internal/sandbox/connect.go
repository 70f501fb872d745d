package sandbox

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// reasonHeader says where a path ends and why. The text of the answer says the same; clients rarely show that.
const reasonHeader = "X-Sandbox-Reason"

// connect is the way into the simulated networks: an HTTP proxy on the sandbox's own port.
//
// A proxy, and not a port per load balancer and cluster, because clients then call every host by its real name: the names and
// certificates are those of the cloud, kubeconfig files and URLs in outputs work as they are, and one port is all there is to
// know. curl --proxy and HTTPS_PROXY do the rest. A proxy also knows who calls: the user name of Proxy-Authorization is the
// caller's place (control.ParsePlace), so that "from the Internet" and "from inside vpc-1" are two URLs of the same proxy, and
// every path is judged as the network in between would.
//
// What the network answers with silence is 504 at once, since nobody learns anything by waiting; a closed port is 502.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) {
	far, err := s.dial(r, r.Host, 0)
	if err != nil {
		refuse(w, err)
		return
	}
	defer func() { _ = far.Close() }()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot carry another: use HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	defer func() { _ = near.Close() }()
	_ = near.SetDeadline(time.Time{})
	if _, err := near.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return
	}
	// What the client has sent already is in the buffer.
	splice(near, buffered.Reader, far)
}

// relay serves clients that do not ask for a tunnel when the URL is http://.
func (s *Server) relay(w http.ResponseWriter, r *http.Request) {
	far, err := s.dial(r, r.URL.Host, 80)
	if err != nil {
		refuse(w, err)
		return
	}
	_ = http.NewResponseController(w).EnableFullDuplex()
	// One connection for one request: the next may come from another place.
	transport := &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return far, nil }, DisableKeepAlives: true, DisableCompression: true,
	}
	proxy := httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(p *httputil.ProxyRequest) {
			// The caller is no proxy to whom it calls: nothing of it shows.
			p.Out.URL.RawQuery, p.Out.Host = p.In.URL.RawQuery, p.In.Host
			for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				p.Out.Header[name] = p.In.Header[name]
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	proxy.ServeHTTP(w, r)
}

// dial opens the connection that a request to the proxy asks for.
func (s *Server) dial(r *http.Request, hostPort string, standard int) (net.Conn, error) {
	place, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil && standard > 0 {
		host, text, err = hostPort, strconv.Itoa(standard), nil
	}
	port, atoi := strconv.Atoi(text)
	if err != nil || atoi != nil || port < 1 || port > 65535 {
		return nil, &control.PathError{Kind: control.UnknownPlace, Hop: "proxy", Reason: "the target " + strconv.Quote(hostPort) + " is not host:port"}
	}
	// A host in a network of one cloud calls hosts of that cloud.
	if inAWS := place.VPC != "" || place.Subnet != ""; !inAWS && s.GCP.Knows(place, host) {
		return s.GCP.Connect(r.Context(), place, host, port)
	}
	return s.AWS.Connect(r.Context(), place, host, port)
}

// placeOf is the caller's place: the user name, whatever the password.
func placeOf(r *http.Request) (control.Place, error) {
	header := r.Header.Get("Proxy-Authorization")
	if header == "" {
		return control.Place{}, nil
	}
	encoded, ok := strings.CutPrefix(header, "Basic ")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil {
		return control.Place{}, &control.PathError{Kind: control.UnknownPlace, Hop: "proxy", Reason: "Proxy-Authorization must be Basic, with the caller's place as user name"}
	}
	place, _, _ := strings.Cut(string(raw), ":")
	return control.ParsePlace(place)
}

// refuse answers with how a connection failed.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	var path *control.PathError
	if errors.As(err, &path) {
		w.Header().Set(reasonHeader, path.Error())
		switch path.Kind {
		case control.NoPath:
			status = http.StatusGatewayTimeout
		case control.UnknownPlace:
			status = http.StatusBadRequest
		case control.Refused, control.UnknownHost:
		}
	}
	http.Error(w, err.Error(), status)
}

// splice copies both ways until both ends are done. An end that only stops sending may go on receiving.
func splice(near net.Conn, fromNear io.Reader, far net.Conn) {
	var both sync.WaitGroup
	carry := func(to net.Conn, from io.Reader) {
		_, err := io.Copy(to, from)
		half, ok := to.(interface{ CloseWrite() error })
		if err != nil || !ok || half.CloseWrite() != nil {
			_ = to.Close()
		}
	}
	both.Go(func() { carry(far, fromNear) })
	both.Go(func() { carry(near, far) })
	both.Wait()
}

// ownHost reports whether an absolute URL is about the sandbox itself, from a client that sends everything to its proxy.
func ownHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
