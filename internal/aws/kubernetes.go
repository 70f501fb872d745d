package aws

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

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
	cluster, err := c.reader.clusters.Get(ctx, id.Name)
	if err != nil {
		return serving.KubernetesAccess{}, explain(err)
	}
	if cluster == nil {
		return serving.KubernetesAccess{}, &stack.MissingError{Err: fmt.Errorf("EKS cluster %s does not exist in %s", id.Name, id.Region)}
	}
	if !reachable(cluster) {
		return serving.KubernetesAccess{}, fmt.Errorf("EKS cluster %s is %s and has no Kubernetes API yet", id.Name, cluster.Status)
	}
	return c.access(id, cluster), nil
}

// reachable reports whether a cluster has an endpoint.
func reachable(cluster *types.Cluster) bool {
	return cluster != nil && cluster.Endpoint != nil && cluster.CertificateAuthority != nil &&
		cluster.Status != types.ClusterStatusCreating && cluster.Status != types.ClusterStatusDeleting && cluster.Status != types.ClusterStatusFailed
}

func (c *client) access(id serving.ID, cluster *types.Cluster) serving.KubernetesAccess {
	name := aws.ToString(cluster.Name)
	parsed, _ := arn.Parse(aws.ToString(cluster.Arn)) // Without an account, none is compared or stored.
	return serving.KubernetesAccess{
		Cluster: id, Account: parsed.AccountID, URL: aws.ToString(cluster.Endpoint), CACertificatePEM: decoded(aws.ToString(cluster.CertificateAuthority.Data)), ProxyURL: c.proxyURL,
		Token: func(ctx context.Context) (serving.KubernetesToken, error) { return c.token(ctx, name) },
	}
}

const (
	// tokenPrefix and clusterHeader are the authenticator's (aws-iam-authenticator,
	// "API Authorization from Outside a Cluster").
	tokenPrefix   = "k8s-aws-v1."
	clusterHeader = "x-k8s-aws-id"
	// tokenLife is how long EKS takes a token for after it was signed, less a
	// minute, whatever the link itself says.
	tokenLife = 14 * time.Minute
	// linkSeconds is how long STS takes the link for.
	linkSeconds = 60
)

// token makes a bearer token: a link by which EKS asks STS who made it. Making it
// calls nobody.
func (c *client) token(ctx context.Context, cluster string) (serving.KubernetesToken, error) {
	signed := time.Now()
	out, err := sts.NewPresignClient(c.signer).PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue(clusterHeader, cluster), smithyhttp.AddHeaderValue("X-Amz-Expires", strconv.Itoa(linkSeconds)))
		})
	})
	if err != nil {
		return serving.KubernetesToken{}, explain(err)
	}
	return serving.KubernetesToken{
		Token:   serving.Token{Value: tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(out.URL))},
		Expires: signed.Add(tokenLife),
	}, nil
}

// addGateway puts what is inside Kubernetes into a cluster's stack. A cluster
// without a gateway has nothing there, and its API is not asked.
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
	pools, gpus := map[string]int64{}, false
	for name, pool := range spec.NodePools {
		nodes = append(nodes, s.pools[name])
		pools[name] = acceleratorsOf(pool)
		gpus = gpus || pools[name] > 0
	}
	s.gateway = kube.AddGateway(s.Stack, connect, kube.GatewaySpec{
		Enabled: !spec.Gateway.Disabled, MinReplicas: least, MaxReplicas: most, Image: spec.Gateway.Image,
		NodePort: nodePort, TrustedHops: 1, DevicePlugin: gpus, VPCCNI: true,
		Facts: func() kube.Facts {
			return kube.Facts{Cluster: spec.ID(), Visibility: s.faces(), URL: s.url(), Pools: pools}
		},
	}, s.cluster, nodes, []stack.Node{s.loadBalancer})
}

// acceleratorsOf is the number of GPUs of a pool's nodes.
func acceleratorsOf(pool serving.NodePool) int64 {
	if pool.Accelerator != nil {
		return pool.Accelerator.Count
	}
	return serving.AcceleratorsOf(pool.MachineType)
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
