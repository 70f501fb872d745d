package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/reference"
)

// A recorder writes events, in the background and in order. One that repeats
// raises the count of the first.
type recorder struct {
	client kubernetes.Interface
	queue  chan func(context.Context)
	known  map[eventKey]*corev1.Event
}

type eventKey struct {
	object          types.UID
	reason, message string
}

// eventQueue is more than a loop writes before the recorder comes to it; beyond,
// events are dropped, as the real recorder does.
const eventQueue = 10_000

func newRecorder(client kubernetes.Interface) *recorder {
	return &recorder{client: client, queue: make(chan func(context.Context), eventQueue), known: map[eventKey]*corev1.Event{}}
}

func (r *recorder) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case write := <-r.queue:
			write(ctx)
		}
	}
}

func (r *recorder) normal(component string, of object, reason, format string, args ...any) {
	r.record(corev1.EventTypeNormal, component, of, reason, fmt.Sprintf(format, args...))
}

func (r *recorder) warning(component string, of object, reason, format string, args ...any) {
	r.record(corev1.EventTypeWarning, component, of, reason, fmt.Sprintf(format, args...))
}

func (r *recorder) record(kind, component string, of object, reason, message string) {
	about, err := reference.GetReference(scheme.Scheme, of)
	if err != nil {
		return
	}
	now := metav1.Now()
	select {
	case r.queue <- func(ctx context.Context) { r.write(ctx, kind, component, *about, reason, message, now) }:
	default:
	}
}

func (r *recorder) write(ctx context.Context, kind, component string, about corev1.ObjectReference, reason, message string, now metav1.Time) {
	namespace := about.Namespace
	if namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	key := eventKey{about.UID, reason, message}
	events := r.client.CoreV1().Events(namespace)
	if old, ok := r.known[key]; ok {
		again := old.DeepCopy()
		again.Count++
		again.LastTimestamp = now
		if written, err := events.Update(ctx, again, metav1.UpdateOptions{FieldManager: component}); err == nil {
			r.known[key] = written
			return
		}
	}
	if len(r.known) > eventQueue {
		clear(r.known)
	}
	written, err := events.Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("%s.%x", about.Name, time.Now().UnixNano()), Namespace: namespace},
		InvolvedObject: about, Type: kind, Reason: reason, Message: message, Count: 1,
		FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: component}, ReportingController: component,
	}, metav1.CreateOptions{FieldManager: component})
	if err == nil { // Else the namespace is going, and nobody will ask.
		r.known[key] = written
	}
}
