package kube

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// GatewaySpec is what a cluster wants inside Kubernetes.
type GatewaySpec struct {
	// Enabled is false where a gateway is to be removed, for an ingress of the
	// user's own that has the node port.
	Enabled                  bool
	MinReplicas, MaxReplicas int64
	// Image is the Envoy image; empty is the tested one.
	Image string
	// NodePort is where the load balancer finds the gateway on every node.
	NodePort int32
	// TrustedHops is how many addresses the cloud's load balancer adds to
	// X-Forwarded-For.
	TrustedHops int
	// DevicePlugin says that nodes have NVIDIA GPUs which Kubernetes learns of only
	// through NVIDIA's device plugin.
	DevicePlugin bool
	// VPCCNI says that the cluster comes with the Amazon VPC CNI, which does not
	// enforce network policies by itself.
	VPCCNI bool
	// Facts are what model servers must know of their cluster; asked for when what
	// the gateway comes after is live.
	Facts func() Facts
}

// The object names of the gateway in its cluster's stack.
const (
	objectAPI           = "kubernetes_api"
	objectSystem        = "namespace/" + SystemNamespace
	objectModels        = "namespace/" + ModelsNamespace
	objectBootstrap     = "gateway/bootstrap"
	objectConfiguration = "gateway/configuration"
	objectGateway       = "gateway/deployment"
	objectService       = "gateway/service"
	objectAutoscaler    = "gateway/autoscaler"
	objectBudget        = "gateway/disruption_budget"
	objectPolicy        = "gateway/network_policy"
	objectRollout       = "gateway/rollout"
	objectDevicePlugin  = "nvidia_device_plugin"
	objectFacts         = "gateway/facts"
	objectEnforcement   = "network_policies"
)

// HasGateway reports whether a gateway was there when a cluster's objects were
// last seen.
func HasGateway(lastSeen map[string]string) bool { return lastSeen[objectGateway] != "" }

// gatewayName names all of the gateway's objects.
const gatewayName = "gateway"

var (
	gatewayPlace   = place{deployments, SystemNamespace, gatewayName}
	gatewayScaling = place{autoscalers, SystemNamespace, gatewayName}
)

// scaled reports whether an autoscaler changes the number of pods.
func (s GatewaySpec) scaled() bool { return s.MaxReplicas > s.MinReplicas }

// Gateway is what a cluster has inside Kubernetes, in the cluster's stack.
type Gateway struct {
	deployment, autoscaler, facts *stack.Object[manifest, unstructured.Unstructured]
	rollout                       *stack.Gate
}

// Ready is what comes after all that a request needs of the gateway; none where
// it is removed.
func (g *Gateway) Ready() []stack.Node {
	if g == nil || g.rollout == nil {
		return nil
	}
	return []stack.Node{g.rollout}
}

// WriteFacts writes once more what model servers must know of their cluster, when
// some of it has changed on the way back.
func (g *Gateway) WriteFacts(ctx context.Context) error {
	if g == nil || g.rollout == nil {
		return nil
	}
	return g.facts.Renew(ctx)
}

