package kube

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A kubelet stands in for those of all nodes: it runs what the scheduler has bound
// and tells the API server how it goes.
type kubelet struct {
	loop *loop

	mu     sync.Mutex
	pods   map[types.UID]*pod
	ips    map[netip.Addr]bool
	serial int
}

func newKubelet(l *loop) *kubelet {
	return &kubelet{loop: l, pods: map[types.UID]*pod{}, ips: map[netip.Addr]bool{}}
}

// close kills everything.
func (k *kubelet) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.pods {
		p.kill()
	}
	for _, p := range k.pods {
		p.wait()
	}
}

func (k *kubelet) pod(uid types.UID) *pod {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pods[uid]
}

func (k *kubelet) alias(uid types.UID) (netip.Addr, bool) {
	if p := k.pod(uid); p != nil {
		return p.alias.addr, true
	}
	return netip.Addr{}, false
}

// container finds one by name, for its logs.
func (k *kubelet) container(namespace, name, container string) *container {
	spec, ok := k.loop.pods.get(namespace, name)
	if !ok {
		return nil
	}
	p := k.pod(spec.UID)
	if p == nil {
		return nil
	}
	for _, c := range p.containers {
		if c.spec.Name == container {
			return c
		}
	}
	return nil
}

// syncPods makes what runs here what the API server says, and the other way round.
func (l *loop) syncPods(ctx context.Context) {
	l.proxy.refresh() // Who is to end gets no requests from now on.
	machines := map[string]Node{}
	for _, n := range *l.cloud.Load() {
		machines[n.Name] = n
	}
	known := map[types.UID]bool{}
	var bound []*corev1.Pod
	for _, p := range l.pods.all() {
		known[p.UID] = true
		if p.Spec.NodeName != "" {
			bound = append(bound, p)
		}
	}
	for _, p := range l.kubelet.forgotten(known) {
		p.kill()
		go l.kubelet.bury(p)
	}
	each(bound, func(p *corev1.Pod) {
		machine, ok := machines[p.Spec.NodeName]
		if !ok { // The machine is gone, and its pods with it.
			l.failed(l.erase(ctx, p))
			return
		}
		l.failed(l.syncPod(ctx, p, machine))
	})
}

func (l *loop) syncPod(ctx context.Context, spec *corev1.Pod, machine Node) error {
	p := l.kubelet.pod(spec.UID)
	if p == nil {
		switch {
		case spec.DeletionTimestamp != nil:
			return l.erase(ctx, spec)
		case finished(spec):
			return nil
		}
		var err error
		if p, err = l.kubelet.run(spec, machine); err != nil {
			return err
		}
	}
	p.update(spec)
	if spec.DeletionTimestamp != nil && p.ended() {
		return l.erase(ctx, spec)
	}
	status := p.status(spec)
	if equality.Semantic.DeepEqual(&spec.Status, status) {
		return nil
	}
	told := spec.DeepCopy()
	told.Status = *status
	written, err := l.client.CoreV1().Pods(spec.Namespace).UpdateStatus(ctx, told, metav1.UpdateOptions{FieldManager: byKubelet})
	if err != nil {
		return err
	}
	l.pods.put(written)
	if podReady(spec) != podReady(written) {
		l.changed() // Controllers that have run in this tick count ready pods.
	}
	return nil
}

// erase removes a pod that has ended from the API server.
func (l *loop) erase(ctx context.Context, spec *corev1.Pod) error {
	now := int64(0)
	err := l.client.CoreV1().Pods(spec.Namespace).Delete(ctx, spec.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &now, Preconditions: metav1.NewUIDPreconditions(string(spec.UID)),
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return err
	}
	if len(spec.Finalizers) == 0 {
		l.pods.remove(spec)
	}
	return nil
}

// forgotten are those that the API server does not have any more.
func (k *kubelet) forgotten(known map[types.UID]bool) []*pod {
	k.mu.Lock()
	defer k.mu.Unlock()
	var gone []*pod
	for uid, p := range k.pods {
		if !known[uid] && !p.buried {
			p.buried = true
			gone = append(gone, p)
		}
	}
	return gone
}

// bury gives back what a pod had.
func (k *kubelet) bury(p *pod) {
	p.wait()
	p.alias.release()
	_ = os.RemoveAll(p.dir)
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.ips, p.ip)
	delete(k.pods, p.uid)
}

// run starts a pod. One that ran under an earlier process keeps its address.
func (k *kubelet) run(spec *corev1.Pod, machine Node) (*pod, error) {
	lease, err := leaseAlias()
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.serial++
	p := newPod(k.loop, spec, machine, lease, filepath.Join(k.loop.dir, "p", strconv.Itoa(k.serial)))
	ip, err := netip.ParseAddr(spec.Status.PodIP)
	if err != nil || k.ips[ip] {
		ip = k.freeIP(machine)
	}
	p.ip = ip
	k.ips[ip] = true
	k.pods[spec.UID] = p
	p.begin()
	return p, nil
}

// freeIP finds an address of the subnet. The cloud keeps the first four, and its
// machines have some, from the start of the range as a rule.
func (k *kubelet) freeIP(machine Node) netip.Addr {
	taken := map[netip.Addr]bool{}
	for _, n := range *k.loop.cloud.Load() {
		taken[n.Address] = true
	}
	prefix := machine.PodRange
	if !prefix.IsValid() {
		prefix = netip.MustParsePrefix("100.64.0.0/16")
	}
	ip := prefix.Masked().Addr()
	for range 4 {
		ip = ip.Next()
	}
	for ; prefix.Contains(ip); ip = ip.Next() {
		if !taken[ip] && !k.ips[ip] {
			return ip
		}
	}
	return ip
}
