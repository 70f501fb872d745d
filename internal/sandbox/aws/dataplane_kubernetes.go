package aws

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// cluster is a data plane with what it was made for.
type cluster struct {
	ref clusterRef
	Kubernetes
	// dir has what the cluster stores. kept says that something was stored there before this process.
	dir  string
	kept bool
	wake sync.Once
}

func (k *cluster) close() { _ = k.Close() }

// remove ends a cluster that was deleted, for good.
func (k *cluster) remove() {
	k.close()
	_ = os.RemoveAll(k.dir)
}

// dialAPI connects to a cluster's API server.
func (p *dataPlane) dialAPI(ctx context.Context, ref clusterRef) (net.Conn, error) {
	k, err := p.cluster(ref)
	if err != nil {
		return nil, err
	}
	return k.DialAPI(ctx)
}

// cluster is the data plane of a cluster, made on first use. Making it starts nothing yet.
func (p *dataPlane) cluster(ref clusterRef) (*cluster, error) {
	name := "cluster " + ref.name
	p.cloud.mu.Lock()
	defer p.cloud.mu.Unlock()
	found := p.cloud.findCluster(ref)
	if found == nil {
		return nil, &PathError{Kind: Refused, Hop: name, Reason: "it does not exist any more"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := p.clusters[ref.id]; k != nil {
		return k, nil
	}
	if p.closed {
		return nil, net.ErrClosed
	}
	if p.cloud.config.Kubernetes == nil {
		return nil, &PathError{Kind: Refused, Hop: name, Reason: "this sandbox runs no Kubernetes"}
	}
	key := p.cloud.in(ref.account, ref.region).region().Keys[ref.id]
	ca, err := base64.StdEncoding.DecodeString(found.Final.CertificateAuthority)
	if err != nil || key == "" {
		return nil, &PathError{Kind: Refused, Hop: name, Reason: "the key of its certificate authority is not known: an older sandbox made it"}
	}
	dir, err := p.clusterDir(ref.id)
	if err != nil {
		return nil, err
	}
	_, err = os.Stat(dir)
	k := &cluster{ref: ref, dir: dir, kept: err == nil}
	k.Kubernetes = p.cloud.config.Kubernetes(KubernetesCluster{
		Name: ref.name, CACertificate: ca, CAKey: []byte(key), StateDir: dir,
		Hosts:       []string{strings.ToLower(strings.TrimPrefix(found.Final.Endpoint, "https://"))},
		ServiceCIDR: text(found.KubernetesNetworkConfig.ServiceIpv4Cidr),
		Authenticate: func(_ context.Context, token string) (KubernetesUser, error) {
			return p.cloud.authenticateToken(ref, token)
		},
		Nodes: func() []KubernetesNode { return p.cloud.nodes(ref) },
	})
	p.clusters[ref.id] = k
	return k, nil
}

// clusterDir is beside the state file, or temporary if there is none.
func (p *dataPlane) clusterDir(id string) (string, error) {
	if file := p.cloud.config.StateFile; file != "" {
		return filepath.Join(filepath.Dir(file), "kubernetes", id), nil
	}
	if p.temporary == "" {
		dir, err := os.MkdirTemp("", "serving-sandbox-")
		if err != nil {
			return "", fmt.Errorf("make a directory for clusters: %w", err)
		}
		p.temporary = dir
	}
	return filepath.Join(p.temporary, "kubernetes", id), nil
}

// running is the data plane of a cluster if it runs, else nil.
func (p *dataPlane) running(ref clusterRef) *cluster {
	p.mu.Lock()
	k := p.clusters[ref.id]
	p.mu.Unlock()
	if k == nil || !k.Running() {
		return nil
	}
	return k
}

// dialNode connects to a port of a cluster's node. A cluster that ran before the sandbox was restarted is woken by it.
func (p *dataPlane) dialNode(ctx context.Context, ref clusterRef, node netip.Addr, port int) (net.Conn, error) {
	k, err := p.cluster(ref)
	if err != nil {
		return nil, err
	}
	if !k.Running() {
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
		return nil, fmt.Errorf("the data plane of cluster %s does not run: %w", ref.name, errRefused)
	}
	return k.DialNodePort(ctx, node, port)
}

var errRefused = errors.New("connection refused")
