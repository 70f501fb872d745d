package kube

import (
	"context"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Callers are the servers of the cluster by name, without secrets: what callers
// have to know of them.
func (a *API) Callers(ctx context.Context) (map[string]serving.ModelServer, error) {
	all, err := a.servers(ctx, "")
	if err != nil {
		return nil, err
	}
	out := map[string]serving.ModelServer{}
	for _, s := range all {
		out[s.Name] = withoutSecrets(s)
	}
	return out, nil
}
