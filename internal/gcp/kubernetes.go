package gcp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Kubernetes is how the Kubernetes API of a cluster is reached.
func (b *Backend) Kubernetes(ctx context.Context, id serving.ID) (serving.KubernetesAccess, error) {
	c, err := b.client(ctx, id.Region)
	if err != nil {
		return serving.KubernetesAccess{}, err
	}
	all, err := c.reader.clusters.Get(ctx, everything)
	if err != nil {
		return serving.KubernetesAccess{}, explain(err)
	}
	cluster := find(all, id.Name)
	if cluster == nil {
		return serving.KubernetesAccess{}, &stack.MissingError{Err: fmt.Errorf("GKE cluster %s does not exist in %s of the project %s", id.Name, id.Region, c.project)}
	}
	if !reachable(cluster) {
		return serving.KubernetesAccess{}, fmt.Errorf("GKE cluster %s is %s and has no Kubernetes API yet", id.Name, cluster.GetStatus())
	}
	return c.access(id, cluster), nil
}

// reachable reports whether a cluster has an endpoint.
func reachable(cluster *containerpb.Cluster) bool {
	url, _ := kubernetesEndpoint(cluster)
	status := cluster.GetStatus()
	return url != "" && status != containerpb.Cluster_PROVISIONING && status != containerpb.Cluster_STOPPING && status != containerpb.Cluster_ERROR
}

// kubernetesEndpoint is the endpoint that most have a path to, and what verifies
// it: the public address, else the DNS endpoint, else the private address. The DNS
// endpoint has a certificate of a public authority, and needs nothing to verify it.
func kubernetesEndpoint(cluster *containerpb.Cluster) (url, caCertificate string) {
	endpoints := cluster.GetControlPlaneEndpointsConfig()
	ip, dns := endpoints.GetIpEndpointsConfig(), endpoints.GetDnsEndpointConfig()
	ca := decoded(cluster.GetMasterAuth().GetClusterCaCertificate())
	switch {
	case ip.GetEnablePublicEndpoint() && ip.GetPublicEndpoint() != "":
		return "https://" + ip.GetPublicEndpoint(), ca
	case dns.GetAllowExternalTraffic() && dns.GetEndpoint() != "":
		return "https://" + dns.GetEndpoint(), ""
	case ip.GetPrivateEndpoint() != "":
		return "https://" + ip.GetPrivateEndpoint(), ca
	case cluster.GetEndpoint() != "":
		return "https://" + cluster.GetEndpoint(), ca
	}
	return "", ""
}

func (c *client) access(id serving.ID, cluster *containerpb.Cluster) serving.KubernetesAccess {
	url, ca := kubernetesEndpoint(cluster)
	return serving.KubernetesAccess{Cluster: id, Account: c.project, URL: url, CACertificatePEM: ca, ProxyURL: c.proxyURL, Token: c.token}
}

// token is the caller's access token: GKE takes those of Google Cloud.
func (c *client) token(ctx context.Context) (serving.KubernetesToken, error) {
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return serving.KubernetesToken{}, &CredentialsError{err}
	}
	return serving.KubernetesToken{Token: serving.Token{Value: token.Value}, Expires: token.Expiry}, nil
}

// trustedHops is how many addresses Google's load balancer adds to X-Forwarded-For:
// the caller's and its own (Cloud Load Balancing, "X-Forwarded-For header").
const trustedHops = 2

// addGateway puts what is inside Kubernetes into a cluster's stack. A cluster
// without a gateway has nothing there, and its API is not asked. GKE brings what
// tells Kubernetes of GPUs, and what enforces network policies.
func (c *client) addGateway(s *clusterStack) {
	spec := s.spec
	if spec.Gateway.Disabled && !kube.HasGateway(spec.LastSeen) {
		return
	}
	connect := func(ctx context.Context) (*kube.API, error) {
		cluster, err := s.cluster.Found(ctx)
		if err != nil || !reachable(cluster) {
			return nil, err
		}
		return c.servers.API(c.access(spec.ID(), cluster))
	}
	least, most := spec.Gateway.Replicas()
	var nodes []stack.Node
	pools := map[string]int64{}
	for _, name := range slices.Sorted(maps.Keys(spec.NodePools)) {
		nodes = append(nodes, s.pools[name])
		if a := acceleratorOf(spec.NodePools[name]); a != nil {
			pools[name] = a.Count
		} else {
			pools[name] = 0
		}
	}
	s.gateway = kube.AddGateway(s.Stack, connect, kube.GatewaySpec{
		Enabled: !spec.Gateway.Disabled, MinReplicas: least, MaxReplicas: most, Image: spec.Gateway.Image,
		NodePort: nodePort, TrustedHops: trustedHops,
		Facts: func() kube.Facts {
			return kube.Facts{Cluster: spec.ID(), Visibility: s.faces(), URL: s.url(), Pools: pools}
		},
	}, s.cluster, nodes, []stack.Node{s.address, s.forwardingRule})
}

// askServers holds a change of a cluster against its model servers: whether they
// may be public, or be left without a gateway.
func (b *Backend) askServers(ctx context.Context, spec serving.Cluster) error {
	off := spec.Gateway.Disabled && kube.HasGateway(spec.LastSeen)
	if !off && (spec.Visibility != serving.Public || spec.Gateway.Disabled) {
		return nil
	}
	api, err := b.Connect(ctx, spec.ID())
	var missing *stack.MissingError
	if errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return err
	}
	if off {
		return api.InUse(ctx)
	}
	return api.BeginPublic(ctx)
}

// checkOpenServers says at plan what askServers would say.
func (b *Backend) checkOpenServers(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	if !spec.Known("visibility", "gateway.enabled", "name") || spec.Visibility != serving.Public || spec.Gateway.Disabled {
		return nil, nil
	}
	api, err := b.Connect(ctx, spec.ID())
	var missing *stack.MissingError
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	problems, err := api.OpenServers(ctx)
	var unreachable *kube.UnreachableError
	if errors.As(err, &unreachable) {
		return nil, nil // The apply asks again, and does not go on without an answer.
	}
	return problems, err
}
