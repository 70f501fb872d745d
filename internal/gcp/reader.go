package gcp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/api/iterator"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
)

// everything is the key of reads that take all of a kind.
const everything = ""

// reader merges the reads of everything that one client refreshes. Each kind is
// one list call for the project and region, however many stacks ask: the mark is
// in what is listed, and no filter is cheaper.
type reader struct {
	clusters         *reads.Batch[[]*containerpb.Cluster]
	networks         *reads.Batch[[]*computepb.Network]
	subnetworks      *reads.Batch[[]*computepb.Subnetwork]
	routers          *reads.Batch[[]*computepb.Router]
	firewalls        *reads.Batch[[]*computepb.Firewall]
	addresses        *reads.Batch[[]*computepb.Address]
	healthChecks     *reads.Batch[[]*computepb.HealthCheck]
	backendServices  *reads.Batch[[]*computepb.BackendService]
	urlMaps          *reads.Batch[[]*computepb.UrlMap]
	sslPolicies      *reads.Batch[[]*computepb.SslPolicy]
	httpsProxies     *reads.Batch[[]*computepb.TargetHttpsProxy]
	httpProxies      *reads.Batch[[]*computepb.TargetHttpProxy]
	forwardingRules  *reads.Batch[[]*computepb.ForwardingRule]
	securityPolicies *reads.Batch[[]*computepb.SecurityPolicy]
	// instanceGroups are those of all zones.
	instanceGroups *reads.Batch[[]*computepb.InstanceGroup]
	// everySubnetwork are those of all regions, and peeringRoutes the ranges that arrive
	// over a peering, by network and peering.
	everySubnetwork *reads.Batch[[]*computepb.Subnetwork]
	peeringRoutes   *reads.Batch[[]string]
	// certificates are those of Certificate Manager.
	certificates *reads.Batch[[]*certificatemanagerpb.Certificate]
}

// pageSize is the most objects of one page (Compute Engine API reference,
// maxResults).
const pageSize = 500

