package gcp

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Reach reads the networks between callers and a cluster and decides.
func (b *Backend) Reach(ctx context.Context, to serving.Target, from serving.Source) (serving.Reachability, error) {
	c, err := b.client(ctx, to.Cluster.Region)
	if err != nil {
		return serving.Reachability{}, err
	}
	t, err := b.topology(ctx, c, to, from)
	if err != nil {
		return serving.Reachability{}, explain(err)
	}
	from.VPC = c.short(from)
	return serving.Reach(t, from, to), nil
}

// short names a network: with its project where that is not the cluster's.
func (c *client) short(from serving.Source) string {
	if from.VPC == "" || from.Project == "" || from.Project == c.project {
		return from.VPC
	}
	return from.Project + "/" + from.VPC
}

// topology reads what the answer depends on, and no more.
func (b *Backend) topology(ctx context.Context, c *client, to serving.Target, from serving.Source) (serving.Topology, error) {
	t := serving.Topology{WithoutACLs: true, Words: words}
	f, err := c.front(ctx, to.Cluster)
	if err != nil {
		return t, err
	}
	var g errgroup.Group
	g.Go(func() error {
		t.Servers, t.ServersUnknown = b.callers(ctx, to.Cluster)
		return nil
	})
	g.Go(func() error {
		t.Gateway = c.gatewayTopology(ctx, to.Cluster, f)
		return nil
	})
	g.Go(func() (err error) {
		t.LoadBalancer, err = c.frontTopology(ctx, to.Cluster, f)
		return err
	})
	if f != nil {
		g.Go(func() error { return b.networks(ctx, c, f, from, &t) })
	}
	return t, g.Wait()
}

// callers are the servers, or why they could not be read.
func (b *Backend) callers(ctx context.Context, cluster serving.ID) (map[string]serving.ModelServer, string) {
	api, err := b.Connect(ctx, cluster)
	if err != nil {
		return nil, explain(err).Error()
	}
	servers, err := api.Callers(ctx)
	if err != nil {
		return nil, err.Error()
	}
	return servers, ""
}

// networks reads the networks of both sides and what joins them.
func (b *Backend) networks(ctx context.Context, c *client, f *front, from serving.Source, t *serving.Topology) error {
	own := lastOf(f.GetNetwork())
	var err error
	if t.Cluster, err = c.networkTopology(ctx, own, own, f); err != nil || from.VPC == "" || c.short(from) == own {
		return err
	}
	project := cmp.Or(from.Project, c.project)
	link := "projects/" + project + "/global/networks/" + from.VPC
	half := halfWith(c.halves(ctx, own, &err), link)
	if err != nil {
		return err
	}
	if half != nil {
		t.Peering = &serving.PeeringTopology{ID: half.GetName(), State: half.GetState(), Active: half.GetState() == peeringConnected}
	}
	theirs, err := b.clientAs(ctx, project, c.region, cmp.Or(from.ImpersonateServiceAccount, b.cfg.ImpersonateServiceAccount))
	if err != nil {
		return err
	}
	far, err := theirs.callerTopology(ctx, from.VPC, c.short(from), f)
	if err != nil {
		return err
	}
	t.Caller = far
	switch p := t.Peering; {
	case p == nil || !p.Active:
		return c.otherWays(ctx, own, f, t)
	case far.Unread != "":
		texts, err := c.arriving(ctx, own, p.ID)
		if err != nil {
			return err
		}
		far.Ranges = prefixes(texts)
		joinRoutes(&t.Cluster, far.Ranges, p.ID)
	default:
		// Nothing of one's own can be in the way of what arrives from the other side: a
		// route of a subnetwork goes before all others.
		theirHalf := halfWith(theirs.halves(ctx, from.VPC, &err), c.global("networks", own))
		joinRoutes(&t.Cluster, exchanged(far.Ranges, theirHalf, half), p.ID)
		joinRoutes(far, exchanged(t.Cluster.Ranges, half, theirHalf), p.ID)
	}
	return err
}

// joinRoutes gives all subnetworks of a network the routes of a peering.
func joinRoutes(to *serving.VPCTopology, ranges []netip.Prefix, peering string) {
	for i := range to.Subnets {
		for _, r := range ranges {
			to.Subnets[i].Routes = append(slices.Clone(to.Subnets[i].Routes), serving.Route{To: r, Kind: serving.RoutePeering, ID: peering})
		}
	}
}

// callerTopology reads the callers' network. Rights that are missing leave it unread; a
// network that is not there is an error.
func (c *client) callerTopology(ctx context.Context, network, name string, f *front) (*serving.VPCTopology, error) {
	all, err := c.reader.networks.Get(ctx, everything)
	if err == nil && find(all, network) == nil {
		return nil, &stack.MissingError{Err: fmt.Errorf("there is no network %s in the project %s; correct from.vpc, or say where it is with from.project", network, c.project)}
	}
	out := serving.VPCTopology{VPC: name}
	if err == nil {
		out, err = c.networkTopology(ctx, network, name, f)
	}
	if isCode(err, http.StatusForbidden) {
		out = serving.VPCTopology{VPC: name, Unread: "the credentials may not read the network " + name + ": " + explain(err).Error()}
		err = nil
	}
	return &out, err
}
