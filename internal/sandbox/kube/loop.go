package kube

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// pollEvery is how often the cloud is asked for its nodes.
const pollEvery = 200 * time.Millisecond

// The names under which the loop's parts write, as the real ones do.
const (
	byController = "kube-controller-manager"
	byScheduler  = "kube-scheduler"
	byKubelet    = "kubelet"
)

// A loop stands in for the scheduler, the controllers and all kubelets. It is one
// function that is run again whenever something has changed: each part looks at
// all objects, makes what is missing, and does nothing where nothing is.
type loop struct {
	config *Config
	dir    string
	signer *authority

	api    *apiserver
	client kubernetes.Interface

	nodes       *mirror[*corev1.Node]
	namespaces  *mirror[*corev1.Namespace]
	pods        *mirror[*corev1.Pod]
	services    *mirror[*corev1.Service]
	slices      *mirror[*discoveryv1.EndpointSlice]
	secrets     *mirror[*corev1.Secret]
	configMaps  *mirror[*corev1.ConfigMap]
	accounts    *mirror[*corev1.ServiceAccount]
	deployments *mirror[*appsv1.Deployment]
	replicaSets *mirror[*appsv1.ReplicaSet]
	daemonSets  *mirror[*appsv1.DaemonSet]
	autoscalers *mirror[*autoscalingv2.HorizontalPodAutoscaler]
	budgets     *mirror[*policyv1.PodDisruptionBudget]
	roles       *mirror[*rbacv1.ClusterRole]

	kubelet *kubelet
	proxy   *proxy
	events  *recorder
	cloud   atomic.Pointer[[]Node]

	wake   chan struct{}
	life   context.Context // ends with the loop
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	next     time.Time // when to look again although nothing has changed
	troubles []error
	emptying map[types.UID]bool // namespaces whose emptying has begun
}

func newLoop(config *Config, dir string, signer *authority) *loop {
	l := &loop{config: config, dir: dir, signer: signer, wake: make(chan struct{}, 1), emptying: map[types.UID]bool{}, cancel: func() {}}
	l.cloud.Store(&[]Node{})
	l.kubelet = newKubelet(l)
	l.proxy = newProxy(l)
	return l
}

// start returns when the cluster is as a cluster of the cloud is found: with its
// nodes, accounts and roles.
func (l *loop) start(ctx context.Context, api *apiserver) error {
	l.api, l.client = api, api.client
	l.events = newRecorder(l.client)
	running, cancel := context.WithCancel(context.Background())
	l.life, l.cancel = running, cancel
	if err := l.proxy.start(); err != nil {
		return err
	}
	var synced []<-chan struct{}
	for _, m := range l.mirrors() {
		l.done.Go(func() { m.follow(running) })
		synced = append(synced, m.ready())
	}
	for _, s := range synced {
		select {
		case <-s:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if err := l.bindGroups(ctx); err != nil {
		return err
	}
	l.pollNodes()
	l.tick(ctx)
	for !l.hasAccounts() || !l.hasRoles() {
		select {
		case <-time.After(20 * time.Millisecond):
			l.tick(ctx)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	l.done.Go(func() { l.run(running) })
	l.done.Go(func() { l.events.run(running) })
	return nil
}

// close ends the pods, which are processes of this machine, and the loop.
func (l *loop) close() {
	l.cancel()
	l.done.Wait()
	l.kubelet.close()
	l.proxy.close()
}

func (l *loop) run(ctx context.Context) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		timer := time.NewTimer(l.untilNext())
		select {
		case <-ctx.Done():
		case <-l.wake:
			l.tick(ctx)
		case <-timer.C:
			l.tick(ctx)
		case <-poll.C:
			if l.pollNodes() {
				l.tick(ctx)
			}
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// tick runs every part once. The order lets one tick go from a Deployment to the
// processes of its pods.
func (l *loop) tick(ctx context.Context) {
	l.mu.Lock()
	l.next = time.Time{}
	l.mu.Unlock()
	for _, part := range []func(context.Context){
		l.syncNodes, l.aggregateRoles, l.syncNamespaces, l.syncAutoscalers, l.syncDeployments, l.syncReplicaSets, l.syncDaemonSets, l.schedule,
		l.syncPods, l.syncServices, l.syncBudgets, l.collectGarbage,
	} {
		if ctx.Err() != nil {
			return
		}
		part(ctx)
	}
}

// changed asks for a tick.
func (l *loop) changed() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// after asks for a tick at a time although nothing may change until then.
func (l *loop) after(d time.Duration) {
	at := time.Now().Add(d)
	l.mu.Lock()
	if l.next.IsZero() || at.Before(l.next) {
		l.next = at
	}
	l.mu.Unlock()
}

func (l *loop) untilNext() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next.IsZero() {
		return time.Hour
	}
	return max(0, time.Until(l.next))
}

// failed notes what a write came to; the next tick tries again. A conflict, or an
// object or namespace that has gone meanwhile, is the normal course of things.
func (l *loop) failed(err error) {
	if err == nil {
		return
	}
	l.after(50 * time.Millisecond)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) || errors.Is(err, context.Canceled) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return
	}
	l.mu.Lock()
	l.troubles = append(l.troubles, err)
	if len(l.troubles) > 100 {
		l.troubles = slices.Clone(l.troubles[50:])
	}
	l.mu.Unlock()
}

// pollNodes asks the cloud and reports whether its answer is another one.
func (l *loop) pollNodes() bool {
	var now []Node
	if l.config.Nodes != nil {
		now = l.config.Nodes()
	}
	if slices.EqualFunc(*l.cloud.Load(), now, equalNodes) {
		return false
	}
	l.cloud.Store(&now)
	return true
}

func (l *loop) isNode(address netip.Addr) bool {
	return slices.ContainsFunc(*l.cloud.Load(), func(n Node) bool { return n.Address == address })
}

// each does the same to many objects, some at a time.
func each[T any](items []T, do func(T)) {
	const atOnce = 8
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, item := range items {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(item)
		})
	}
	all.Wait()
}
