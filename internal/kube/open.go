package kube

import (
	"context"
	"fmt"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// OpenServers judges whether a cluster may turn public: it lists the servers
// that would be open to everyone without anybody having said so. A cluster that
// has no gateway has no servers.
func (a *API) OpenServers(ctx context.Context) ([]serving.Problem, error) {
	all, err := a.servers(ctx, "")
	if err != nil {
		return nil, err
	}
	return serving.OpenServers(all), nil
}

// BeginPublic writes down that the cluster is about to be public, before it is,
// and looks at its servers once more then: a server that is being made at the same
// moment is seen here, or sees what was written. When one is open, what was
// written is taken back.
func (a *API) BeginPublic(ctx context.Context) error {
	ctx = LiveReads(ctx)
	// Nothing is written while there are open servers: what renders the gateway's
	// configuration would leave them out.
	if err := a.noneOpen(ctx); err != nil {
		return err
	}
	live, err := a.reader.get(ctx, factsPlace)
	if live == nil || err != nil {
		return err
	}
	was := readFacts(live).Visibility
	if was == serving.Public {
		return nil
	}
	if err := a.writeVisibility(ctx, serving.Public); err != nil {
		return err
	}
	err = a.noneOpen(ctx)
	if err != nil {
		_ = a.writeVisibility(context.WithoutCancel(ctx), was) // The next apply of the cluster writes it again.
	}
	return err
}

func (a *API) noneOpen(ctx context.Context) error {
	problems, err := a.OpenServers(ctx)
	if err != nil {
		return err
	}
	return firstError(problems)
}

func (a *API) writeVisibility(ctx context.Context, v serving.Visibility) error {
	return a.patch(ctx, factsPlace, map[string]any{"data": map[string]any{factVisibility: string(v)}})
}

// InUse names the servers that a gateway has, as the error of turning it off.
func (a *API) InUse(ctx context.Context) error {
	all, err := a.servers(LiveReads(ctx), "")
	if err != nil || len(all) == 0 {
		return err
	}
	var list []string
	for _, s := range all {
		list = append(list, s.Name)
	}
	return fmt.Errorf("the gateway of %s cannot be turned off while it has model servers: %s; destroy them first", a.access.Cluster, strings.Join(sorted(list), ", "))
}

// ReadGateway reads the gateway of a cluster of which only the id is known.
func (a *API) ReadGateway(ctx context.Context) (serving.Gateway, error) {
	var spec serving.Gateway
	facts, err := a.reader.get(ctx, factsPlace)
	if err != nil {
		return spec, err
	}
	if spec.Disabled = facts == nil; spec.Disabled {
		return spec, nil
	}
	deployment, err := a.reader.get(ctx, gatewayPlace)
	if err != nil {
		return spec, err
	}
	autoscaler, err := a.reader.get(ctx, gatewayScaling)
	readGateway(&spec, deployment, autoscaler)
	return spec, err
}
