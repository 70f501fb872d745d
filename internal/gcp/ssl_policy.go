package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// sslPolicies are the versions and ciphers that a load balancer takes; without one
// it would take TLS 1.0.
type sslPolicies struct {
	named[computepb.SslPolicy, *computepb.SslPolicy]
}

var _ stack.Kind[*computepb.SslPolicy, computepb.SslPolicy] = sslPolicies{}

func (c *client) sslPolicies(o owner, name string) sslPolicies {
	return sslPolicies{named[computepb.SslPolicy, *computepb.SslPolicy]{
		client: c, owner: o, what: "SSL policy", names: []string{name}, all: c.reader.sslPolicies,
		how: fields{fixed: []string{"description"}, empty: []string{"customFeatures"}, attributes: map[string]string{"minTlsVersion": "endpoint.min_tls_version"}},
	}}
}

// tlsVersions are Compute Engine's words for the lowest version.
var tlsVersions = map[string]string{"": "TLS_1_2", "1.2": "TLS_1_2", "1.3": "TLS_1_3"}

// sslPolicy takes only ciphers with forward secrecy and authenticated encryption,
// which is also the one profile that goes with 1.3.
func sslPolicy(name, lowest string) *computepb.SslPolicy {
	return &computepb.SslPolicy{Name: &name, Profile: proto.String("RESTRICTED"), MinTlsVersion: proto.String(tlsVersions[lowest])}
}

func (k sslPolicies) Create(ctx context.Context, object string, want *computepb.SslPolicy, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.sslPolicies.Insert(ctx, &computepb.InsertRegionSslPolicyRequest{Project: k.project, Region: k.region, RequestId: id, SslPolicyResource: k.marked(object, want)})
	})
}

func (k sslPolicies) Update(ctx context.Context, _ string, want *computepb.SslPolicy, live *computepb.SslPolicy, _ []stack.Difference) error {
	op, err := k.compute.sslPolicies.Patch(ctx, &computepb.PatchRegionSslPolicyRequest{Project: k.project, Region: k.region, SslPolicy: live.GetName(),
		SslPolicyResource: &computepb.SslPolicy{Fingerprint: live.Fingerprint, Profile: want.Profile, MinTlsVersion: want.MinTlsVersion}})
	return outdated(k.done(ctx, op, err))
}

func (k sslPolicies) Delete(ctx context.Context, live *computepb.SslPolicy) error {
	op, err := k.compute.sslPolicies.Delete(ctx, &computepb.DeleteRegionSslPolicyRequest{Project: k.project, Region: k.region, SslPolicy: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
