package kube

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"net"
	"net/http"
	"strconv"
	"time"
)

const kubeletPort = 10250

// kubeletServer is the HTTPS endpoint of all kubelets: the API server fetches logs
// there. Each connection gets a certificate for the node that it asked for.
func kubeletServer(l *loop) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", l.serveLogs)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the sandbox's kubelets serve logs only: there are no containers to run commands in", http.StatusNotImplemented)
	})
	return &http.Server{
		Handler: mux, ErrorLog: silent, ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: l.signer.pool(),
			GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
				host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
				if err != nil {
					return nil, err
				}
				pair, err := l.signer.pair(pkix.Name{CommonName: "system:node:" + host, Organization: []string{"system:nodes"}}, host)
				return &pair, err
			},
		},
	}
}

func (l *loop) serveLogs(w http.ResponseWriter, r *http.Request) {
	c := l.kubelet.container(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"))
	if c == nil {
		http.Error(w, "container not found", http.StatusNotFound)
		return
	}
	query := r.URL.Query()
	book := c.logs(query.Get("previous") == "true")
	if book == nil {
		http.Error(w, "previous terminated container not found", http.StatusBadRequest)
		return
	}
	want := logQuery{lines: -1, timestamps: query.Get("timestamps") == "true"}
	if n, err := strconv.Atoi(query.Get("tailLines")); err == nil {
		want.lines = n
	}
	if n, err := strconv.Atoi(query.Get("limitBytes")); err == nil {
		want.bytes = n
	}
	if n, err := strconv.Atoi(query.Get("sinceSeconds")); err == nil {
		want.since = time.Now().Add(-time.Duration(n) * time.Second)
	}
	if at, err := time.Parse(time.RFC3339, query.Get("sinceTime")); err == nil {
		want.since = at
	}
	w.Header().Set("Content-Type", "text/plain")
	flush := http.NewResponseController(w).Flush
	next := book.write(w, want)
	_ = flush()
	for query.Get("follow") == "true" && !book.ended() {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
		next = book.follow(w, next, want.timestamps)
		_ = flush()
	}
}
