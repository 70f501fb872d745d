package kube

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// configurations is the stack.Kind of the gateway's configuration as a whole,
// which the cluster's stack makes and watches. Model servers write it as well.
type configurations struct {
	api   connected
	stack string
	hops  int
}

// configurationLive is the configuration as it is and as it should be.
type configurationLive struct {
	secrets [gateway.Secrets]*unstructured.Unstructured
	want    rendered
	err     error
}

var _ stack.Kind[int, configurationLive] = configurations{}

func (g *gatewayGraph) configuration(after ...stack.Node) stack.Node {
	kind := configurations{api: g.connect, stack: g.stack.Name, hops: g.spec.TrustedHops}
	if !g.spec.Enabled {
		return stack.Absent(g.stack, objectConfiguration, kind, after...)
	}
	return stack.Add(g.stack, objectConfiguration, kind, func() int { return kind.hops }, after...)
}

func (k configurations) Find(ctx context.Context, _ string) ([]*configurationLive, error) {
	api, err := k.api(ctx)
	if api == nil || err != nil {
		return nil, err
	}
	live := &configurationLive{}
	found := false
	for i, name := range configurationSecrets {
		if live.secrets[i], err = api.reader.get(ctx, place{secrets, SystemNamespace, name}); err != nil {
			return nil, err
		}
		if s := live.secrets[i]; s != nil {
			found = true
			if !owned(s, k.stack) {
				return nil, &stack.ForeignError{What: "Secret " + SystemNamespace + "/" + name}
			}
		}
	}
	if !found {
		return nil, nil
	}
	known, _ := readIndex(live.secrets[indexSecret])
	live.want, live.err = api.render(ctx, k.stack, k.hops, known.Paths, func(s *unstructured.Unstructured) bool {
		// A server whose create has not come so far, or failed before, is not the
		// cluster's drift.
		_, published := known.Servers[s.GetLabels()[labelName]]
		return published || s.GetAnnotations()[annotationSealed] != ""
	})
	return []*configurationLive{live}, nil
}

func (k configurations) ID(live *configurationLive) string {
	for _, s := range live.secrets {
		if s != nil {
			return id(s)
		}
	}
	return ""
}

func (k configurations) State(live *configurationLive) stack.State {
	for _, s := range live.secrets {
		if s != nil && s.GetDeletionTimestamp() != nil {
			return stack.State{Phase: stack.Deleting}
		}
	}
	return stack.State{}
}

// Diff names files, never what is in them.
func (k configurations) Diff(_ string, _ int, live *configurationLive) []stack.Difference {
	if live.err != nil {
		return []stack.Difference{{Field: live.err.Error()}}
	}
	var diffs []stack.Difference
	for i, secret := range live.secrets {
		if secret == nil {
			diffs = append(diffs, stack.Difference{Field: "Secret", Want: configurationSecrets[i]})
			continue
		}
		have := secretData(secret)
		for _, file := range names(live.want.data[i]) {
			if file != checksumKey && string(have[file]) != string(live.want.data[i][file]) {
				diffs = append(diffs, stack.Difference{Field: file + " is not what the servers' settings say"})
			}
		}
		for _, file := range names(have) {
			if live.want.data[i][file] == nil {
				diffs = append(diffs, stack.Difference{Field: "file", Got: file})
			}
		}
		kind := objects{stack: k.stack, place: place{secrets, SystemNamespace, configurationSecrets[i]}}
		diffs = append(diffs, kind.marks(objectConfiguration, gatewaySelector, secret)...)
	}
	for _, server := range names(live.want.left) {
		diffs = append(diffs, stack.Difference{Field: "the server " + server + " is left out: " + live.want.left[server].Error()})
	}
	return diffs
}

func (k configurations) Create(ctx context.Context, _ string, _ int, _ string) error {
	return k.write(ctx)
}

func (k configurations) Update(ctx context.Context, _ string, _ int, _ *configurationLive, _ []stack.Difference) error {
	return k.write(ctx)
}

func (k configurations) write(ctx context.Context) error {
	api, err := k.api(ctx)
	if err != nil {
		return err
	}
	return api.publish.install(ctx, k.stack, k.hops)
}

func (k configurations) Delete(ctx context.Context, live *configurationLive) error {
	api, err := k.api(ctx)
	if api == nil || err != nil {
		return err
	}
	for i, secret := range live.secrets {
		if secret == nil {
			continue
		}
		if err := api.delete(ctx, place{secrets, SystemNamespace, configurationSecrets[i]}, secret.GetUID()); err != nil {
			return err
		}
	}
	return nil
}

// render makes the configuration of the servers that count. Paths are those that
// they have.
func (a *API) render(ctx context.Context, stack string, hops int, paths map[string]string, counts func(*unstructured.Unstructured) bool) (rendered, error) {
	found, err := a.allSettings(ctx)
	if err != nil {
		return rendered{}, err
	}
	all := map[string]*unstructured.Unstructured{}
	for name, settings := range found {
		if counts(settings) {
			all[name] = settings
		}
	}
	// What turns a cluster public writes that down before it looks at the servers:
	// so this is read after them.
	facts, err := a.facts(ctx)
	var none *NoGatewayError
	if err != nil && !errors.As(err, &none) {
		return rendered{}, err
	}
	return render(surroundings{cluster: a.access.Cluster, stack: stack, hops: hops, public: facts.Visibility == serving.Public, paths: paths}, all)
}

// allSettings are the settings Secrets of all servers.
func (a *API) allSettings(ctx context.Context) (map[string]*unstructured.Unstructured, error) {
	if ctx.Value(liveReads{}) != nil {
		return a.list(ctx, secrets, SystemNamespace, labelComponent+"="+componentSettings)
	}
	return a.reader.list(ctx, secrets, SystemNamespace)
}
