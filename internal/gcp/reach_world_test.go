package gcp

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	sandboxgcp "github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// farRegion is one that the cluster is not in.
const farRegion = "us-east1"

// randomNetwork is a network of a random world. Its client is one of the cluster's
// region, in the network's project.
type randomNetwork struct {
	*client
	name string
	// projectArgument and account are what a source says of it.
	projectArgument, account string
}

// hosts are addresses of its subnetworks that nobody has, some of each range.
func (n *randomNetwork) hosts(ctx context.Context) ([]string, error) {
	all, err := n.reader.everySubnetwork.Get(ctx, everything)
	var out []string
	for _, s := range all {
		if lastOf(s.GetNetwork()) != n.name || s.GetPurpose() == purposeProxies {
			continue
		}
		blocks := prefixes([]string{s.GetIpCidrRange()})
		for _, r := range s.GetSecondaryIpRanges() {
			if r.GetRangeName() != servicesRange {
				blocks = append(blocks, prefixes([]string{r.GetIpCidrRange()})...)
			}
		}
		for _, block := range blocks {
			for _, last := range []byte{77, 200} {
				a := block.Addr().As4()
				a[2], a[3] = a[2]+3, last
				out = append(out, netip.AddrFrom4(a).String())
			}
		}
	}
	return out, err
}

// randomWorld is a cluster among up to two other networks. The first of its networks
// is the cluster's.
type randomWorld struct {
	t       *testing.T
	r       *rand.Rand
	repeat  string
	sum     *tally
	gateway string

	sandbox  *simulated
	b        *Backend
	roots    *x509.CertPool
	cluster  serving.Cluster
	networks []*randomNetwork
	host     string
	// gone says that the forwarding rule is.
	gone bool
}

// chance is true in that part of the cases.
func (w *randomWorld) chance(of float64) bool { return w.r.Float64() < of }

func pick[T any](w *randomWorld, of ...T) T { return of[w.r.IntN(len(of))] }

