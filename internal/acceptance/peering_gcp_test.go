package acceptance_test

import (
	"fmt"
	"net/http"
	"strings"
)

// clusterNetwork is what the cluster of testdata/cluster.tf calls its network.
const clusterNetwork = "serving-test-us-central1"

// peeringDriftsOnGCP are by the owner of either network. What a peering exchanges
// beside the subnetworks' routes cuts nobody off who is in one of those.
var peeringDriftsOnGCP = []peeringDrift{
	{"the custom routes, by the cluster", func(w *world) { w.updatePeering(clusterNetwork, `"importCustomRoutes": false`) },
		[]string{"peering/cluster"}, through},
	{"the custom routes, by the peer", func(w *world) { w.updatePeering("apps", `"exportCustomRoutes": false`) },
		[]string{"peering/peer", "exportCustomRoutes: is false, should be true"}, through},
	{"an option", func(w *world) { w.updatePeering(clusterNetwork, `"importSubnetRoutesWithPublicIp": false`) },
		[]string{"peering/cluster", "importSubnetRoutesWithPublicIp: is false, should be true"}, through},
	{"the rule of the load balancer", func(w *world) { w.onPeeringRule("removeRule", "") }, []string{"ingress", "10.70.0.0/20"}, refused},
	{"a rule for others", func(w *world) {
		w.onPeeringRule("patchRule", `{"match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["10.99.0.0/20"]}}}`)
	}, []string{"ingress", "10.70.0.0/20", "10.99.0.0/20"}, refused},
	{"the peering, by the peer", func(w *world) { w.removePeering("apps") }, []string{"peering/peer"}, silent},
	{"the peering, without a trace", func(w *world) {
		w.removePeering("apps")
		w.removePeering(clusterNetwork)
	}, []string{"peering/cluster", "peering/peer"}, silent},
}

// updatePeering changes the half of the peering that a network has.
func (w *world) updatePeering(network, change string) {
	w.Helper()
	w.call(http.MethodPatch, "global/networks/"+network+"/updatePeering", fmt.Sprintf(`{"networkPeering": {"name": %q, %s}}`, w.half(network), change))
}

// removePeering takes away the half that a network has.
func (w *world) removePeering(network string) {
	w.Helper()
	w.call(http.MethodPost, "global/networks/"+network+"/removePeering", fmt.Sprintf(`{"name": %q}`, w.half(network)))
}

// half is the name of the one peering of a network.
func (w *world) half(network string) string {
	w.Helper()
	name, ok := w.fields("compute.network")[network]["/peerings/0/name"].(string)
	if !ok {
		w.Fatalf("network %s has no peering", network)
	}
	return name
}

// onPeeringRule does something to the rule that lets the peer's ranges in.
func (w *world) onPeeringRule(verb, body string) {
	w.Helper()
	for policy, f := range w.fields("compute.security_policy") {
		for path, value := range f {
			if rule, ok := strings.CutSuffix(path, "/match/config/srcIpRanges/0"); ok && value == "10.70.0.0/20" {
				w.call(http.MethodPost, fmt.Sprintf("regions/us-central1/securityPolicies/%s/%s?priority=%v", policy, verb, f[rule+"/priority"]), body)
				return
			}
		}
	}
	w.Fatal("there is no rule for the peer")
}
