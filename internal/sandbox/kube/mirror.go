package kube

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// object is what the API server keeps.
type object interface {
	runtime.Object
	metav1.Object
}

// A mirror holds all objects of a kind. It follows the API server's watch, and
// takes over at once what the loop itself has written: a controller that looked
// into a cache behind its own writes would make everything twice.
//
// What comes out of a mirror is shared, and must be copied before it is changed.
type mirror[T object] struct {
	list    func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch   func(context.Context, metav1.ListOptions) (watch.Interface, error)
	changed func()
	synced  chan struct{}

	mu    sync.RWMutex
	items map[types.NamespacedName]T
	// gone are objects that were deleted, so that a late event does not bring
	// them back.
	gone map[types.UID]time.Time
}

func newMirror[T object, L runtime.Object](
	list func(context.Context, metav1.ListOptions) (L, error),
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error),
	changed func(),
) *mirror[T] {
	return &mirror[T]{
		list:    func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return list(ctx, o) },
		watch:   watch,
		changed: changed,
		synced:  make(chan struct{}),
		items:   map[types.NamespacedName]T{},
		gone:    map[types.UID]time.Time{},
	}
}

// follow runs until ctx ends.
func (m *mirror[T]) follow(ctx context.Context) {
	var version string
	for ctx.Err() == nil {
		var err error
		if version == "" {
			version, err = m.relist(ctx)
		}
		if err == nil {
			version, err = m.watchFrom(ctx, version)
		}
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

func (m *mirror[T]) relist(ctx context.Context) (string, error) {
	found, err := m.list(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	all, err := meta.ExtractList(found)
	if err != nil {
		return "", err
	}
	whole, err := meta.ListAccessor(found)
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	m.items = make(map[types.NamespacedName]T, len(all))
	for _, o := range all {
		if item, ok := o.(T); ok {
			m.items[nameOf(item)] = item
		}
	}
	m.mu.Unlock()
	select {
	case <-m.synced:
	default:
		close(m.synced)
	}
	m.changed()
	return whole.GetResourceVersion(), nil
}

// watchFrom answers with the version to go on from, or none where only a new list
// helps.
func (m *mirror[T]) watchFrom(ctx context.Context, version string) (string, error) {
	w, err := m.watch(ctx, metav1.ListOptions{ResourceVersion: version, AllowWatchBookmarks: true})
	if err != nil {
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			return "", nil
		}
		return version, err
	}
	defer w.Stop()
	for {
		var e watch.Event
		var open bool
		select {
		case e, open = <-w.ResultChan():
		case <-ctx.Done():
			return version, ctx.Err()
		}
		if !open {
			return version, nil
		}
		item, ok := e.Object.(T)
		if !ok {
			return "", fmt.Errorf("watching: %w", apierrors.FromObject(e.Object))
		}
		version = item.GetResourceVersion()
		switch e.Type {
		case watch.Added, watch.Modified:
			m.put(item)
		case watch.Deleted:
			m.remove(item)
		}
	}
}

// put takes over an object unless a newer state of it is known.
func (m *mirror[T]) put(item T) {
	key := nameOf(item)
	m.mu.Lock()
	_, dead := m.gone[item.GetUID()]
	old, known := m.items[key]
	fresh := !dead && (!known || revision(item) > revision(old))
	if fresh {
		m.items[key] = item
	}
	m.mu.Unlock()
	if fresh {
		m.changed()
	}
}

// remove forgets an object.
func (m *mirror[T]) remove(item T) {
	key := nameOf(item)
	m.mu.Lock()
	if old, known := m.items[key]; known && old.GetUID() == item.GetUID() {
		delete(m.items, key)
	}
	m.gone[item.GetUID()] = time.Now()
	if len(m.gone) > 2000 {
		for uid, at := range m.gone {
			if time.Since(at) > time.Minute {
				delete(m.gone, uid)
			}
		}
	}
	m.mu.Unlock()
	m.changed()
}

func (m *mirror[T]) get(namespace, name string) (T, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	item, ok := m.items[types.NamespacedName{Namespace: namespace, Name: name}]
	return item, ok
}

func (m *mirror[T]) all() []T {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := make([]T, 0, len(m.items))
	for _, item := range m.items {
		all = append(all, item)
	}
	return all
}

func nameOf(o metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
}

// revision orders the states of an object: a resource version is a revision of
// etcd.
func revision(o metav1.Object) uint64 {
	n, _ := strconv.ParseUint(o.GetResourceVersion(), 10, 64) // The API server wrote it.
	return n
}
