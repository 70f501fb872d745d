package serving

var (
	rulePeerVPC          = mustNot("peer_vpc_id", "Invalid id of the peer VPC")
	ruleAccept           = mustNot("peering_accept", "Invalid accept")
	rulePeerRangeOutside = mustNot("peer_range_outside", "Range is not the peer's")
	rulePeeringOverlap   = mustNot("peering_overlap", "Address ranges overlap")
)

// Problems judges the spec on its own. Errors come in the order of the schema. A
// rule whose inputs are not all known says nothing.
func (p Peering) Problems() []Problem {
	f := &findings{unknown: p.Unknown}
	rules := f.ofPeering(p)
	rules.peer(f, p)
	if f.known("accept") && p.Accept != AcceptAuto && p.Accept != AcceptManual {
		f.add(ruleAccept.at("accept", "The value is %q. It is \"auto\" (the provider accepts with the peer's credentials) or \"manual\" (the peer's owner accepts, and a later apply makes the rest). "+
			"Write one of them.", string(p.Accept)))
	}
	rules.routing(f, p)
	f.tags(p.Cluster.Cloud, p.Tags)
	return f.problems
}

// ofPeering gives the answers of the cloud of a peering, which its cluster's id
// tells.
func (f *findings) ofPeering(p Peering) cloudRules {
	if !f.known("cluster_id") {
		return noCloud{}
	}
	return f.of(p.Cluster.Cloud)
}
