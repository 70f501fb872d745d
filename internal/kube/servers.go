package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Servers are the model servers of one cloud's clusters.
type Servers struct {
	access func(ctx context.Context, cluster serving.ID) (serving.KubernetesAccess, error)
	log    stack.LogFunc
	poll   stack.Poll
	// wrap is for tests that stand between client and server.
	wrap func(http.RoundTripper) http.RoundTripper

	mu   sync.Mutex
	apis map[string]*API
}

var _ serving.ModelServers = (*Servers)(nil)

// NewServers takes how a cluster is reached. A *stack.MissingError of it says
// that the cluster does not exist.
func NewServers(access func(ctx context.Context, cluster serving.ID) (serving.KubernetesAccess, error), log stack.LogFunc, poll stack.Poll) *Servers {
	return &Servers{access: access, log: log, poll: poll, apis: map[string]*API{}}
}

// Connect gives the API of a cluster, the same for everyone who asks: what one
// server reads answers for the next.
func (c *Servers) Connect(ctx context.Context, cluster serving.ID) (*API, error) {
	access, err := c.access(ctx, cluster)
	if err != nil {
		return nil, err
	}
	return c.API(access)
}

// API gives the API behind an access.
func (c *Servers) API(access serving.KubernetesAccess) (*API, error) {
	key := access.URL + "\n" + access.CACertificatePEM
	c.mu.Lock()
	defer c.mu.Unlock()
	if api := c.apis[key]; api != nil {
		return api, nil
	}
	api, err := newAPI(access, c.wrap)
	if err != nil {
		return nil, err
	}
	c.apis[key] = api
	return api, nil
}

// PreflightModelServer judges a server against its cluster and its neighbours. A
// cluster that cannot be asked yet judges nothing: an apply asks again.
func (c *Servers) PreflightModelServer(ctx context.Context, spec serving.ModelServer) ([]serving.Problem, error) {
	api, err := c.Connect(ctx, spec.Cluster)
	var missing *stack.MissingError
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	problems, err := api.judge(ctx, spec)
	var unreachable *UnreachableError
	var none *NoGatewayError
	if errors.As(err, &unreachable) || errors.As(err, &none) {
		return nil, nil
	}
	return problems, err
}