// build makes a world.
func (w *randomWorld) build() error {
	if err := w.makeCluster(); err != nil {
		return err
	}
	steps := []func() error{
		w.homeSubnetworks, w.neighbours, func() error { return w.peer(w.networks[0], w.networks[1]) }, w.chain, w.policyRules, w.firewalls,
		func() error { return w.waysOut(w.networks[0]) }, func() error { return w.waysOut(w.networks[1]) }, w.front,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// makeCluster makes the cluster as the provider does.
func (w *randomWorld) makeCluster() error {
	w.sandbox = newSandbox(w.t, func(c *sandboxgcp.Config) {
		c.Quotas = plenty
		c.Kubernetes = func(control.KubernetesCluster) control.Kubernetes { return gatewayAlone{w.gateway} }
	})
	w.b = testBackend(w.sandbox.URL)
	ctx, certificate := w.t.Context(), testCertificate(w.t)
	w.roots = x509.NewCertPool()
	w.roots.AppendCertsFromPEM([]byte(certificate.Imported.CertificatePEM))
	if _, err := w.b.CreateCertificate(ctx, certificate); err != nil {
		return err
	}
	w.cluster = testCluster(serving.Private)
	if w.chance(0.4) {
		w.cluster = testCluster(serving.Public)
		w.cluster.Endpoint.AllowedCIDRs = pick(w, nil, nil, nil, nil, []string{"203.0.113.0/24"}, []string{"198.51.100.0/24", "203.0.113.77/32"})
	}
	delete(w.cluster.NodePools, "gpu")
	if w.chance(0.3) {
		w.cluster.Network.NAT = serving.NATNone
	}
	seen, err := w.b.CreateCluster(ctx, w.cluster)
	if err != nil {
		return err
	}
	c, err := w.b.client(ctx, testRegion)
	if err != nil {
		return err
	}
	w.cluster = seen.Spec
	w.networks = []*randomNetwork{{client: c, name: namesOf(w.cluster).vpc}}
	rules, err := c.reader.forwardingRules.Get(ctx, everything)
	if err != nil {
		return err
	}
	w.host = find(rules, namesOf(w.cluster).chain).GetIPAddress()
	all, err := c.reader.clusters.Get(ctx, everything)
	if err != nil {
		return err
	}
	// Nodes run as soon as somebody has used the cluster.
	api := find(all, w.cluster.Name).GetControlPlaneEndpointsConfig().GetIpEndpointsConfig().GetPublicEndpoint()
	conn, err := w.sandbox.Connect(ctx, control.Place{Address: netip.MustParseAddr("203.0.113.10")}, api, servicePort)
	if err != nil {
		return err
	}
	return conn.Close()
}

// network makes a network without subnetworks.
func (w *randomWorld) network(name, project, account string) (*randomNetwork, error) {
	home := w.networks[0].client
	c, err := w.b.clientAs(w.t.Context(), cmp.Or(project, home.project), testRegion, account)
	if err != nil {
		return nil, err
	}
	n := &randomNetwork{client: c, name: name, projectArgument: project, account: account}
	op, err := c.compute.networks.Insert(w.t.Context(), &computepb.InsertNetworkRequest{Project: c.project, NetworkResource: &computepb.Network{Name: &name, AutoCreateSubnetworks: proto.Bool(false)}})
	w.networks = append(w.networks, n)
	return n, c.done(w.t.Context(), op, err)
}

// subnetwork adds one to a network in a region. The second range is for pods.
func (w *randomWorld) subnetwork(n *randomNetwork, region, name string, ranges ...string) error {
	s := &computepb.Subnetwork{Name: &name, Network: proto.String(computeLink(n.global("networks", n.name))), IpCidrRange: &ranges[0]}
	for _, r := range ranges[1:] {
		s.SecondaryIpRanges = append(s.SecondaryIpRanges, &computepb.SubnetworkSecondaryRange{RangeName: proto.String("containers"), IpCidrRange: &r})
	}
	op, err := n.compute.subnetworks.Insert(w.t.Context(), &computepb.InsertSubnetworkRequest{Project: n.project, Region: region, SubnetworkResource: s})
	return n.done(w.t.Context(), op, err)
}

// homeSubnetworks adds some to the cluster's network.
func (w *randomWorld) homeSubnetworks() error {
	var err error
	if w.chance(0.5) {
		err = w.subnetwork(w.networks[0], testRegion, "more", pick(w, "10.50.0.0/20", "44.50.0.0/20"))
	}
	if w.chance(0.4) {
		err = errors.Join(err, w.subnetwork(w.networks[0], farRegion, "far", "10.51.0.0/20"))
	}
	return err
}

// neighbours makes the other networks, in this project or another one.
func (w *randomWorld) neighbours() error {
	project, account := "", ""
	if w.chance(0.5) {
		project, account = peerProject, peerAccount
	}
	apps, err := w.network("apps", project, account)
	if err != nil {
		return err
	}
	err = w.subnetwork(apps, testRegion, "apps", pick(w, "10.60.0.0/20", "10.60.0.0/20", "100.64.0.0/20", "44.60.0.0/20"), pick(w, "10.61.0.0/20", "45.61.0.0/20"))
	if w.chance(0.5) {
		err = errors.Join(err, w.subnetwork(apps, farRegion, "east", pick(w, "10.62.0.0/20", "44.62.0.0/20")))
	}
	if err != nil || w.chance(0.5) {
		return err
	}
	third, err := w.network("third", "", "")
	if err != nil {
		return err
	}
	return w.subnetwork(third, testRegion, "third", "10.70.0.0/20")
}

// chain peers the third network with the second, through which nothing passes on, and
// at times with the first.
func (w *randomWorld) chain() error {
	if len(w.networks) < 3 {
		return nil
	}
	if err := w.peer(w.networks[1], w.networks[2]); err != nil || w.chance(0.7) {
		return err
	}
	return w.peer(w.networks[0], w.networks[2])
}
