package kube

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// A client is one process of the provider.
type client struct {
	*Servers
	w     *world
	calls *calls
	log   *strings.Builder
}

// client is a new process. Wrap stands between it and the cluster.
func (w *world) client(wrap ...func(http.RoundTripper) http.RoundTripper) *client {
	c := &client{w: w, calls: &calls{}, log: &strings.Builder{}}
	var mu sync.Mutex
	log := func(_ context.Context, msg string, fields ...map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(c.log, msg, fields)
	}
	c.Servers = NewServers(func(context.Context, serving.ID) (serving.KubernetesAccess, error) { return w.access(), nil }, log, fastPoll)
	c.wrap = func(next http.RoundTripper) http.RoundTripper {
		for _, more := range wrap {
			next = more(next)
		}
		return c.calls.count(next)
	}
	return c
}

// calls counts the requests of a client.
type calls struct {
	mu    sync.Mutex
	made  map[string]int
	notes []string
}

func (c *calls) count(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		c.mu.Lock()
		if c.made == nil {
			c.made = map[string]int{}
		}
		c.made[r.Method]++
		c.notes = append(c.notes, r.Method+" "+r.URL.Path)
		c.mu.Unlock()
		return next.RoundTrip(r)
	})
}

func (c *calls) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made, c.notes = nil, nil
}

func (c *calls) reads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made[http.MethodGet]
}

// writes are the requests that change something.
func (c *calls) writes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.notes), func(n string) bool { return strings.HasPrefix(n, http.MethodGet+" ") })
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
