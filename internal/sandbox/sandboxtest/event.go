package sandboxtest

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// Event is what becomes of an object: ADDED, MODIFIED or DELETED.
type Event string

// The events.
const (
	Added    = Event(watch.Added)
	Modified = Event(watch.Modified)
	Deleted  = Event(watch.Deleted)
)

// When calls once when something becomes of an object, as soon as its API server tells; the cluster may be made later. What it
// gives ends the waiting, as the end of the test does.
func (s *Sandbox) When(t testing.TB, id string, o Object, event Event, call func()) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done, ready := make(chan struct{}), make(chan struct{})
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	_, missing := s.kubernetes(t, id)
	go func() {
		defer close(done)
		k, err := s.kubernetes(t, id)
		for ; err != nil; k, err = s.kubernetes(t, id) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
		if err := k.await(ctx, o, event, func() { close(ready) }, call); err != nil && ctx.Err() == nil {
			t.Errorf("watch %s: %v", o, err)
		}
	}()
	if missing == nil {
		<-ready
	}
	return stop
}

// await calls once when something becomes of an object, and ready when it has begun to look.
func (k *Kubernetes) await(ctx context.Context, o Object, event Event, ready, call func()) error {
	options := metav1.ListOptions{FieldSelector: "metadata.name=" + o.Name}
	// What is there already is no news.
	now, err := k.at(o).List(ctx, options)
	if err == nil {
		options.ResourceVersion = now.GetResourceVersion()
	}
	w, err := k.at(o).Watch(ctx, options)
	ready()
	if err != nil {
		return err
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		if Event(e.Type) == event {
			call()
			return nil
		}
	}
	return ctx.Err()
}
