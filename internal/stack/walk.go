package stack

import (
	"context"
	"sync"
)

// walk runs visit on every node as soon as visit has succeeded on all nodes
// that come before it. A failure stops only what comes later on the same way;
// those nodes fail with errSkipped.
func walk(ctx context.Context, nodes []node, before func(node) []node, visit func(context.Context, node) error) map[node]error {
	done := make(map[node]chan struct{}, len(nodes))
	for _, n := range nodes {
		done[n] = make(chan struct{})
	}
	var mu sync.Mutex
	failed := map[node]error{}
	var wg sync.WaitGroup
	for _, n := range nodes {
		wg.Go(func() {
			defer close(done[n])
			skip := false
			for _, b := range before(n) {
				ch, ok := done[b]
				if !ok {
					continue
				}
				<-ch
				mu.Lock()
				skip = skip || failed[b] != nil
				mu.Unlock()
			}
			err := errSkipped
			if !skip {
				if err = context.Cause(ctx); err == nil {
					err = visit(ctx, n)
				} else {
					err = errSkipped
				}
			}
			if err != nil {
				mu.Lock()
				failed[n] = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

// forward gives the wanted nodes that a node comes after.
func forward(n node) []node {
	var out []node
	for _, a := range n.after() {
		if a.graph().wanted() {
			out = append(out, a.graph())
		}
	}
	return out
}

// backward gives, for every node, the nodes that come after it.
func (s *Stack) backward() func(node) []node {
	later := map[node][]node{}
	for _, n := range s.nodes {
		for _, a := range n.after() {
			later[a.graph()] = append(later[a.graph()], n)
		}
	}
	return func(n node) []node { return later[n] }
}