func newReader(c *client) *reader {
	e, api, project, region, size := c.writes, c.compute, c.project, c.region, proto.Uint32(pageSize)
	return &reader{
		clusters: reads.New(e, 1, reads.One(func(ctx context.Context, _ string) ([]*containerpb.Cluster, error) {
			out, err := c.gke.ListClusters(ctx, &containerpb.ListClustersRequest{Parent: c.location()})
			if err == nil {
				err = partial("GKE clusters", out.GetMissingZones())
			}
			return out.GetClusters(), err
		})),
		everySubnetwork: reads.New(e, 1, reads.One(func(ctx context.Context, _ string) ([]*computepb.Subnetwork, error) {
			regions := api.subnetworks.AggregatedList(ctx, &computepb.AggregatedListSubnetworksRequest{Project: project, MaxResults: size})
			var out []*computepb.Subnetwork
			for {
				region, err := regions.Next()
				if errors.Is(err, iterator.Done) {
					return out, nil
				}
				if err != nil {
					return nil, err
				}
				out = append(out, region.Value.GetSubnetworks()...)
			}
		})),
		peeringRoutes: reads.New(e, 1, reads.One(c.readPeeringRoutes)),
		certificates: reads.New(e, 1, reads.One(func(ctx context.Context, _ string) (out []*certificatemanagerpb.Certificate, err error) {
			for all := c.certificates.ListCertificates(ctx, &certificatemanagerpb.ListCertificatesRequest{Parent: c.location(), PageSize: pageSize}); ; {
				one, err := all.Next()
				done := errors.Is(err, iterator.Done)
				if err != nil && !done {
					return nil, err
				}
				// The last page may have places that are missing and nothing else.
				if page, ok := all.Response.(*certificatemanagerpb.ListCertificatesResponse); ok {
					if err := partial("certificates", page.GetUnreachable()); err != nil {
						return nil, err
					}
				}
				if done {
					return out, nil
				}
				out = append(out, one)
			}
		})),
		networks: listed(e, func(ctx context.Context) pages[*computepb.Network] {
			return api.networks.List(ctx, &computepb.ListNetworksRequest{Project: project, MaxResults: size})
		}),
		subnetworks: listed(e, func(ctx context.Context) pages[*computepb.Subnetwork] {
			return api.subnetworks.List(ctx, &computepb.ListSubnetworksRequest{Project: project, Region: region, MaxResults: size})
		}),
		routers: listed(e, func(ctx context.Context) pages[*computepb.Router] {
			return api.routers.List(ctx, &computepb.ListRoutersRequest{Project: project, Region: region, MaxResults: size})
		}),
		firewalls: listed(e, func(ctx context.Context) pages[*computepb.Firewall] {
			return api.firewalls.List(ctx, &computepb.ListFirewallsRequest{Project: project, MaxResults: size})
		}),
		addresses: listed(e, func(ctx context.Context) pages[*computepb.Address] {
			return api.addresses.List(ctx, &computepb.ListAddressesRequest{Project: project, Region: region, MaxResults: size})
		}),
		healthChecks: listed(e, func(ctx context.Context) pages[*computepb.HealthCheck] {
			return api.healthChecks.List(ctx, &computepb.ListRegionHealthChecksRequest{Project: project, Region: region, MaxResults: size})
		}),
		backendServices: listed(e, func(ctx context.Context) pages[*computepb.BackendService] {
			return api.backendServices.List(ctx, &computepb.ListRegionBackendServicesRequest{Project: project, Region: region, MaxResults: size})
		}),
		urlMaps: listed(e, func(ctx context.Context) pages[*computepb.UrlMap] {
			return api.urlMaps.List(ctx, &computepb.ListRegionUrlMapsRequest{Project: project, Region: region, MaxResults: size})
		}),
		sslPolicies: listed(e, func(ctx context.Context) pages[*computepb.SslPolicy] {
			return api.sslPolicies.List(ctx, &computepb.ListRegionSslPoliciesRequest{Project: project, Region: region, MaxResults: size})
		}),
		httpsProxies: listed(e, func(ctx context.Context) pages[*computepb.TargetHttpsProxy] {
			return api.httpsProxies.List(ctx, &computepb.ListRegionTargetHttpsProxiesRequest{Project: project, Region: region, MaxResults: size})
		}),
		httpProxies: listed(e, func(ctx context.Context) pages[*computepb.TargetHttpProxy] {
			return api.httpProxies.List(ctx, &computepb.ListRegionTargetHttpProxiesRequest{Project: project, Region: region, MaxResults: size})
		}),
		forwardingRules: listed(e, func(ctx context.Context) pages[*computepb.ForwardingRule] {
			return api.forwardingRules.List(ctx, &computepb.ListForwardingRulesRequest{Project: project, Region: region, MaxResults: size})
		}),
		securityPolicies: listed(e, func(ctx context.Context) pages[*computepb.SecurityPolicy] {
			return api.securityPolicies.List(ctx, &computepb.ListRegionSecurityPoliciesRequest{Project: project, Region: region, MaxResults: size})
		}),
		instanceGroups: reads.New(e, 1, reads.One(func(ctx context.Context, _ string) ([]*computepb.InstanceGroup, error) {
			zones := api.instanceGroups.AggregatedList(ctx, &computepb.AggregatedListInstanceGroupsRequest{Project: project, MaxResults: size})
			var out []*computepb.InstanceGroup
			for {
				zone, err := zones.Next()
				if errors.Is(err, iterator.Done) {
					return out, nil
				}
				if err != nil {
					return nil, err
				}
				out = append(out, zone.Value.GetInstanceGroups()...)
			}
		})),
	}
}

// partial is the error of a list that lacks what is in some places. Taken for whole,
// it would say that what is there is gone.
func partial(what string, missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("list %s: Google Cloud had no answer from %s, and gave the rest; run the same command again when it is back",
		what, strings.Join(sorted(missing), ", "))
}

// pages is what every iterator of the SDK has.
type pages[T any] interface{ Next() (T, error) }

// listed reads all pages of a list.
func listed[T any](e *reads.Epoch, begin func(context.Context) pages[T]) *reads.Batch[[]T] {
	return reads.New(e, 1, reads.One(func(ctx context.Context, _ string) ([]T, error) {
		var out []T
		for all := begin(ctx); ; {
			one, err := all.Next()
			if errors.Is(err, iterator.Done) {
				return out, nil
			}
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
	}))
}

// find gives the one with a name.
func find[T interface{ GetName() string }](all []T, name string) (found T) {
	for _, one := range all {
		if one.GetName() == name {
			return one
		}
	}
	return found
}
