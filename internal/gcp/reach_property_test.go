package gcp

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

var (
	reachSeed  = flag.Uint64("reach.seed", 1, "seed of the first world of TestReachAgreesWithPackets")
	reachCases = flag.Int("reach.cases", 150, "number of worlds of TestReachAgreesWithPackets")
)

// tally counts what was compared.
type tally struct {
	mu                              sync.Mutex
	asked, passed, blocked, unknown int
}

// TestReachAgreesWithPackets makes clusters with random neighbours, changes around them
// what a user may change, and holds what serving.Reach says of them, as this package
// reads them, against what becomes of real requests. A request that the cloud answers
// itself, with 403 or 503, did not get through.
func TestReachAgreesWithPackets(t *testing.T) {
	t.Parallel()
	well, sick := gatewayServer(t, http.StatusOK), gatewayServer(t, http.StatusInternalServerError)
	var sum tally
	// Making a world waits most of the time.
	var making errgroup.Group
	making.SetLimit(8)
	for n := range *reachCases {
		seed := *reachSeed + uint64(n)
		making.Go(func() error {
			w := &randomWorld{t: t, r: rand.New(rand.NewPCG(seed, 0)), repeat: fmt.Sprintf("-reach.seed=%d -reach.cases=1", seed), sum: &sum}
			w.gateway = well
			if w.chance(0.04) {
				w.gateway = sick
			}
			if err := w.build(); err != nil {
				t.Errorf("%s: %v", w.repeat, err)
			} else {
				w.compare()
			}
			if w.sandbox != nil {
				w.sandbox.close()
			}
			return nil
		})
	}
	_ = making.Wait()
	t.Logf("%d worlds, %d questions: %d pass, %d block, %d unknown", *reachCases, sum.asked, sum.passed, sum.blocked, sum.unknown)
	// Cloud NAT chooses its addresses, which is unknown wherever they matter.
	if *reachCases > 100 && sum.unknown*5 > sum.asked {
		t.Errorf("%d of %d answers are unknown, which should be rare", sum.unknown, sum.asked)
	}
	if *reachCases > 100 && (sum.passed*10 < sum.asked || sum.blocked*10 < sum.asked) {
		t.Errorf("the worlds prove little: %d of %d questions pass, %d are blocked", sum.passed, sum.asked, sum.blocked)
	}
}

// gatewayServer is what answers behind the load balancers of many worlds: its health
// checks get a status, and everything else a 200.
func gatewayServer(t *testing.T, health int) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == healthPath {
			w.WriteHeader(health)
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// gatewayAlone stands for a cluster's data plane: nodes with a gateway at its port, and
// an API server that is dialled once, to start it.
type gatewayAlone struct{ at string }

func (g gatewayAlone) DialAPI(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", g.at)
}

func (g gatewayAlone) DialNodePort(ctx context.Context, _ netip.Addr, port int) (net.Conn, error) {
	if port != nodePort {
		return nil, fmt.Errorf("connection refused at port %d", port)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", g.at)
}

func (gatewayAlone) Running() bool { return true }
func (gatewayAlone) Close() error  { return nil }

// compare asks for every sort of caller.
func (w *randomWorld) compare() {
	w.hold(serving.Source{}, &randomNetwork{}, []string{"203.0.113.10", "203.0.113.77", "198.51.100.7", "8.8.8.8"})
	for _, n := range w.networks {
		addresses, err := n.hosts(w.t.Context())
		if err != nil {
			w.t.Errorf("%s: %v", w.repeat, err)
			return
		}
		w.hold(serving.Source{VPC: n.name, Project: n.projectArgument, ImpersonateServiceAccount: n.account}, n, addresses)
	}
}

// hold compares the answer about each address, and that about all of them.
func (w *randomWorld) hold(from serving.Source, n *randomNetwork, addresses []string) {
	to := serving.Target{Cluster: w.cluster.ID()}
	// Nothing that was read before counts: the world was changed behind its back.
	b := testBackend(w.sandbox.URL)
	c, err := b.client(w.t.Context(), testRegion)
	if err != nil {
		w.t.Error(err)
		return
	}
	topology, err := b.topology(w.t.Context(), c, to, from)
	if err != nil {
		w.t.Errorf("%s: from %+v: %v", w.repeat, from, err)
		return
	}
	from.VPC = c.short(from)
	whole := serving.Reach(topology, from, to)
	for _, text := range addresses {
		address := netip.MustParseAddr(text)
		one := from
		one.CIDR = netip.PrefixFrom(address, 32)
		got := serving.Reach(topology, one, to)
		why, passes := w.request(n, address)
		w.sum.mu.Lock()
		w.sum.asked++
		switch {
		case got.Reachable == serving.VerdictUnknown:
			w.sum.unknown++
		case (got.Reachable == serving.VerdictPass) != passes:
			w.t.Errorf("%s: %s in %q: Reach says %s, packets %t %s\n%s", w.repeat, address, from.VPC, got.Reachable, passes, why, hopsOf(got))
		case passes:
			w.sum.passed++
		default:
			w.sum.blocked++
		}
		w.sum.mu.Unlock()
		if whole.Reachable == serving.VerdictPass && !passes || whole.Reachable == serving.VerdictBlock && !whole.Partly && passes {
			w.t.Errorf("%s: all of %q: Reach says %s, partly %t, but the packets of %s: %t %s\n%s", w.repeat, from.VPC, whole.Reachable, whole.Partly, address, passes, why, hopsOf(whole))
		}
	}
}

// request sends a real one from an address of a network; the zero network is the
// Internet.
func (w *randomWorld) request(n *randomNetwork, address netip.Addr) (why string, passes bool) {
	from := control.Place{Address: address}
	if n.name != "" {
		from.Network = n.project + "." + n.name
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: w.roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return w.sandbox.Connect(ctx, from, w.host, servicePort)
		},
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "https://"+w.cluster.Endpoint.Domain+"/", http.NoBody)
	if err != nil {
		w.t.Error(err)
		return "", false
	}
	response, err := transport.RoundTrip(request)
	var path *control.PathError
	switch {
	case errors.As(err, &path) && path.Kind != control.UnknownPlace && (path.Kind != control.UnknownHost || w.gone):
		return err.Error(), false
	case err != nil:
		w.t.Errorf("%s: request from %s in %q: %v", w.repeat, address, n.name, err)
		return err.Error(), false
	}
	_ = response.Body.Close()
	return fmt.Sprintf("%d %s", response.StatusCode, response.Header.Get("X-Sandbox-Reason")), response.StatusCode == http.StatusOK
}

// hopsOf writes an answer for people.
func hopsOf(r serving.Reachability) string {
	var out strings.Builder
	for _, h := range r.Hops {
		_, _ = fmt.Fprintf(&out, "  %-15s %-8s %s\n", h.Name, h.Verdict, h.Reason)
	}
	return out.String()
}
