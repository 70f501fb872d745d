// Package aws turns serving specs into stacks of AWS objects. One file per kind
// of object says how that kind is found, compared, made, changed and removed;
// cluster.go and certificate.go say which objects there are and in what order.
package aws

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/aws-sdk-go-base/v2/logging"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Config is how the provider reaches AWS. Everything is optional: what is
// absent comes from the usual environment, files and instance metadata.
type Config struct {
	Region  string
	Profile string
	// AssumeRoleARN is a role to take before anything else.
	AssumeRoleARN         string
	AssumeRoleExternalID  string
	AssumeRoleSessionName string
	// MaxRetries bounds the attempts of one call; zero means 8.
	MaxRetries int
	// Sandbox is the URL of a simulated cloud; it replaces endpoints and
	// credentials.
	Sandbox string
	// KubernetesProxyURL is the HTTP proxy on the way to the Kubernetes APIs; empty
	// leaves that to the environment, or to the sandbox.
	KubernetesProxyURL string
	// Version is the provider's, for the user agent.
	Version string
	// Log takes the engine's progress.
	Log stack.LogFunc
	// Poll paces waiting; the zero value is right for a cloud.
	Poll stack.Poll
	// Linger is how long callers may hold on to a load balancer whose DNS record
	// has moved; zero is what real resolvers and clients do.
	Linger time.Duration
}

// Backend is AWS for the Terraform types.
type Backend struct {
	*kube.Servers
	cfg Config

	// writes counts those of all clients.
	writes reads.Epoch

	mu      sync.Mutex
	clients map[string]*client
}

var _ serving.Backend = (*Backend)(nil)

// New makes a backend. It does no I/O: clients are made on first use.
func New(cfg Config) *Backend {
	b := &Backend{cfg: cfg, clients: map[string]*client{}}
	b.Servers = kube.NewServers(b.Kubernetes, cfg.Log, cfg.Poll)
	return b
}

// Cloud is AWS.
func (b *Backend) Cloud() serving.Cloud { return serving.AWS }

// DefaultRegion is the configured one or that of the environment.
func (b *Backend) DefaultRegion() string {
	return cmp.Or(b.cfg.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
}

// Account is the id of the account that the credentials belong to.
func (b *Backend) Account(ctx context.Context, region string) (string, error) {
	c, err := b.client(ctx, region)
	if err != nil {
		return "", err
	}
	account, err := c.account(ctx)
	return account, explain(err)
}

// client is one account and region: the API clients and the reader they share.
type client struct {
	region    string
	partition string

	ec2         ec2Operations
	eks         *eks.Client
	elb         *elasticloadbalancingv2.Client
	acm         *acm.Client
	iam         iamOperations
	autoscaling autoscalingOperations
	route53     route53Operations
	sts         *sts.Client
	// signer makes links to STS that EKS takes, which only those to STS itself are.
	signer *sts.Client
	// servers know the Kubernetes APIs, and proxyURL is on the way to them.
	servers  *kube.Servers
	proxyURL string

	reader *reader
	log    stack.LogFunc
	poll   stack.Poll
	linger time.Duration

	accountMu sync.Mutex
	accountID string
}

// client gives the clients of a region, the same for everyone who asks.
func (b *Backend) client(ctx context.Context, region string) (*client, error) {
	return b.clientAs(ctx, region, "")
}

// clientAs gives the clients of a region with the credentials of a role; an
// empty role leaves the provider's own.
func (b *Backend) clientAs(ctx context.Context, region, role string) (*client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := strings.TrimSpace(region + " " + role)
	if c := b.clients[key]; c != nil {
		return c, nil
	}
	cfg, err := b.sdkConfig(ctx, region)
	if err != nil {
		return nil, err
	}
	if role != "" {
		cfg = b.assume(cfg, role)
	}
	// Before the middleware of calls, which a link is not.
	signer := sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = nil })
	// One for all: a peering that is accepted in one region changes in another.
	writes := &b.writes
	cfg.APIOptions = append(cfg.APIOptions, countWrites(writes), askFirst)
	cfg.HTTPClient = withWholeBodies(cfg.HTTPClient)
	c := &client{
		region:      region,
		partition:   serving.PartitionOf(region),
		ec2:         newEC2Operations(cfg),
		eks:         eks.NewFromConfig(cfg),
		elb:         elasticloadbalancingv2.NewFromConfig(cfg),
		acm:         acm.NewFromConfig(cfg),
		iam:         newIAMOperations(cfg),
		autoscaling: newAutoScalingOperations(cfg),
		route53:     newRoute53Operations(cfg),
		sts:         sts.NewFromConfig(cfg),
		signer:      signer,
		servers:     b.Servers,
		proxyURL:    cmp.Or(b.cfg.KubernetesProxyURL, b.cfg.Sandbox),
		log:         b.cfg.Log,
		poll:        b.cfg.Poll,
		linger:      cmp.Or(b.cfg.Linger, defaultLinger),
	}
	c.reader = newReader(c, writes)
	b.clients[key] = c
	return c, nil
}