// AddGateway adds what a cluster has inside Kubernetes to its stack. Connect
// gives the API once the cluster exists, and nil before. The gateway's pods come
// after the nodes, what records how callers reach the cluster after the load
// balancer.
func AddGateway(s *stack.Stack, connect func(context.Context) (*API, error), spec GatewaySpec, cluster stack.Node, nodes, loadBalancer []stack.Node) *Gateway {
	l := &link{find: connect, poll: s.Poll}
	g := &gatewayGraph{stack: s, connect: l.get, spec: spec}
	cluster = stack.AddGate(s, objectAPI, l.look, l.pass, cluster)
	system, models := cluster, cluster
	// Namespaces stay when the gateway is turned off: somebody else may use them.
	if spec.Enabled {
		system = g.namespace(objectSystem, SystemNamespace, cluster)
		if spec.VPCCNI {
			e := enforcement{g.connect}
			cluster = stack.AddGate(s, objectEnforcement, e.look, e.pass, cluster)
		}
		models = g.namespace(objectModels, ModelsNamespace, cluster)
	}

	facts := g.add(objectFacts, factsPlace, func() manifest { return factsManifest(spec.Facts()) }, append([]stack.Node{system}, loadBalancer...)...)
	bootstrap := g.add(objectBootstrap, place{configMaps, SystemNamespace, gatewayName}, func() manifest { return bootstrapManifest(spec) }, system)
	configuration := g.configuration(system)
	after := append([]stack.Node{bootstrap, configuration, models}, nodes...)
	deployment := g.deployment(after...)
	service := g.add(objectService, place{services, SystemNamespace, gatewayName}, func() manifest { return gatewayService(spec) }, system)
	autoscaler := g.optional(spec.scaled(), objectAutoscaler, gatewayScaling, func() manifest { return gatewayAutoscaler(spec) }, deployment)
	g.add(objectBudget, place{budgets, SystemNamespace, gatewayName}, func() manifest { return gatewayBudget() }, system)
	g.add(objectPolicy, place{networkPolicies, SystemNamespace, gatewayName}, func() manifest { return gatewayPolicy() }, system)
	g.optional(spec.DevicePlugin, objectDevicePlugin, place{daemonSets, pluginNamespace, pluginName}, devicePlugin, system)
	gateway := &Gateway{deployment: deployment, autoscaler: autoscaler, facts: facts}
	if spec.Enabled {
		rollout := &rollout{api: g.connect, place: gatewayPlace, poll: s.Poll, least: spec.MinReplicas}
		gateway.rollout = stack.AddGate(s, objectRollout, rollout.differ, rollout.wait, deployment, autoscaler, service, facts)
	}
	return gateway
}

// ReadBack replaces what attributes model by what is live.
func (g *Gateway) ReadBack(spec *serving.Gateway) {
	readGateway(spec, g.deployment.Live(), g.autoscaler.Live())
}

func readGateway(spec *serving.Gateway, deployment, autoscaler *unstructured.Unstructured) {
	if deployment == nil {
		return
	}
	w := serving.Workload{}
	readContainer(&w, deployment, gatewayContainer)
	if w.Image != DefaultGatewayImage || spec.Image != "" {
		spec.Image = w.Image
	}
	least, most := spec.Replicas()
	w.Replicas = serving.Replicas{Min: least, Max: most}
	if autoscaler == nil && *spec == (serving.Gateway{Image: spec.Image}) {
		w.Replicas.Max = least // Nothing is known but what is there.
	}
	readReplicas(&w, deployment)
	readAutoscaler(&w, autoscaler)
	if w.Replicas.Min != least || w.Replicas.Max != most {
		spec.MinReplicas, spec.MaxReplicas = w.Replicas.Min, w.Replicas.Max
	}
}

type gatewayGraph struct {
	stack   *stack.Stack
	connect connected
	spec    GatewaySpec
}

func (g *gatewayGraph) add(object string, at place, want func() manifest, after ...stack.Node) *stack.Object[manifest, unstructured.Unstructured] {
	return g.optional(true, object, at, want, after...)
}

func (g *gatewayGraph) namespace(object, name string, after ...stack.Node) stack.Node {
	kind := namespacesOfCluster{objects{api: g.connect, stack: g.stack.Name, place: place{namespaces, "", name}}}
	return stack.Add(g.stack, object, kind, func() manifest { return namespaceManifest(name) }, after...)
}

func (g *gatewayGraph) deployment(after ...stack.Node) *stack.Object[manifest, unstructured.Unstructured] {
	kind := workloads{objects: objects{api: g.connect, stack: g.stack.Name, place: gatewayPlace, attribute: gatewayAttribute, unwanted: !g.spec.Enabled}, autoscaler: gatewayScaling}
	if g.spec.scaled() {
		kind.least = g.spec.MinReplicas
	}
	if !g.spec.Enabled {
		return stack.Absent(g.stack, objectGateway, kind, after...)
	}
	return stack.Add(g.stack, objectGateway, kind, func() manifest { return gatewayDeployment(g.spec) }, after...)
}

// optional adds an object, or the tombstone of one that is not wanted.
func (g *gatewayGraph) optional(wanted bool, object string, at place, want func() manifest, after ...stack.Node) *stack.Object[manifest, unstructured.Unstructured] {
	wanted = wanted && g.spec.Enabled
	kind := objects{api: g.connect, stack: g.stack.Name, place: at, attribute: gatewayAttribute, unwanted: !wanted}
	if !wanted {
		return stack.Absent(g.stack, object, kind, after...)
	}
	return stack.Add(g.stack, object, kind, want, after...)
}