// judge holds a server against what is in the cluster.
func (a *API) judge(ctx context.Context, spec serving.ModelServer) ([]serving.Problem, error) {
	facts, err := a.facts(ctx)
	if err != nil {
		return nil, err
	}
	others, err := a.servers(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	// Whoever has its path keeps it, whatever settings say of servers that the
	// gateway does not have.
	known, _, err := a.index(ctx)
	if err != nil {
		return nil, err
	}
	if known.Paths[spec.Name] == spec.PathOrDefault() {
		others = slices.DeleteFunc(others, func(o serving.ModelServer) bool { return known.Paths[o.Name] != o.PathOrDefault() })
	}
	return append(spec.OnCluster(facts.asCluster()), spec.Conflicts(others)...), nil
}

// servers are the specs of all servers but one, the oldest first.
func (a *API) servers(ctx context.Context, but string) ([]serving.ModelServer, error) {
	var all []serving.ModelServer
	if ctx.Value(liveReads{}) != nil {
		items, err := a.allSettings(ctx)
		if err != nil {
			return nil, err
		}
		all = a.specs(items)
	} else {
		l, err := a.reader.answer(ctx, secrets, SystemNamespace)
		if err != nil {
			return nil, err
		}
		all = l.specs()
	}
	return slices.DeleteFunc(slices.Clone(all), func(s serving.ModelServer) bool { return s.Name == but }), nil
}

// specs reads settings Secrets. What is no settings, is being removed, or cannot
// be read is nobody's neighbour.
func (a *API) specs(items map[string]*unstructured.Unstructured) []serving.ModelServer {
	var out []serving.ModelServer
	for _, live := range byAge(items) {
		if live.GetLabels()[labelComponent] != componentSettings || live.GetAnnotations()[annotationRemoving] != "" {
			continue
		}
		if s, err := parseSettings(secretData(live)[settingsKey]); err == nil {
			out = append(out, s.spec(a.access.Cluster, live.GetLabels()[labelName]))
		}
	}
	return out
}

// index is what the gateway's configuration was rendered from; it is false while
// there is none.
func (a *API) index(ctx context.Context) (index, bool, error) {
	if ctx.Value(liveReads{}) != nil {
		live, err := a.reader.get(ctx, indexPlace)
		known, ok := readIndex(live)
		return known, ok, err
	}
	l, err := a.reader.answer(ctx, secrets, SystemNamespace)
	if err != nil {
		return index{}, false, err
	}
	known, ok := l.index()
	return known, ok, nil
}

// CreateModelServer makes a server or resumes a create that was interrupted.
func (c *Servers) CreateModelServer(ctx context.Context, spec serving.ModelServer) (serving.ObservedModelServer, error) {
	return c.ensure(ctx, spec, stack.Create)
}

// UpdateModelServer converges an existing server.
func (c *Servers) UpdateModelServer(ctx context.Context, spec serving.ModelServer) (serving.ObservedModelServer, error) {
	return c.ensure(ctx, spec, stack.Update)
}

func (c *Servers) ensure(ctx context.Context, spec serving.ModelServer, mode stack.Mode) (serving.ObservedModelServer, error) {
	var none serving.ObservedModelServer
	api, err := c.Connect(ctx, spec.Cluster)
	if err != nil {
		return none, err
	}
	ctx = LiveReads(ctx)
	// What was judged while planning may have changed since, or was not known.
	if err := firstError(spec.Problems()); err != nil {
		return none, err
	}
	problems, err := api.judge(ctx, spec)
	if err != nil {
		return none, err
	}
	if err := firstError(problems); err != nil {
		return none, err
	}
	s := c.serverStack(api, spec, false)
	if err := s.Ensure(ctx, mode); err != nil {
		return none, err
	}
	facts, err := api.facts(ctx)
	if err != nil {
		return none, err
	}
	return s.observed(s.Report(), facts, api.access.Account), nil
}

// ObserveModelServer reads everything that the spec owns and says what differs.
func (c *Servers) ObserveModelServer(ctx context.Context, spec serving.ModelServer) (serving.ObservedModelServer, error) {
	gone := serving.ObservedModelServer{Observation: serving.Observation{Gone: true}, Spec: spec}
	api, err := c.Connect(ctx, spec.Cluster)
	var missing *stack.MissingError
	if errors.As(err, &missing) {
		return gone, nil // The cluster took it along.
	}
	if err != nil {
		return gone, err
	}
	found, err := c.observe(ctx, api, spec)
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		// Whoever has no path to the Kubernetes API can still plan the cluster, which
		// is where the path is opened.
		return serving.ObservedModelServer{Observation: serving.Observation{Unseen: "The server was not looked at: " + unreachable.Error() + "."}, Spec: spec}, nil
	}
	return found, err
}

func (c *Servers) observe(ctx context.Context, api *API, spec serving.ModelServer) (serving.ObservedModelServer, error) {
	s := c.serverStack(api, spec, false)
	report, err := s.Observe(ctx)
	if err != nil {
		return serving.ObservedModelServer{}, err
	}
	facts, err := api.facts(ctx)
	var none *NoGatewayError
	if err != nil && !errors.As(err, &none) {
		return serving.ObservedModelServer{}, err
	}
	return s.observed(report, facts, api.access.Account), nil
}

// DestroyModelServer takes the server off the gateway and removes everything it
// owns.
func (c *Servers) DestroyModelServer(ctx context.Context, spec serving.ModelServer) error {
	api, err := c.Connect(ctx, spec.Cluster)
	var missing *stack.MissingError
	if errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.serverStack(api, spec, true).Destroy(LiveReads(ctx))
}

// ReadModelServer reads a server of which only the id is known.
func (c *Servers) ReadModelServer(ctx context.Context, id serving.ModelServerID) (serving.ObservedModelServer, error) {
	gone := serving.ObservedModelServer{Observation: serving.Observation{Gone: true}}
	api, err := c.Connect(ctx, id.Cluster)
	var missing *stack.MissingError
	if errors.As(err, &missing) {
		return gone, nil
	}
	if err != nil {
		return gone, err
	}
	live, err := api.reader.get(LiveReads(ctx), settingsPlace(id.Name))
	if live == nil || err != nil {
		return gone, err
	}
	if live.GetAnnotations()[annotationStack] != serverStackName(id.Name) {
		return gone, &stack.ForeignError{What: settingsPlace(id.Name).String()}
	}
	s, err := parseSettings(secretData(live)[settingsKey])
	if err != nil {
		return gone, err
	}
	return c.observe(ctx, api, withoutSecrets(s.spec(id.Cluster, id.Name)))
}
