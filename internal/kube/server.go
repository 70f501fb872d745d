package kube

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// The object names of a model server's stack.
const (
	objectSettings      = "settings"
	objectEnvironment   = "environment"
	objectDeployment    = "deployment"
	objectServerService = "service"
	objectServerScaling = "autoscaler"
	objectServerBudget  = "disruption_budget"
	objectServerPolicy  = "network_policy"
	objectServerRollout = "rollout"
	objectPublished     = "gateway"
	objectServed        = "gateway_pods"
)

// serverStack is a model server as a graph, with the objects that others ask
// about.
type serverStack struct {
	*stack.Stack
	spec     serving.ModelServer
	settings *stack.Object[settings, unstructured.Unstructured]
	// deployment, service and autoscaler are tombstones where something else runs
	// the model.
	deployment, service, autoscaler *stack.Object[manifest, unstructured.Unstructured]
}

// serverStackName is the mark of a server's objects.
func serverStackName(name string) string { return "model_server/" + name }

// serverStack draws the graph of a model server, which a destroy does not want.
func (c *Servers) serverStack(api *API, spec serving.ModelServer, destroy bool) *serverStack {
	s := &serverStack{Stack: &stack.Stack{Name: serverStackName(spec.Name), Log: c.log, Poll: c.poll}, spec: spec}
	connect := api.itself
	at := func(kind resource) place { return place{kind, ModelsNamespace, spec.Name} }
	kind := func(p place, wanted bool) objects {
		return objects{api: connect, stack: s.Name, place: p, attribute: serverAttribute, unwanted: destroy || !wanted}
	}
	workload := spec.Workload

	s.settings = stack.Add(s.Stack, objectSettings, settingsSecrets{kind(settingsPlace(spec.Name), true), spec.Name}, func() settings { return settingsOf(spec) })
	stack.Root(s.Stack, s.settings)

	hasVariables := workload != nil && len(workload.SecretEnv) > 0
	variables := environmentSecrets{kind(at(secrets), hasVariables), spec.Name}
	var environmentNode stack.Node
	sum := func() string { return "" }
	if hasVariables {
		o := stack.Add(s.Stack, objectEnvironment, variables, func() environment { return workload.SecretEnv }, s.settings)
		sum = func() string { return shownSum(spec.Name, secretData(o.Live())) }
		environmentNode = o
	} else {
		environmentNode = stack.Absent(s.Stack, objectEnvironment, variables, s.settings)
	}

	object := func(wanted bool, name string, p place, want func() manifest, after ...stack.Node) *stack.Object[manifest, unstructured.Unstructured] {
		if workload == nil || !wanted {
			return stack.Absent(s.Stack, name, kind(p, false), after...)
		}
		return stack.Add(s.Stack, name, kind(p, true), want, after...)
	}
	scaled := workload != nil && workload.Replicas.Max > workload.Replicas.Min
	policy := object(true, objectServerPolicy, at(networkPolicies), func() manifest { return serverPolicy(spec) }, s.settings)
	// Nothing runs before the policy that says who may reach it.
	runs := workloads{objects: kind(at(deployments), workload != nil), autoscaler: at(autoscalers)}
	if scaled {
		runs.least = workload.Replicas.Min
	}
	if workload != nil {
		s.deployment = stack.Add(s.Stack, objectDeployment, runs, func() manifest { return serverDeployment(spec, sum()) }, s.settings, environmentNode, policy)
	} else {
		s.deployment = stack.Absent(s.Stack, objectDeployment, runs, s.settings, environmentNode, policy)
	}
	s.service = object(true, objectServerService, at(services), func() manifest { return serverService(spec) }, s.settings)
	s.autoscaler = object(scaled, objectServerScaling, at(autoscalers), func() manifest { return serverAutoscaler(spec) }, s.deployment)
	object(true, objectServerBudget, at(budgets), func() manifest { return serverBudget(spec) }, s.settings)

	ready := []stack.Node{s.settings, s.service}
	if workload != nil {
		r := &rollout{api: connect, place: at(deployments), poll: c.poll, least: workload.Replicas.Min}
		ready = append(ready, stack.AddGate(s.Stack, objectServerRollout, r.differ, r.wait, s.deployment, s.autoscaler))
	}
	published := stack.Add(s.Stack, objectPublished, publications{api: connect, server: spec.Name, poll: c.poll}, func() string { return settingsSum(s.settings.Live()) }, ready...)
	// Which pods serve what is not asked while planning: it is a matter of seconds.
	stack.AddGate(s.Stack, objectServed, func(context.Context) ([]stack.Difference, error) { return nil, nil }, func(ctx context.Context) error {
		return api.publish.served(ctx, c.poll, 1)
	}, published)
	return s
}

// publications are a server's entry in the gateway's configuration. What is
// wanted is the sum of the server's settings.
type publications struct {
	api    connected
	server string
	poll   stack.Poll
}

// publication is what the configuration has of a server.
type publication struct {
	version, sum string
}

var _ stack.Kind[string, publication] = publications{}

func (k publications) Find(ctx context.Context, _ string) ([]*publication, error) {
	api, err := k.api(ctx)
	if err != nil {
		return nil, err
	}
	known, ok, err := api.index(ctx)
	if err != nil {
		return nil, err
	}
	sum, there := known.Servers[k.server]
	if !ok || !there {
		return nil, nil
	}
	return []*publication{{version: known.Version, sum: sum}}, nil
}

// ID is the same whatever version of the configuration has the server.
func (k publications) ID(*publication) string {
	return SystemNamespace + "/secret/" + configurationSecrets[indexSecret] + "#" + k.server
}

func (k publications) State(*publication) stack.State { return stack.State{} }

func (k publications) Diff(_ string, want string, live *publication) []stack.Difference {
	if live.sum == want {
		return nil
	}
	return []stack.Difference{{Field: "the gateway has other settings of the server"}}
}

func (k publications) Create(ctx context.Context, _ string, _ string, _ string) error {
	return k.publish(ctx)
}

func (k publications) Update(ctx context.Context, _ string, _ string, _ *publication, _ []stack.Difference) error {
	return k.publish(ctx)
}

func (k publications) publish(ctx context.Context) error {
	api, err := k.api(ctx)
	if err != nil {
		return err
	}
	return api.publish.server(ctx, k.server)
}

// Delete takes the server off the gateway before anything of it is removed.
func (k publications) Delete(ctx context.Context, _ *publication) error {
	api, err := k.api(ctx)
	if err != nil {
		return err
	}
	settings := settingsSecrets{objects: objects{api: k.api, place: settingsPlace(k.server)}, server: k.server}
	if live, err := api.reader.get(LiveReads(ctx), settings.place); err != nil {
		return err
	} else if live != nil {
		if err := settings.annotate(ctx, annotationRemoving, "true"); err != nil {
			return err
		}
	}
	if err := api.publish.server(ctx, k.server); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, goodbye)
	defer cancel()
	return api.publish.served(ctx, k.poll, 0)
}

// goodbye is how long the gateway's pods may take to forget a server that is being
// removed. What still serves it then would only be told to the next destroy.
const goodbye = 2 * time.Minute
