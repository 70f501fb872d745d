package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// API is one cluster's Kubernetes API. It is safe for concurrent use.
type API struct {
	access  serving.KubernetesAccess
	dynamic dynamic.Interface
	http    *http.Client
	tokens  *tokens
	reader  *reader
	publish *publisher
	// patience is how long the first answer may take.
	patience time.Duration
}

// newAPI makes the clients and does no I/O.
func newAPI(access serving.KubernetesAccess, wrap func(http.RoundTripper) http.RoundTripper) (*API, error) {
	a := &API{access: access, tokens: &tokens{mint: access.Token}, patience: 2 * dialTimeout}
	config := &rest.Config{
		Host:            access.URL,
		TLSClientConfig: rest.TLSClientConfig{CAData: []byte(access.CACertificatePEM)},
		UserAgent:       fieldManager,
		// The server itself is fair between its clients (API priority and fairness);
		// the client's own limit of five calls a second would make a plan of many
		// servers slow.
		QPS: -1,
		// What the server has to say besides is for those who write manifests by hand.
		WarningHandler: rest.NoWarnings{},
		Dial:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		WrapTransport: func(next http.RoundTripper) http.RoundTripper {
			if wrap != nil {
				next = wrap(next)
			}
			return &authorized{next: next, tokens: a.tokens}
		},
	}
	if access.ProxyURL != "" {
		proxy, err := url.Parse(access.ProxyURL)
		if err != nil {
			return nil, errors.New("kubernetes_api.proxy_url is not a URL")
		}
		config.Proxy = http.ProxyURL(proxy)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("client of the Kubernetes API %s: %w", access.URL, err)
	}
	if a.dynamic, err = dynamic.NewForConfigAndClient(config, client); err != nil {
		return nil, fmt.Errorf("client of the Kubernetes API %s: %w", access.URL, err)
	}
	a.http = client
	a.reader = newReader(a)
	a.publish = newPublisher(a)
	return a, nil
}

// itself is for graphs that begin when the cluster is there.
func (a *API) itself(context.Context) (*API, error) { return a, nil }

// dialTimeout bounds one attempt to connect: an endpoint that is closed to the
// runner drops packets and never answers.
const dialTimeout = 15 * time.Second

// tokens keeps the bearer token until shortly before its end, so that a long
// wait never meets an old one.
type tokens struct {
	mint func(context.Context) (serving.KubernetesToken, error)

	mu   sync.Mutex
	last serving.KubernetesToken
}

// margin is how long before its end a token is made anew.
const margin = time.Minute

func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last.Value != "" && time.Until(t.last.Expires) > margin {
		return t.last.Value, nil
	}
	token, err := t.mint(ctx)
	if err != nil {
		return "", err
	}
	t.last = token
	return token.Value, nil
}

// authorized adds the token to each request.
type authorized struct {
	next   http.RoundTripper
	tokens *tokens
}

func (a *authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := a.tokens.get(r.Context())
	if err != nil {
		return nil, &credentialError{err}
	}
	var connected atomic.Bool
	r = r.Clone(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}))
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := a.next.RoundTrip(r)
	if err != nil && !connected.Load() {
		err = &unsentError{err}
	}
	return response, err
}

// unsentError says that a request met no connection, so that nobody carried it
// out.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// credentialError says that no token could be made, which no retry changes.
type credentialError struct{ err error }

func (e *credentialError) Error() string { return "making a token: " + e.err.Error() }
func (e *credentialError) Unwrap() error { return e.err }

// UnreachableError says that the runner has no path to a cluster's Kubernetes
// API, or is not let in.
type UnreachableError struct {
	// Cluster is the cluster's id and URL its endpoint.
	Cluster, URL string
	// Refused says that the endpoint answered and did not accept the caller.
	Refused bool
	Err     error
}

func (e *UnreachableError) Error() string {
	if e.Refused {
		return fmt.Sprintf("the Kubernetes API of %s (%s) does not accept this caller: %v; whoever runs Terraform must have made the cluster or be one of kubernetes_api.admins",
			e.Cluster, e.URL, e.Err)
	}
	return fmt.Sprintf("the Kubernetes API of %s (%s) cannot be reached from here: %v; add this machine's address to kubernetes_api.allowed_cidrs of the cluster, "+
		"run Terraform inside the network, or set kubernetes_api.proxy_url on the provider", e.Cluster, e.URL, e.Err)
}

// Unwrap gives the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// explain turns errors of the client into what the engine and users understand.
// A write that got no answer may have been carried out.
func (a *API) explain(ctx context.Context, err error, write bool) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		switch {
		case apierrors.IsUnauthorized(err):
			return &UnreachableError{Cluster: a.access.Cluster.String(), URL: a.access.URL, Refused: true, Err: err}
		case apierrors.IsForbidden(err):
			return fmt.Errorf("the Kubernetes API of %s (%s) does not allow this: %w; whoever runs Terraform needs this right, as each of kubernetes_api.admins has it",
				a.access.Cluster, a.access.URL, err)
		case write && (status.Status().Code == http.StatusInternalServerError || status.Status().Code == http.StatusGatewayTimeout):
			// The server itself lost sight of what it stored.
			return &stack.LostError{Err: err}
		}
		return err
	}
	var credential *credentialError
	if errors.As(err, &credential) {
		return &UnreachableError{Cluster: a.access.Cluster.String(), URL: a.access.URL, Refused: true, Err: credential}
	}
	unreachable := &UnreachableError{Cluster: a.access.Cluster.String(), URL: a.access.URL, Err: cause(err)}
	var unsent *unsentError
	if write && !errors.As(err, &unsent) {
		return &stack.LostError{Err: unreachable}
	}
	return unreachable
}

// insist repeats a write that comes to the same however often it is carried out,
// where its answer is lost.
func (a *API) insist(ctx context.Context, write func() error) error {
	backoff := wait.Backoff{Duration: 100 * time.Millisecond, Factor: 4, Jitter: 0.5, Steps: 3}
	var lost *stack.LostError
	return retry.OnError(backoff, func(err error) bool { return ctx.Err() == nil && errors.As(err, &lost) }, func() error {
		err := write()
		a.reader.wrote()
		return a.explain(ctx, err, true)
	})
}

// cause takes off the URL, which names the object that happened to be asked for.
func cause(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
