package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
)

// ErrRefused is what a caller hears of a port that nothing listens on.
var ErrRefused = errors.New("connection refused")

// Clusters are the data planes of a cloud's clusters. R is how the cloud refers to one. Its lock is held while nothing is dialled.
type Clusters[R comparable] struct {
	// stateFile is the cloud's, which the clusters' files are beside.
	stateFile string

	mu     sync.Mutex
	closed bool
	all    map[R]*Cluster
	// temporary holds the files of a cloud that keeps no state.
	temporary string
}

// NewClusters has none yet. Without a state file nothing of them is kept.
func NewClusters[R comparable](stateFile string) *Clusters[R] {
	return &Clusters[R]{stateFile: stateFile, all: map[R]*Cluster{}}
}

// Cluster is the data plane of one cluster.
type Cluster struct {
	Kubernetes
	name, dir string
	// kept says that something was stored in dir before this process.
	kept bool
	wake sync.Once
}

// Get is the data plane of a cluster, made on first use by what is given its folder. Making it starts nothing yet. The id is the
// name of the folder.
func (c *Clusters[R]) Get(ref R, id, name string, start func(dir string) (Kubernetes, error)) (*Cluster, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.all[ref]; k != nil {
		return k, nil
	}
	if c.closed {
		return nil, net.ErrClosed
	}
	dir, err := c.dir(id)
	if err != nil {
		return nil, err
	}
	_, err = os.Stat(dir)
	k := &Cluster{name: name, dir: dir, kept: err == nil}
	if k.Kubernetes, err = start(dir); err != nil {
		return nil, err
	}
	c.all[ref] = k
	return k, nil
}

func (c *Clusters[R]) dir(id string) (string, error) {
	if c.stateFile != "" {
		return filepath.Join(filepath.Dir(c.stateFile), "kubernetes", id), nil
	}
	if c.temporary == "" {
		dir, err := os.MkdirTemp("", "serving-sandbox-")
		if err != nil {
			return "", fmt.Errorf("make a directory for clusters: %w", err)
		}
		c.temporary = dir
	}
	return filepath.Join(c.temporary, "kubernetes", id), nil
}

// Running is the data plane of a cluster if it runs, else nil.
func (c *Clusters[R]) Running(ref R) *Cluster {
	c.mu.Lock()
	k := c.all[ref]
	c.mu.Unlock()
	if k == nil || !k.Running() {
		return nil
	}
	return k
}

// Prune forgets the clusters that were deleted, and has end run what removes each for good.
func (c *Clusters[R]) Prune(exists func(R) bool, end func(func())) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ref, k := range c.all {
		if !exists(ref) {
			delete(c.all, ref)
			end(func() {
				_ = k.Close()
				_ = os.RemoveAll(k.dir)
			})
		}
	}
}

// Close makes no more clusters, and has end run what closes each.
func (c *Clusters[R]) Close(end func(func())) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, k := range c.all {
		end(func() { _ = k.Close() })
	}
	c.all = map[R]*Cluster{}
}

// RemoveFiles removes what clusters without a state file have stored. They must be closed.
func (c *Clusters[R]) RemoveFiles() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.temporary != "" {
		_ = os.RemoveAll(c.temporary)
	}
}

// DialNode connects to a port of a node. A cluster that ran before the sandbox was restarted is woken by it.
func (k *Cluster) DialNode(ctx context.Context, node netip.Addr, port int) (net.Conn, error) {
	if k.Running() {
		return k.DialNodePort(ctx, node, port)
	}
	if k.kept {
		k.wake.Do(func() {
			// Not for the caller alone: the next ones profit when this one has given up.
			go func() {
				if conn, err := k.DialAPI(context.WithoutCancel(ctx)); err == nil {
					_ = conn.Close()
				}
			}()
		})
	}
	return nil, fmt.Errorf("the data plane of cluster %s does not run: %w", k.name, ErrRefused)
}
