package kube

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// syncServices writes down which pods are behind each Service.
func (l *loop) syncServices(ctx context.Context) {
	owned := map[types.UID][]*discoveryv1.EndpointSlice{}
	for _, s := range byOwner(l.slices.all()) {
		uid := metav1.GetControllerOfNoCopy(s[0]).UID
		owned[uid] = s
	}
	var selecting []*route
	for _, r := range l.proxy.refresh().services {
		if r.service.DeletionTimestamp == nil && len(r.service.Spec.Selector) > 0 && r.service.Spec.Type != corev1.ServiceTypeExternalName {
			selecting = append(selecting, r)
		}
	}
	each(selecting, func(r *route) { l.failed(l.writeSlice(ctx, r, owned[r.service.UID])) })
}

// refresh draws the table anew. It is what takes a pod out of service, so it runs
// before a pod is told to end.
func (p *proxy) refresh() *table {
	t := &table{services: map[string]*route{}, addresses: map[netip.Addr]*route{}, nodePorts: map[int]target{}, pods: map[netip.Addr]netip.Addr{}}
	byNamespace := map[string][]endpoint{}
	for _, pod := range p.loop.pods.all() {
		alias, ok := p.loop.kubelet.alias(pod.UID)
		if !ok || pod.Status.PodIP == "" || finished(pod) {
			continue
		}
		if ip, err := netip.ParseAddr(pod.Status.PodIP); err == nil {
			t.pods[ip] = alias
		}
		byNamespace[pod.Namespace] = append(byNamespace[pod.Namespace], endpoint{
			pod: pod, alias: alias, ready: podReady(pod) && pod.DeletionTimestamp == nil, terminating: pod.DeletionTimestamp != nil,
		})
	}
	for _, s := range p.loop.services.all() {
		r := &route{service: s}
		for _, port := range s.Spec.Ports {
			if port.Protocol != "" && port.Protocol != corev1.ProtocolTCP {
				continue
			}
			r.ports = append(r.ports, target{r, port})
			if port.NodePort != 0 {
				t.nodePorts[int(port.NodePort)] = target{r, port}
			}
		}
		if len(s.Spec.Selector) > 0 {
			selector := labels.SelectorFromSet(s.Spec.Selector)
			for _, e := range byNamespace[s.Namespace] {
				if selector.Matches(labels.Set(e.pod.Labels)) {
					e.ready = e.ready || s.Spec.PublishNotReadyAddresses
					r.pods = append(r.pods, e)
				}
			}
		}
		key := s.Namespace + "/" + s.Name
		r.front = p.frontOf(key, s, r.ports)
		t.services[key] = r
		if ip, err := netip.ParseAddr(s.Spec.ClusterIP); err == nil {
			t.addresses[ip] = r
		}
	}
	p.table.Store(t)
	p.dropFronts(t)
	return t
}

// frontOf gives a Service that has a cluster IP its loopback address.
func (p *proxy) frontOf(key string, s *corev1.Service, ports []target) *front {
	if s.Spec.ClusterIP == "" || s.Spec.ClusterIP == corev1.ClusterIPNone || len(s.Spec.Selector) == 0 {
		return nil
	}
	p.mu.Lock()
	f := p.fronts[key]
	p.mu.Unlock()
	if f == nil {
		lease, err := leaseAlias()
		if err != nil {
			p.loop.events.warning("kube-proxy", s, "NoAddress", "%v", err)
			return nil
		}
		f = newFront(p, key, lease)
		p.mu.Lock()
		p.fronts[key] = f
		p.mu.Unlock()
	}
	for _, err := range f.serve(ports) {
		p.loop.events.warning("kube-proxy", s, "CannotListen", "The sandbox cannot stand in for this Service: %v", err)
	}
	return f
}

func (p *proxy) dropFronts(t *table) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, f := range p.fronts {
		if r, ok := t.services[key]; !ok || r.front == nil {
			f.close()
			delete(p.fronts, key)
		}
	}
}

// writeSlice keeps one EndpointSlice per Service: no Service of a sandbox has more
// pods than fit one.
func (l *loop) writeSlice(ctx context.Context, r *route, have []*discoveryv1.EndpointSlice) error {
	s := r.service
	want := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: s.Name + "-", Namespace: s.Namespace,
			Labels:          map[string]string{discoveryv1.LabelServiceName: s.Name, discoveryv1.LabelManagedBy: "endpointslice-controller.k8s.io"},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(s, corev1.SchemeGroupVersion.WithKind("Service"))},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	if s.Spec.ClusterIP == corev1.ClusterIPNone {
		want.Labels[corev1.IsHeadlessService] = ""
	}
	for _, t := range r.ports {
		number := t.port.TargetPort.IntVal
		if len(r.pods) > 0 {
			number, _ = targetPort(t.port, r.pods[0].pod)
		}
		if number == 0 {
			continue
		}
		name, protocol := t.port.Name, corev1.ProtocolTCP
		want.Ports = append(want.Ports, discoveryv1.EndpointPort{Name: &name, Protocol: &protocol, Port: &number, AppProtocol: t.port.AppProtocol})
	}
	for _, e := range r.pods {
		want.Endpoints = append(want.Endpoints, l.sliceEndpoint(e))
	}
	slices.SortFunc(want.Endpoints, func(a, b discoveryv1.Endpoint) int { return cmp.Compare(a.TargetRef.Name, b.TargetRef.Name) })
	if len(have) == 0 {
		made, err := l.client.DiscoveryV1().EndpointSlices(s.Namespace).Create(ctx, want, metav1.CreateOptions{FieldManager: byController})
		if err == nil {
			l.slices.put(made)
		} else if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return nil
		}
		return err
	}
	old := have[0]
	if equality.Semantic.DeepEqual(old.Endpoints, want.Endpoints) && equality.Semantic.DeepEqual(old.Ports, want.Ports) {
		return nil
	}
	next := old.DeepCopy()
	next.Endpoints, next.Ports = want.Endpoints, want.Ports
	written, err := l.client.DiscoveryV1().EndpointSlices(s.Namespace).Update(ctx, next, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	l.slices.put(written)
	return nil
}

func (l *loop) sliceEndpoint(e endpoint) discoveryv1.Endpoint {
	ready, serving, terminating := e.ready, podReady(e.pod), e.terminating
	node := e.pod.Spec.NodeName
	out := discoveryv1.Endpoint{
		Addresses:  []string{e.pod.Status.PodIP},
		Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating},
		NodeName:   &node,
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: e.pod.Namespace, Name: e.pod.Name, UID: e.pod.UID},
	}
	if n, ok := l.nodes.get("", node); ok {
		if zone := n.Labels[corev1.LabelTopologyZone]; zone != "" {
			out.Zone = &zone
		}
	}
	return out
}

func newFront(p *proxy, key string, lease aliasLease) *front {
	return &front{address: lease, service: key, proxy: p, listens: map[int32]net.Listener{}, problems: map[int32]error{}}
}
