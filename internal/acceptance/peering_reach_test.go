package acceptance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

const peeringAddress = "serving_vpc_peering.test"

// A private cluster answers those who are in a peered VPC, with a token, and nobody
// else; what serving_reachability says of each is what becomes of real connections.
func TestAccPeeringReach(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		withPeer(w)
		p := issue(w)
		w.serve(p).example("vpc-peering")
		w.apply()
		w.plan(0)
		var callers map[string]struct {
			Reachable bool
			Partly    bool
			Hops      []string
			Header    string
		}
		w.read(w.want(0, w.run("output", "-json", "callers")).stdout, &callers)
		for name, place := range map[string]string{"peer": w.place("peer"), "unpeered": w.place("unpeered"), "internet": internet} {
			reachable, why := name == "peer", w.reach[name]
			said, ok := callers[name]
			if !ok || said.Reachable != reachable || said.Partly || said.Header != "Authorization" || !slices.EqualFunc(said.Hops, why, strings.HasPrefix) {
				t.Errorf("of %s serving_reachability says %+v, want %t by %q", name, said, reachable, why)
			}
			from := w.callerOf("serving_cluster.private", p, place)
			if !reachable {
				from.silence("/fraud/predict", bearer(secretValues["app"])...)
				continue
			}
			from.gets(http.StatusUnauthorized, "/fraud/predict", "{}")
			from.gets(http.StatusUnauthorized, "/fraud/predict", "{}", bearer("wrong")...)
			from.gets(http.StatusOK, "/fraud/predict", "{}", bearer(secretValues["app"])...)
			from.gets(http.StatusNotFound, "/unknown", "{}", bearer(secretValues["app"])...)
		}
		w.destroy()
	})
}

// place is where the VPC of a variable is.
func (w *world) place(variable string) string {
	w.Helper()
	var v struct{ VPC string }
	w.read(w.env["TF_VAR_"+variable], &v)
	return w.placeIn(v.VPC)
}

// silence checks that a request does not get to the load balancer.
func (c *caller) silence(path string, headers ...string) {
	c.Helper()
	if a, err := c.post(path, "{}", headers...); err == nil || !strings.Contains(err.Error(), http.StatusText(http.StatusGatewayTimeout)) {
		c.Errorf("%s: %d, %v; want the network's silence", path, a.code, err)
	}
}

// What somebody takes from a peering behind Terraform's back cuts the callers off,
// shows in the plan, and apply brings it back.
func TestAccPeeringDrift(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(w)
		w.use("cluster.tf")
		w.write("peering.tf", w.text("testdata/peering.tf"))
		w.set("peer", map[string]any{"vpc": w.VPC(w.TB, peerRole, peerRegion, "10.70.0.0/16"), "region": peerRegion, "assume_role_arn": peerRole})
		before := w.kinds()
		w.serve(p).apply()
		w.plan(0)
		from := w.caller(p, w.place("peer"))
		for _, drift := range []struct {
			name  string
			spoil func()
			// shows are what the plan prints, and cuts that callers are cut off.
			shows []string
			cuts  bool
		}{
			{"the routes of the cluster", func() { w.unroute(w.region) }, []string{"routes/cluster", "10.70.0.0/16"}, true},
			{"the route of the peer", func() { w.unroute(peerRegion) }, []string{"routes/peer", "10.40.0.0/16"}, true},
			{"the rule of the load balancer", func() { w.remove("ec2.security_group_rule", "/CidrIpv4", "10.70.0.0/16") }, []string{"ingress", "10.70.0.0/16"}, true},
			{"a DNS option", func() {
				w.mutate("ec2.vpc_peering_connection", "", "/AccepterVpcInfo/PeeringOptions/AllowDnsResolutionFromRemoteVpc", false)
			}, []string{"dns_resolution", "false -> true"}, false},
			{"the peering, by the peer", func() {
				w.mutate("ec2.vpc_peering_connection", "", "/Status/Code", "deleted")
			}, []string{"connection", "deleted"}, true},
			{"the peering, without a trace", func() { w.remove("ec2.vpc_peering_connection", "/Status/Code", "active") }, []string{"connection"}, true},
		} {
			drift.spoil()
			if drift.cuts {
				from.CloseIdleConnections()
				from.silence("/")
			}
			o := w.plan(2)
			for _, text := range drift.shows {
				if !o.says(text) {
					t.Errorf("%s: the plan does not show %q:\n%s", drift.name, text, o.all)
				}
			}
			if c := w.only(peeringAddress); !c.does("update") {
				t.Errorf("%s: the plan wants to %v, want an update", drift.name, c.Actions)
			}
			w.apply()
			w.plan(0)
			if left := at(w.attributes(peeringAddress), "drift"); fmt.Sprint(left) != "map[]" {
				t.Errorf("%s: the state still has the drift %v", drift.name, left)
			}
			// No gateway is there to answer, and the load balancer says so itself.
			if a, err := from.post("/", "{}"); err != nil {
				t.Errorf("%s: after the repair the peer gets %d, %v", drift.name, a.code, err)
			}
		}
		w.destroy()
		w.leaves(before)
	})
}

// unroute takes the routes through peerings out of all tables of a region, the way
// a person would who knows nothing of the peering.
func (w *world) unroute(of string) {
	w.Helper()
	all, err := w.AWS.Fields()
	if err != nil {
		w.Fatal(err)
	}
	removed := 0
	for _, f := range slices.Backward(all) {
		if f.Kind != "ec2.route_table" || f.Region != of || !strings.HasSuffix(f.Path, "/VpcPeeringConnectionId") {
			continue
		}
		f.Path, f.Value = strings.TrimSuffix(f.Path, "/VpcPeeringConnectionId"), nil
		if err := w.AWS.Mutate(f); err != nil {
			w.Fatal(err)
		}
		removed++
	}
	if removed == 0 {
		w.Fatalf("there is no route through a peering in %s", of)
	}
}

// remove takes away the objects of a kind that have a field of this value.
func (w *world) remove(kind, path string, value any) {
	w.Helper()
	removed := 0
	for _, o := range w.AWS.Census().Objects {
		if o.Kind != kind || w.fields(kind)[o.ID][path] != value {
			continue
		}
		if err := w.AWS.Delete(aws.Object{Account: o.Account, Region: o.Region, Kind: o.Kind, ID: o.ID}); err != nil {
			w.Fatal(err)
		}
		removed++
	}
	if removed == 0 {
		w.Fatalf("there is no %s with %s = %v", kind, path, value)
	}
}
