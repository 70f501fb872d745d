package gcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	certificatemanager "cloud.google.com/go/certificatemanager/apiv1"
	compute "cloud.google.com/go/compute/apiv1"
	container "cloud.google.com/go/container/apiv1"
	"google.golang.org/api/option"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// client is one project and region: the API clients and the reader they share.
type client struct {
	project, region string

	compute      computeClients
	gke          *container.ClusterManagerClient
	certificates *certificatemanager.Client
	tokens       *tokenSource
	// servers know the Kubernetes APIs, and proxyURL is on the way to them.
	servers  *kube.Servers
	proxyURL string
	locks    *sync.Map

	reader *reader
	writes *reads.Epoch
	log    stack.LogFunc
	poll   stack.Poll
	linger time.Duration
}

// computeClients are one for each kind of object, as Compute Engine has them.
type computeClients struct {
	networks         *compute.NetworksClient
	subnetworks      *compute.SubnetworksClient
	routers          *compute.RoutersClient
	routes           *compute.RoutesClient
	firewalls        *compute.FirewallsClient
	addresses        *compute.AddressesClient
	healthChecks     *compute.RegionHealthChecksClient
	backendServices  *compute.RegionBackendServicesClient
	urlMaps          *compute.RegionUrlMapsClient
	sslPolicies      *compute.RegionSslPoliciesClient
	httpsProxies     *compute.RegionTargetHttpsProxiesClient
	httpProxies      *compute.RegionTargetHttpProxiesClient
	forwardingRules  *compute.ForwardingRulesClient
	securityPolicies *compute.RegionSecurityPoliciesClient
	instanceGroups   *compute.InstanceGroupsClient
	regions          *compute.RegionsClient
	machineTypes     *compute.MachineTypesClient
	acceleratorTypes *compute.AcceleratorTypesClient
}

// open makes the clients. It calls nobody.
func (c *client) open(ctx context.Context, through *http.Client) error {
	api := &c.compute
	err := errors.Join(
		made(ctx, through, &c.gke, container.NewClusterManagerRESTClient),
		made(ctx, through, &c.certificates, certificatemanager.NewRESTClient),
		made(ctx, through, &api.networks, compute.NewNetworksRESTClient),
		made(ctx, through, &api.subnetworks, compute.NewSubnetworksRESTClient),
		made(ctx, through, &api.routers, compute.NewRoutersRESTClient),
		made(ctx, through, &api.routes, compute.NewRoutesRESTClient),
		made(ctx, through, &api.firewalls, compute.NewFirewallsRESTClient),
		made(ctx, through, &api.addresses, compute.NewAddressesRESTClient),
		made(ctx, through, &api.healthChecks, compute.NewRegionHealthChecksRESTClient),
		made(ctx, through, &api.backendServices, compute.NewRegionBackendServicesRESTClient),
		made(ctx, through, &api.urlMaps, compute.NewRegionUrlMapsRESTClient),
		made(ctx, through, &api.sslPolicies, compute.NewRegionSslPoliciesRESTClient),
		made(ctx, through, &api.httpsProxies, compute.NewRegionTargetHttpsProxiesRESTClient),
		made(ctx, through, &api.httpProxies, compute.NewRegionTargetHttpProxiesRESTClient),
		made(ctx, through, &api.forwardingRules, compute.NewForwardingRulesRESTClient),
		made(ctx, through, &api.securityPolicies, compute.NewRegionSecurityPoliciesRESTClient),
		made(ctx, through, &api.instanceGroups, compute.NewInstanceGroupsRESTClient),
		made(ctx, through, &api.regions, compute.NewRegionsRESTClient),
		made(ctx, through, &api.machineTypes, compute.NewMachineTypesRESTClient),
		made(ctx, through, &api.acceleratorTypes, compute.NewAcceleratorTypesRESTClient),
	)
	if err != nil {
		return fmt.Errorf("make the clients of Google Cloud: %w", err)
	}
	return nil
}

// unlogged takes what Google's SDK would log: with GOOGLE_SDK_GO_LOGGING_LEVEL=debug
// that is every body, keys and tokens included, and Terraform keeps what a provider
// writes to its standard error. What polls operations is not reached by it, and has
// no secrets to tell.
var unlogged = slog.New(slog.DiscardHandler)

func made[C any](ctx context.Context, through *http.Client, into *C, open func(context.Context, ...option.ClientOption) (C, error)) (err error) {
	*into, err = open(ctx, option.WithHTTPClient(through), option.WithLogger(unlogged))
	return err
}
