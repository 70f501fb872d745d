package kube

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// fresh is how long a list answers, until any write of this process.
const fresh = 30 * time.Second

// reader looks objects up. While a plan is made, one list of a kind answers for
// all servers; verbs that change things ask for each object by itself.
type reader struct {
	api *API

	mu    sync.Mutex
	lists map[listKey]*list
}

type listKey struct {
	resource
	namespace string
}

// list is one answer, shared by everyone who asks while it is fresh.
type list struct {
	done  chan struct{}
	at    time.Time
	items map[string]*unstructured.Unstructured
	err   error
	// specs and index are what the items say, read once for everyone: each of a
	// thousand servers asks for all of them.
	specs func() []serving.ModelServer
	index func() (index, bool)
}

func newReader(api *API) *reader { return &reader{api: api, lists: map[listKey]*list{}} }

type liveReads struct{}

// LiveReads makes every look in a context ask the API. Verbs that change a
// cluster's stack need it: what they wait for would be told late otherwise.
func LiveReads(ctx context.Context) context.Context {
	return context.WithValue(ctx, liveReads{}, true)
}

// wrote makes what was read before count no more.
func (r *reader) wrote() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.lists)
}

// get gives an object, or nil when there is none.
func (r *reader) get(ctx context.Context, at place) (*unstructured.Unstructured, error) {
	if ctx.Value(liveReads{}) != nil {
		live, err := r.api.client(at).Get(ctx, at.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, r.api.explain(ctx, err, false)
		}
		return live, nil
	}
	items, err := r.list(ctx, at.resource, at.namespace)
	return items[at.name], err
}

// list gives everything of a kind that the provider manages, by name.
func (r *reader) list(ctx context.Context, kind resource, namespace string) (map[string]*unstructured.Unstructured, error) {
	l, err := r.answer(ctx, kind, namespace)
	if err != nil {
		return nil, err
	}
	return l.items, nil
}

// answer gives the list of a kind.
func (r *reader) answer(ctx context.Context, kind resource, namespace string) (*list, error) {
	key := listKey{kind, namespace}
	r.mu.Lock()
	l := r.lists[key]
	if l == nil || time.Since(l.at) > fresh {
		l = r.newList()
		r.lists[key] = l
		// The answer is for others too, so it outlives whoever asked first.
		go r.fill(context.WithoutCancel(ctx), key, l)
	}
	r.mu.Unlock()
	select {
	case <-l.done:
		return l, l.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (r *reader) newList() *list {
	l := &list{done: make(chan struct{}), at: time.Now()}
	l.specs = sync.OnceValue(func() []serving.ModelServer { return r.api.specs(l.items) })
	l.index = sync.OnceValues(func() (index, bool) { return readIndex(l.items[indexPlace.name]) })
	return l
}

func (r *reader) fill(ctx context.Context, key listKey, l *list) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	defer close(l.done)
	l.items, l.err = r.api.list(ctx, key.resource, key.namespace, labelManagedBy+"="+fieldManager)
	if l.err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.lists[key] == l {
			delete(r.lists, key)
		}
	}
}

// pageSize keeps one answer from growing with the cluster.
const pageSize = 500

// list asks for the objects of a kind with a label, by name.
func (a *API) list(ctx context.Context, kind resource, namespace, selector string) (map[string]*unstructured.Unstructured, error) {
	items := map[string]*unstructured.Unstructured{}
	options := metav1.ListOptions{LabelSelector: selector, Limit: pageSize}
	for {
		page, err := a.client(place{resource: kind, namespace: namespace}).List(ctx, options)
		if err != nil {
			return nil, a.explain(ctx, err, false)
		}
		for i := range page.Items {
			items[page.Items[i].GetName()] = &page.Items[i]
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return items, nil
		}
	}
}