// sdkConfig resolves credentials and settings once per region.
func (b *Backend) sdkConfig(ctx context.Context, region string) (aws.Config, error) {
	if region == "" {
		return aws.Config{}, fmt.Errorf("no region: set region on the resource, aws.region on the provider, or AWS_REGION")
	}
	var cfg aws.Config
	if b.cfg.Sandbox != "" {
		cfg = aws.Config{
			Region:       region,
			BaseEndpoint: aws.String(b.cfg.Sandbox),
			Credentials:  credentials.NewStaticCredentialsProvider("sandbox", "sandbox", ""),
		}
	} else {
		base := awsbase.Config{
			Region:  region,
			Profile: b.cfg.Profile,
			// The provider's own messages are enough, and request bodies hold the
			// private key of a certificate.
			Logger:                  logging.NullLogger{},
			SuppressDebugLog:        true,
			SkipCredsValidation:     true,
			SkipRequestingAccountId: true,
			UserAgent:               awsbase.UserAgentProducts{{Name: "terraform-provider-serving", Version: b.cfg.Version}},
			CallerName:              "terraform-provider-serving",
		}
		if b.cfg.AssumeRoleARN != "" {
			base.AssumeRole = []awsbase.AssumeRole{{
				RoleARN:     b.cfg.AssumeRoleARN,
				ExternalID:  b.cfg.AssumeRoleExternalID,
				SessionName: cmp.Or(b.cfg.AssumeRoleSessionName, "terraform-provider-serving"),
			}}
		}
		var err error
		if cfg, err = baseConfig(ctx, &base); err != nil {
			return aws.Config{}, err
		}
	}
	// One retryer for all clients of a region: its rate limiter then slows all of
	// them when the cloud throttles one.
	retryer := retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) {
			o.MaxAttempts = cmp.Or(b.cfg.MaxRetries, 8)
			o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(quotaIsFinal)}, o.Retryables...)
			o.MaxBackoff = 20 * time.Second
		})
	})
	cfg.Retryer = func() aws.Retryer { return retryer }
	return cfg, nil
}

// quotaIsFinal keeps a quota error from being tried again: the SDK takes ACM's
// LimitExceededException for throttling, as it is with DynamoDB.
func quotaIsFinal(err error) aws.Ternary {
	if isCode(err, "LimitExceededException") {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// baseConfig asks aws-sdk-go-base for the configuration that users know from
// the hashicorp/aws provider.
func baseConfig(ctx context.Context, base *awsbase.Config) (aws.Config, error) {
	_, cfg, diags := awsbase.GetAwsConfig(ctx, base)
	for _, d := range diags.Errors() {
		return aws.Config{}, fmt.Errorf("AWS credentials: %s: %s; set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws.profile on the provider", d.Summary(), d.Detail())
	}
	return cfg, nil
}

// account asks once per process whose credentials these are.
func (c *client) account(ctx context.Context) (string, error) {
	c.accountMu.Lock()
	defer c.accountMu.Unlock()
	if c.accountID == "" {
		out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		c.accountID = aws.ToString(out.Account)
	}
	return c.accountID, nil
}
