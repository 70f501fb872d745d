package serving

var (
	rulePeerProject  = mustNot("peer_project", "Invalid project of the peer")
	rulePeerOfAWS    = mustNot("peer_arguments_aws", "Argument is for a peer on AWS")
	ruleRoutingOfAWS = mustNot("peering_routing_aws", "Argument is for routes on AWS")
)

// peer judges where the other network is: it has a project and no region.
func (gcpRules) peer(f *findings, p Peering) {
	const vpc, project = "peer.vpc", "peer.project"
	if f.known(vpc) && !gcpNameSyntax.MatchString(p.Peer.VPC) {
		f.add(rulePeerVPC.at(vpc, "%q is not the name of a network. %s See \"gcloud compute networks list\" in the peer's project.", p.Peer.VPC, nameOfPeer(p.Peer.VPC)))
	}
	for _, other := range []struct{ path, value, why string }{
		{"peer.account_id", p.Peer.AccountID, "On GCP a network is in a project. Write project in its place."},
		{"peer.region", p.Peer.Region, "On GCP a network is in all regions. Remove region."},
		{"peer.assume_role_arn", p.Peer.AssumeRoleARN, "On GCP the peer's side is reached as a service account. Write impersonate_service_account in its place."},
	} {
		if other.value != "" && f.known(other.path) {
			f.add(rulePeerOfAWS.at(other.path, "The cluster is on GCP, and so is its peer. %s", other.why))
		}
	}
	if f.known(project) && p.Peer.Project != "" && !gcpProjectSyntax.MatchString(p.Peer.Project) {
		f.add(rulePeerProject.at(project, "%q is not the id of a project, which has 6 to 30 lower-case letters, digits and hyphens. It is neither the number nor the display name. Copy it from \"gcloud projects list\".", p.Peer.Project))
	}
	f.serviceAccount("peer.impersonate_service_account", p.Peer.ImpersonateServiceAccount)
}

// routing: networks that are peered exchange the routes of all of their
// subnetworks, with no table to choose and nothing to leave out.
func (gcpRules) routing(f *findings, p Peering) {
	for _, list := range []struct {
		path   string
		values []string
		why    string
	}{
		{"cluster_route_tables", p.ClusterRouteTables, "A network on GCP has one table, which has the peer's routes as soon as the peering is active. Remove the list."},
		{"peer_route_tables", p.PeerRouteTables, "A network on GCP has one table, which has the peer's routes as soon as the peering is active. Remove the list."},
		{"cidrs", p.CIDRs, "Peered networks on GCP exchange the routes of all of their subnetworks. Remove cidrs; endpoint.allowed_cidrs of the cluster says which callers it answers."},
	} {
		if len(list.values) > 0 && f.known(list.path) {
			f.add(ruleRoutingOfAWS.at(list.path, "The cluster is on GCP. %s", list.why))
		}
	}
}

// source judges where callers are that are in a network.
func (gcpRules) source(f *findings, s Source) {
	if !gcpNameSyntax.MatchString(s.VPC) {
		f.add(ruleNetworkName.at("from.vpc", "%q is not the name of a network. %s", s.VPC, nameOfPeer(s.VPC)))
	}
	for _, other := range []struct{ path, value, why string }{
		{"from.account_id", s.AccountID, "On GCP a network is in a project. Write project in its place."},
		{"from.region", s.Region, "On GCP a network is in all regions. Remove region."},
		{"from.assume_role_arn", s.AssumeRoleARN, "On GCP a network is read as a service account. Write impersonate_service_account in its place."},
	} {
		if other.value != "" {
			f.add(rulePeerOfAWS.at(other.path, "The cluster is on GCP, and so are its callers. %s", other.why))
		}
	}
	if s.Project != "" && !gcpProjectSyntax.MatchString(s.Project) {
		f.add(rulePeerProject.at("from.project", "%q is not the id of a project. Copy it from \"gcloud projects list\".", s.Project))
	}
	f.serviceAccount("from.impersonate_service_account", s.ImpersonateServiceAccount)
}

// nameOfPeer says what to write in the place of a name that is none.
func nameOfPeer(text string) string {
	if link := gcpLinkSyntax.FindStringSubmatch(text); link != nil {
		return "Write vpc = \"" + link[2] + "\", and project = \"" + link[1] + "\" where that is not the cluster's."
	}
	return "A name has up to 63 lower-case letters, digits and hyphens, and starts with a letter."
}
