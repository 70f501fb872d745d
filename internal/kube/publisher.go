package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// publisher writes the gateway's configuration. Servers that are applied at once
// share a rendering: each waits for one that began after its own settings were
// written.
type publisher struct {
	api *API

	mu      sync.Mutex
	running *round
	next    *round
}

// round is one rendering and who waits for it.
type round struct {
	done chan struct{}
	left map[string]error
	err  error
}

func newPublisher(api *API) *publisher { return &publisher{api: api} }

// install writes the configuration for a cluster's stack.
func (p *publisher) install(ctx context.Context, owner string, hops int) error {
	_, err := p.write(ctx, owner, hops)
	return err
}

// server publishes what the settings of all servers say and reports what became
// of one of them.
func (p *publisher) server(ctx context.Context, name string) error {
	left, err := p.join(ctx)
	if err != nil {
		return err
	}
	return left[name]
}

// join takes part in the next rendering.
func (p *publisher) join(ctx context.Context) (map[string]error, error) {
	p.mu.Lock()
	r := p.next
	if r == nil {
		r = &round{done: make(chan struct{})}
		p.next = r
		go p.run(context.WithoutCancel(ctx), r, p.running)
	}
	p.mu.Unlock()
	select {
	case <-r.done:
		return r.left, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// roundTimeout bounds one rendering, which no single caller's time does.
const roundTimeout = 2 * time.Minute

func (p *publisher) run(ctx context.Context, r, before *round) {
	if before != nil {
		<-before.done
	}
	p.mu.Lock()
	p.running, p.next = r, nil
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	defer close(r.done)
	known, ok, err := p.api.index(LiveReads(ctx))
	if err != nil {
		r.err = err
		return
	}
	if !ok {
		r.err = &NoGatewayError{Cluster: p.api.access.Cluster.String()}
		return
	}
	r.left, r.err = p.write(ctx, known.Stack, known.TrustedHops)
}

// errNewer says that somebody else wrote a configuration in between.
var errNewer = errors.New("somebody else changes the gateway's configuration all the time")

// write renders and writes until nobody else has written in between: each
// Secret must still be the version that was read before the settings were.
func (p *publisher) write(ctx context.Context, owner string, hops int) (map[string]error, error) {
	var left map[string]error
	backoff := retry.DefaultBackoff
	backoff.Steps = 20
	err := retry.OnError(backoff, func(err error) bool { return errors.Is(err, errNewer) }, func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var have [gateway.Secrets]*unstructured.Unstructured
		for i, name := range configurationSecrets {
			var err error
			if have[i], err = p.api.reader.get(LiveReads(ctx), place{secrets, SystemNamespace, name}); err != nil {
				return err
			}
		}
		known, _ := readIndex(have[indexSecret])
		r, err := p.api.render(LiveReads(ctx), owner, hops, known.Paths, everyone)
		if err != nil {
			return err
		}
		left = r.left
		for i := range configurationSecrets {
			if err := p.put(ctx, owner, i, r.data[i], have[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return left, err
}

// everyone counts all servers, those that are being made included.
func everyone(*unstructured.Unstructured) bool { return true }

// put writes one Secret where it is not that already.
func (p *publisher) put(ctx context.Context, owner string, i int, data map[string][]byte, have *unstructured.Unstructured) error {
	kind := objects{stack: owner, place: place{secrets, SystemNamespace, configurationSecrets[i]}}
	want := kind.marked(objectConfiguration, secretManifest(kind.place, gatewaySelector, data))
	object := &unstructured.Unstructured{Object: want.content}
	client := p.api.client(kind.place)
	var err error
	switch {
	case have == nil:
		_, err = client.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
	case len(compare("", want.content, have.Object)) == 0 && len(secretData(have)) == len(data):
		return nil
	default:
		object.SetResourceVersion(have.GetResourceVersion())
		_, err = client.Update(ctx, object, metav1.UpdateOptions{FieldManager: fieldManager})
	}
	p.api.reader.wrote()
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) && have != nil {
		return errNewer
	}
	err = p.api.explain(ctx, err, true)
	if lost := (*stack.LostError)(nil); errors.As(err, &lost) {
		return errors.Join(errNewer, err) // Another look tells whether it was carried out.
	}
	return err
}

// served returns when every gateway pod that is ready serves the configuration
// that is written, and there are as many such pods at least.
func (p *publisher) served(ctx context.Context, poll stack.Poll, least int) error {
	nudged := map[string]bool{}
	said := ""
	err := poll.Until(ctx, func(time.Duration) (bool, error) {
		want, ok, err := p.api.index(LiveReads(ctx))
		if err != nil {
			return false, err
		}
		if !ok {
			return false, &NoGatewayError{Cluster: p.api.access.Cluster.String()}
		}
		ready, waiting, err := p.pods(ctx)
		if err != nil {
			return false, err
		}
		said = "no pod of the gateway is ready; " + strings.Join(waiting, "; ")
		behind := 0
		for _, pod := range ready {
			if version, err := p.version(ctx, pod); err == nil && version == want.Version {
				continue
			}
			behind++
			said = fmt.Sprintf("the gateway's pod %s does not serve version %s of the configuration yet", pod, want.Version)
			if !nudged[pod+want.Version] {
				nudged[pod+want.Version] = true
				p.nudge(ctx, pod, want.Version)
			}
		}
		return behind == 0 && len(ready) >= least, nil
	})
	if err != nil && ctx.Err() != nil && said != "" {
		return fmt.Errorf("%s: %w", said, err)
	}
	return err
}

// pods are the gateway's pods: those that callers reach, and why others are not
// ready.
func (p *publisher) pods(ctx context.Context) (ready, waiting []string, err error) {
	items, err := p.api.list(ctx, pods, SystemNamespace, labelComponent+"="+componentGateway)
	if err != nil {
		return nil, nil, err
	}
	var w words
	for _, pod := range readPods(items) {
		if pod.ready() {
			ready = append(ready, pod.Name)
			continue
		}
		w.hear(pod, time.Now())
	}
	return ready, w.lines, nil
}

// version asks a pod, through the API, what it serves. Each thread of Envoy
// answers for itself, so it is asked several times at once, which takes several
// connections; it is empty while the threads do not agree.
func (p *publisher) version(ctx context.Context, pod string) (string, error) {
	var said [gateway.VersionAsks]string
	asks, ctx := errgroup.WithContext(ctx)
	for i := range said {
		asks.Go(func() error {
			_, header, err := p.api.raw(ctx, fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:%d/proxy%s", SystemNamespace, pod, gateway.Port, gateway.VersionPath))
			said[i] = header.Get(gateway.VersionHeader)
			return err
		})
	}
	if err := asks.Wait(); err != nil {
		return "", err
	}
	for _, version := range said {
		if version != said[0] {
			return "", nil
		}
	}
	return said[0], nil
}

// nudge changes a pod's annotation. A kubelet looks at the Secrets of a pod once
// in a minute, and at once when the pod changes.
func (p *publisher) nudge(ctx context.Context, pod, version string) {
	_ = p.api.patch(ctx, place{pods, SystemNamespace, pod}, map[string]any{"metadata": map[string]any{"annotations": map[string]any{fieldManager + "/configuration": version}}})
}
