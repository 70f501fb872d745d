package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// httpProxies answer at port 80, with a redirect.
type httpProxies struct {
	named[computepb.TargetHttpProxy, *computepb.TargetHttpProxy]
}

var _ stack.Kind[*computepb.TargetHttpProxy, computepb.TargetHttpProxy] = httpProxies{}

func (c *client) httpProxies(o owner, name string) httpProxies {
	return httpProxies{named[computepb.TargetHttpProxy, *computepb.TargetHttpProxy]{
		client: c, owner: o, what: "target HTTP proxy", names: []string{name}, all: c.reader.httpProxies,
		how: fields{fixed: []string{"description"}},
	}}
}

func httpProxy(name, urlMap string) *computepb.TargetHttpProxy {
	return &computepb.TargetHttpProxy{Name: &name, UrlMap: proto.String(computeLink(urlMap))}
}

func (k httpProxies) Create(ctx context.Context, object string, want *computepb.TargetHttpProxy, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.httpProxies.Insert(ctx, &computepb.InsertRegionTargetHttpProxyRequest{Project: k.project, Region: k.region, RequestId: id, TargetHttpProxyResource: k.marked(object, want)})
	})
}

func (k httpProxies) Update(ctx context.Context, _ string, want *computepb.TargetHttpProxy, live *computepb.TargetHttpProxy, _ []stack.Difference) error {
	op, err := k.compute.httpProxies.SetUrlMap(ctx, &computepb.SetUrlMapRegionTargetHttpProxyRequest{Project: k.project, Region: k.region, TargetHttpProxy: live.GetName(),
		UrlMapReferenceResource: &computepb.UrlMapReference{UrlMap: want.UrlMap}})
	return k.done(ctx, op, err)
}

func (k httpProxies) Delete(ctx context.Context, live *computepb.TargetHttpProxy) error {
	op, err := k.compute.httpProxies.Delete(ctx, &computepb.DeleteRegionTargetHttpProxyRequest{Project: k.project, Region: k.region, TargetHttpProxy: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
