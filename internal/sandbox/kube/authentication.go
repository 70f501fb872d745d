package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/json"
	"net"
	"net/http"
	"time"

	authv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A webhook answers the API server's question whose a bearer token is. It talks
// to nobody else: the API server shows a certificate.
type webhook struct {
	server   *http.Server
	listener net.Listener
}

func startWebhook(signer *authority, authenticate func(context.Context, string) (User, error)) (*webhook, error) {
	pair, err := signer.pair(pkix.Name{CommonName: "webhook"}, "127.0.0.1")
	if err != nil {
		return nil, err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: signer.pool(), MinVersion: tls.VersionTLS13,
	})
	if err != nil {
		return nil, err
	}
	w := &webhook{listener: listener, server: &http.Server{
		Handler:           reviews(authenticate),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          silent,
	}}
	go func() { _ = w.server.Serve(listener) }()
	return w, nil
}

func (w *webhook) url() string { return "https://" + w.listener.Addr().String() + "/" }

func (w *webhook) close() {
	if w != nil {
		_ = w.server.Close()
	}
}

// reviews speaks the TokenReview protocol.
func reviews(authenticate func(context.Context, string) (User, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var review authv1.TokenReview
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		user, err := authenticate(r.Context(), review.Spec.Token)
		answer := authv1.TokenReview{TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenReview"}}
		if err != nil {
			answer.Status.Error = err.Error()
		} else {
			answer.Status.Authenticated = true
			answer.Status.Audiences = review.Spec.Audiences
			answer.Status.User = authv1.UserInfo{Username: user.Name, UID: user.UID, Groups: user.Groups}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}
}
