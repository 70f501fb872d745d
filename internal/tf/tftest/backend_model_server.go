package tftest

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// ModelServer is what the backend stores of one, secrets included.
type ModelServer struct {
	Spec  serving.ModelServer
	Drift map[string][]string
}

// Token is the token that Kubernetes makes.
const Token = "k8s-aws-v1.c2VjcmV0"

// Expires is when it ends.
var Expires = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)

// ChangeModelServer changes a server behind Terraform's back; nil when there is
// none.
func (b *Backend) ChangeModelServer(id string, change func(*ModelServer)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.servers[id])
}

// ForgetModelServer removes a server behind Terraform's back.
func (b *Backend) ForgetModelServer(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.servers, id)
}

// Kubernetes gives access to a cluster.
func (b *Backend) Kubernetes(ctx context.Context, cluster serving.ID) (serving.KubernetesAccess, error) {
	if err := b.call(ctx, "Kubernetes"); err != nil {
		return serving.KubernetesAccess{}, err
	}
	return serving.KubernetesAccess{
		Cluster: cluster, URL: "https://" + cluster.Name + ".eks.amazonaws.com", CACertificatePEM: "pem",
		Token: func(context.Context) (serving.KubernetesToken, error) {
			return serving.KubernetesToken{Token: serving.Token{Value: Token}, Expires: Expires}, b.call(ctx, "Token")
		},
	}, nil
}

// PreflightModelServer finds what ServerPreflight says.
func (b *Backend) PreflightModelServer(ctx context.Context, _ serving.ModelServer) ([]serving.Problem, error) {
	return b.ServerPreflight, b.call(ctx, "PreflightModelServer")
}

// CreateModelServer stores a server.
func (b *Backend) CreateModelServer(ctx context.Context, spec serving.ModelServer) (serving.ObservedModelServer, error) {
	return b.putModelServer(ctx, "CreateModelServer", spec)
}

// UpdateModelServer stores the spec and repairs all drift.
func (b *Backend) UpdateModelServer(ctx context.Context, spec serving.ModelServer) (serving.ObservedModelServer, error) {
	return b.putModelServer(ctx, "UpdateModelServer", spec)
}

func (b *Backend) putModelServer(ctx context.Context, name string, spec serving.ModelServer) (serving.ObservedModelServer, error) {
	if err := b.call(ctx, name); err != nil {
		return serving.ObservedModelServer{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.servers == nil {
		b.servers = map[string]*ModelServer{}
	}
	s := &ModelServer{Spec: spec}
	b.servers[spec.ID().String()] = s
	return b.observedServer(s), nil
}

// observedServer leaves all secrets out, as Kubernetes is asked to.
func (b *Backend) observedServer(s *ModelServer) serving.ObservedModelServer {
	spec := s.Spec
	spec.Unknown = nil
	spec.Auth.Tokens = withoutValues(spec.Auth.Tokens)
	name := "serving-models/" + spec.Name
	objects := map[string]string{"secret/settings": name}
	if spec.Workload != nil {
		workload := *spec.Workload
		workload.SecretEnv = withoutValues(workload.SecretEnv)
		spec.Workload = &workload
		objects["deployment"], objects["service"] = name, name
		if workload.Replicas.Max > workload.Replicas.Min {
			objects["horizontal_pod_autoscaler"] = name
		}
	}
	url := "https://models.example.com"
	if c := b.clusters[spec.Cluster.String()]; c != nil {
		url = c.observed().URL
	}
	return serving.ObservedModelServer{
		Observation: serving.Observation{Account: account, Objects: objects, Drift: maps.Clone(s.Drift)},
		Spec:        spec, URL: strings.TrimSuffix(url, "/") + spec.PathOrDefault(),
	}
}

func withoutValues(secrets map[string]serving.Token) map[string]serving.Token {
	names := make(map[string]serving.Token, len(secrets))
	for name := range secrets {
		names[name] = serving.Token{}
	}
	return names
}

// ObserveModelServer gives what is stored. A cluster that is gone took its
// servers along.
func (b *Backend) ObserveModelServer(ctx context.Context, spec serving.ModelServer) (serving.ObservedModelServer, error) {
	if err := b.call(ctx, "ObserveModelServer"); err != nil {
		return serving.ObservedModelServer{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.servers[spec.ID().String()]
	if s == nil {
		return serving.ObservedModelServer{Observation: serving.Observation{Gone: true, Account: account}, Spec: spec}, nil
	}
	return b.observedServer(s), nil
}

// ReadModelServer gives what is stored.
func (b *Backend) ReadModelServer(ctx context.Context, id serving.ModelServerID) (serving.ObservedModelServer, error) {
	return b.ObserveModelServer(ctx, serving.ModelServer{Cluster: id.Cluster, Name: id.Name})
}

// DestroyModelServer forgets a server.
func (b *Backend) DestroyModelServer(ctx context.Context, spec serving.ModelServer) error {
	if err := b.call(ctx, "DestroyModelServer"); err != nil {
		return err
	}
	b.ForgetModelServer(spec.ID().String())
	return nil
}
