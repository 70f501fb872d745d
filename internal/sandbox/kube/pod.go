package kube

import (
	"context"
	"maps"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A pod is one that runs here.
type pod struct {
	loop    *loop
	uid     types.UID
	machine Node
	ip      netip.Addr
	alias   aliasLease
	dir     string
	buried  bool // guarded by the kubelet
	started metav1.Time

	containers []*container // init containers first

	life    context.Context // ends when the pod is killed
	kill    context.CancelFunc
	leaving chan struct{} // closed when the pod is asked to end
	gone    chan struct{} // closed when nothing of it runs

	mu      sync.Mutex
	spec    *corev1.Pod
	asked   bool
	grace   time.Duration
	leftAt  time.Time
	mounted bool
	broken  string // why it cannot be mounted
	sources string // the versions of what is mounted
	stale   *time.Timer

	mounting sync.Mutex
}

func newPod(l *loop, spec *corev1.Pod, machine Node, alias aliasLease, dir string) *pod {
	p := &pod{
		loop: l, uid: spec.UID, machine: machine, alias: alias, dir: dir, spec: spec, started: second(),
		leaving: make(chan struct{}), gone: make(chan struct{}),
	}
	p.life, p.kill = context.WithCancel(context.Background())
	for _, c := range spec.Spec.InitContainers {
		p.containers = append(p.containers, newContainer(p, c, c.RestartPolicy == nil))
	}
	for _, c := range spec.Spec.Containers {
		p.containers = append(p.containers, newContainer(p, c, false))
	}
	return p
}

func (p *pod) begin() { go p.run() }

func (p *pod) run() {
	defer p.loop.changed()
	defer close(p.gone)
	if !p.mountFirst() {
		return
	}
	var all sync.WaitGroup
	for _, c := range p.containers {
		if c.init {
			if !c.runToEnd() {
				return
			}
			continue
		}
		all.Go(c.run)
	}
	all.Wait()
}

// mountFirst waits until everything that the pod mounts is there.
func (p *pod) mountFirst() bool {
	began, told := time.Now(), ""
	for {
		err := p.mount(p.life, false)
		p.mu.Lock()
		p.mounted = err == nil
		p.mu.Unlock()
		p.loop.changed()
		if err == nil {
			return true
		}
		// What was made a moment before the pod may not have been seen here yet.
		if time.Since(began) > 300*time.Millisecond && told != err.Error() {
			told = err.Error()
			p.mu.Lock()
			p.broken = told
			p.mu.Unlock()
			p.loop.events.warning(byKubelet, p.current(), "FailedMount", "%s", told)
		}
		select {
		case <-p.leaving:
			return false
		case <-p.life.Done():
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *pod) current() *corev1.Pod {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spec
}

// update takes over what the API server has of the pod now.
func (p *pod) update(spec *corev1.Pod) {
	p.mu.Lock()
	touched := !maps.Equal(p.spec.Annotations, spec.Annotations) || !maps.Equal(p.spec.Labels, spec.Labels)
	p.spec = spec
	mounted := p.mounted
	leave := spec.DeletionTimestamp != nil && !p.asked
	if leave {
		p.asked, p.leftAt = true, time.Now()
		p.grace = 30 * time.Second
		if s := spec.DeletionGracePeriodSeconds; s != nil {
			p.grace = time.Duration(*s) * time.Second
		}
		p.grace = p.loop.config.scaled(p.grace)
		close(p.leaving)
		time.AfterFunc(p.grace+500*time.Millisecond, p.kill)
	}
	p.mu.Unlock()
	switch {
	case leave || !mounted:
	case touched: // A kubelet looks at everything again when the pod itself changes.
		go func() { _ = p.mount(p.life, true) }()
	default:
		p.refreshLater()
	}
}

// refreshLater takes over changed Secrets and ConfigMaps after a while, for that
// is when a kubelet would.
func (p *pod) refreshLater() {
	now := p.versions()
	p.mu.Lock()
	defer p.mu.Unlock()
	if now == p.sources || p.stale != nil {
		return
	}
	p.stale = time.AfterFunc(p.loop.config.MountRefresh, func() {
		p.mu.Lock()
		p.stale = nil
		p.mu.Unlock()
		_ = p.mount(p.life, false)
	})
}

func (p *pod) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

func (p *pod) wait() { <-p.gone }

// second is now in the resolution that the API server keeps; a finer time would
// differ from itself after it was written.
func second() metav1.Time {
	now := metav1.Now()
	return now.Rfc3339Copy()
}
