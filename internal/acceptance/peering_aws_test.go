package acceptance_test

import (
	"slices"
	"strings"
)

// peeringDriftsOnAWS are by the owner of either side.
var peeringDriftsOnAWS = []peeringDrift{
	{"the routes of the cluster", func(w *world) { w.unroute(w.region) }, []string{"routes/cluster", "10.70.0.0/16"}, silent},
	{"the route of the peer", func(w *world) { w.unroute(peerRegion) }, []string{"routes/peer", "10.40.0.0/16"}, silent},
	{"the rule of the load balancer", func(w *world) { w.remove("ec2.security_group_rule", "/CidrIpv4", "10.70.0.0/16") }, []string{"ingress", "10.70.0.0/16"}, silent},
	{"a DNS option", func(w *world) {
		w.mutate("ec2.vpc_peering_connection", "", "/AccepterVpcInfo/PeeringOptions/AllowDnsResolutionFromRemoteVpc", false)
	}, []string{"dns_resolution", "false -> true"}, through},
	{"the peering, by the peer", func(w *world) {
		w.mutate("ec2.vpc_peering_connection", "", "/Status/Code", "deleted")
	}, []string{"connection", "deleted"}, silent},
	{"the peering, without a trace", func(w *world) { w.remove("ec2.vpc_peering_connection", "/Status/Code", "active") }, []string{"connection"}, silent},
}

// unroute takes the routes through peerings out of all tables of a region, the way
// a person would who knows nothing of the peering.
func (w *world) unroute(of string) {
	w.Helper()
	all, err := w.Fields()
	if err != nil {
		w.Fatal(err)
	}
	removed := 0
	for _, f := range slices.Backward(all) {
		if f.Kind != "ec2.route_table" || f.Region != of || !strings.HasSuffix(f.Path, "/VpcPeeringConnectionId") {
			continue
		}
		f.Path, f.Value = strings.TrimSuffix(f.Path, "/VpcPeeringConnectionId"), nil
		if err := w.Mutate(f); err != nil {
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
	for _, o := range w.Census().Objects {
		if o.Kind != kind || w.fields(kind)[o.ID][path] != value {
			continue
		}
		if err := w.Delete(o); err != nil {
			w.Fatal(err)
		}
		removed++
	}
	if removed == 0 {
		w.Fatalf("there is no %s with %s = %v", kind, path, value)
	}
}
