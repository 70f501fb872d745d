package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// link is the way from a cluster's stack to its Kubernetes API. It is tried once
// for all objects, so that an endpoint which cannot be reached is one error.
type link struct {
	// find gives the API, or nil while the cluster does not exist.
	find connected
	poll stack.Poll

	mu  sync.Mutex
	api *API
	err error
}

// get gives the API. It is nil while there is no cluster or no path to it: the
// second is the gate's to tell.
func (l *link) get(ctx context.Context) (*API, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.api != nil || l.err != nil {
		return l.api, nil
	}
	api, err := l.find(ctx)
	if api == nil || err != nil {
		return nil, err
	}
	if l.err = api.ping(ctx); l.err == nil {
		l.api = api
	}
	return l.api, nil
}

func (l *link) look(ctx context.Context) ([]stack.Difference, error) {
	if _, err := l.get(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return nil, l.err
}

// patience is how long the endpoint of a new cluster may be unknown to DNS, or
// its creator unknown to it.
const patience = 2 * time.Minute

// pass tries until the API answers.
func (l *link) pass(ctx context.Context) error {
	return l.poll.Until(ctx, func(elapsed time.Duration) (bool, error) {
		l.mu.Lock()
		l.err = nil
		l.mu.Unlock()
		api, err := l.get(ctx)
		if err != nil {
			return false, err
		}
		if api != nil {
			return true, nil
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.err == nil {
			return false, errors.New("the cluster does not exist")
		}
		if elapsed > patience || !settling(l.err) {
			return false, l.err
		}
		return false, nil
	})
}

// settling reports whether an error is one that a new cluster gives for a while.
func settling(err error) bool {
	var name *net.DNSError
	var unreachable *UnreachableError
	var credential *credentialError
	return errors.As(err, &name) && name.IsNotFound || errors.As(err, &unreachable) && unreachable.Refused && !errors.As(err, &credential)
}

// ping asks for the least that shows that the caller is let in.
func (a *API) ping(ctx context.Context) error {
	asked, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	_, err := a.reader.get(asked, place{namespaces, "", SystemNamespace})
	if err != nil && asked.Err() != nil && ctx.Err() == nil {
		// Something takes connections there and says nothing.
		return &UnreachableError{Cluster: a.access.Cluster.String(), URL: a.access.URL, Err: fmt.Errorf("no answer within %s", a.patience)}
	}
	return err
}
