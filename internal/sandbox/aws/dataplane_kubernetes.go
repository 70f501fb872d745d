package aws

import (
	"context"
	"encoding/base64"
	"net"
	"net/netip"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// dialAPI connects to a cluster's API server.
func (p *dataPlane) dialAPI(ctx context.Context, ref clusterRef) (net.Conn, error) {
	k, err := p.cluster(ref)
	if err != nil {
		return nil, err
	}
	return k.DialAPI(ctx)
}

// cluster is the data plane of a cluster.
func (p *dataPlane) cluster(ref clusterRef) (*control.Cluster, error) {
	name := "cluster " + ref.name
	p.cloud.mu.Lock()
	defer p.cloud.mu.Unlock()
	found := p.cloud.findCluster(ref)
	if found == nil {
		return nil, &PathError{Kind: Refused, Hop: name, Reason: "it does not exist any more"}
	}
	return p.clusters.Get(ref, ref.id, ref.name, func(dir string) (control.Kubernetes, error) {
		if p.cloud.config.Kubernetes == nil {
			return nil, &PathError{Kind: Refused, Hop: name, Reason: "this sandbox runs no Kubernetes"}
		}
		key := p.cloud.in(ref.account, ref.region).region().Keys[ref.id]
		ca, err := base64.StdEncoding.DecodeString(found.Final.CertificateAuthority)
		if err != nil || key == "" {
			return nil, &PathError{Kind: Refused, Hop: name, Reason: "the key of its certificate authority is not known: an older sandbox made it"}
		}
		return p.cloud.config.Kubernetes(KubernetesCluster{
			Name: ref.name, CACertificate: ca, CAKey: []byte(key), StateDir: dir,
			Hosts:       []string{strings.ToLower(strings.TrimPrefix(found.Final.Endpoint, "https://"))},
			ServiceCIDR: text(found.KubernetesNetworkConfig.ServiceIpv4Cidr),
			Authenticate: func(_ context.Context, token string) (KubernetesUser, error) {
				return p.cloud.authenticateToken(ref, token)
			},
			Nodes: func() []KubernetesNode { return p.cloud.nodes(ref) },
		}), nil
	})
}

// dialNode connects to a port of a cluster's node.
func (p *dataPlane) dialNode(ctx context.Context, ref clusterRef, node netip.Addr, port int) (net.Conn, error) {
	k, err := p.cluster(ref)
	if err != nil {
		return nil, err
	}
	return k.DialNode(ctx, node, port)
}
