package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// httpsProxies end TLS: certificate, SSL policy and URL map come together there.
type httpsProxies struct {
	named[computepb.TargetHttpsProxy, *computepb.TargetHttpsProxy]
}

var (
	_ stack.Kind[*computepb.TargetHttpsProxy, computepb.TargetHttpsProxy] = httpsProxies{}
	_ stack.Replacer                                                      = httpsProxies{}
)

// Replaceable is true because the visibility is part of the name.
func (k httpsProxies) Replaceable() {}

func (c *client) httpsProxies(o owner, names []string) httpsProxies {
	return httpsProxies{named[computepb.TargetHttpsProxy, *computepb.TargetHttpsProxy]{
		client: c, owner: o, what: "target HTTPS proxy", names: names, all: c.reader.httpsProxies,
		how: fields{
			fixed:      []string{"name", "description"},
			empty:      []string{"serverTlsPolicy"},
			attributes: map[string]string{"sslCertificates": "endpoint.certificate_id"},
		},
	}}
}

// httpsProxy serves one certificate of Certificate Manager.
func httpsProxy(name, urlMap, policy, certificate string) *computepb.TargetHttpsProxy {
	return &computepb.TargetHttpsProxy{
		Name: &name, UrlMap: proto.String(computeLink(urlMap)), SslPolicy: proto.String(computeLink(policy)),
		SslCertificates: []string{certificateLink(certificate)},
	}
}

// certificateLink is a certificate's name as a proxy takes it (TargetHttpsProxy,
// sslCertificates).
func certificateLink(name string) string { return "//certificatemanager.googleapis.com/" + name }

func (k httpsProxies) Create(ctx context.Context, object string, want *computepb.TargetHttpsProxy, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.httpsProxies.Insert(ctx, &computepb.InsertRegionTargetHttpsProxyRequest{Project: k.project, Region: k.region, RequestId: id, TargetHttpsProxyResource: k.marked(object, want)})
	})
}

func (k httpsProxies) Update(ctx context.Context, _ string, want *computepb.TargetHttpsProxy, live *computepb.TargetHttpsProxy, diffs []stack.Difference) error {
	if has(diffs, "sslCertificates") {
		op, err := k.compute.httpsProxies.SetSslCertificates(ctx, &computepb.SetSslCertificatesRegionTargetHttpsProxyRequest{Project: k.project, Region: k.region, TargetHttpsProxy: live.GetName(),
			RegionTargetHttpsProxiesSetSslCertificatesRequestResource: &computepb.RegionTargetHttpsProxiesSetSslCertificatesRequest{SslCertificates: want.GetSslCertificates()}})
		if err := k.done(ctx, op, err); err != nil {
			return err
		}
	}
	if has(diffs, "urlMap") {
		op, err := k.compute.httpsProxies.SetUrlMap(ctx, &computepb.SetUrlMapRegionTargetHttpsProxyRequest{Project: k.project, Region: k.region, TargetHttpsProxy: live.GetName(),
			UrlMapReferenceResource: &computepb.UrlMapReference{UrlMap: want.UrlMap}})
		if err := k.done(ctx, op, err); err != nil {
			return err
		}
	}
	if !has(diffs, "sslPolicy", "serverTlsPolicy") {
		return nil
	}
	if has(diffs, "sslCertificates", "urlMap") {
		// Those have changed the fingerprint; the rest is for the next round.
		return nil
	}
	change := &computepb.TargetHttpsProxy{Fingerprint: live.Fingerprint, SslPolicy: want.SslPolicy}
	if has(diffs, "serverTlsPolicy") {
		change.ServerTlsPolicy = proto.String("")
	}
	op, err := k.compute.httpsProxies.Patch(ctx, &computepb.PatchRegionTargetHttpsProxyRequest{Project: k.project, Region: k.region, TargetHttpsProxy: live.GetName(), TargetHttpsProxyResource: change})
	return outdated(k.done(ctx, op, err))
}

func (k httpsProxies) Delete(ctx context.Context, live *computepb.TargetHttpsProxy) error {
	op, err := k.compute.httpsProxies.Delete(ctx, &computepb.DeleteRegionTargetHttpsProxyRequest{Project: k.project, Region: k.region, TargetHttpsProxy: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
