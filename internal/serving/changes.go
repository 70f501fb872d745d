package serving

import "slices"

var (
	ruleVersionDowngrade = mustNot("kubernetes_version_downgrade", "Kubernetes version cannot go back")
	ruleVersionSkip      = mustNot("kubernetes_version_skip", "Kubernetes version skips a minor version")
	ruleVersionStays     = shouldNot("kubernetes_version_stays", "Kubernetes version stays as it is")
	ruleReplaceProtected = mustNot("replace_protected", "Change needs a new cluster, and this one is protected")
	ruleZoneLeft         = mustNot("zone_left", "Zone cannot be left")
	ruleVisibilityMove   = shouldNot("visibility_change", "Load balancer is replaced")
)

// Changes judges the step from the cluster as it is to the spec. What Problems
// says on the spec alone is not repeated.
func (c Cluster) Changes(prior Cluster) []Problem {
	f := &findings{unknown: c.Unknown}
	f.versionStep(c, prior)
	if prior.Known("deletion_protection") && prior.DeletionProtection {
		for _, path := range c.Replaces(prior) {
			f.add(ruleReplaceProtected.at(path, "This attribute cannot change on an existing cluster, so Terraform would destroy %s and make it anew. Its deletion_protection is on. "+
				"Undo the change, or apply deletion_protection = false on its own first.", prior.ID()))
		}
	}
	if f.known("visibility") && prior.Known("visibility") && prior.Visibility != "" && c.Visibility != prior.Visibility &&
		(c.Visibility == Public || c.Visibility == Private) {
		f.add(ruleVisibilityMove.at("visibility", "The cluster goes from %s to %s. A load balancer's scheme is fixed, so a new one is made beside the old one, which is removed when the new one serves; the cluster and its nodes stay. "+
			"endpoint.hostname changes. %s", prior.Visibility, c.Visibility, f.whoMoves(c)))
	}
	if factsOf(c.Cloud).keepsZones && f.known("cloud") && f.known("network.zones") && prior.Known("network.zones") && len(c.Network.Zones) > 0 && len(c.Replaces(prior)) == 0 {
		for _, zone := range prior.Network.Zones {
			if !slices.Contains(c.Network.Zones, zone) {
				f.add(ruleZoneLeft.at("network.zones", "The cluster is in %s, and the configuration leaves it out. A control plane keeps the zones it was made in. "+
					"Keep the zone in the list; others can be added.", zone))
			}
		}
	}
	return f.problems
}

// whoMoves says what becomes of the callers' way when the host name changes.
func (f *findings) whoMoves(c Cluster) string {
	switch e := c.Endpoint; {
	case !f.known("endpoint", "endpoint.dns", "endpoint.domain"):
		return "Without endpoint.dns, point your DNS records at the new one."
	case e.DNS != nil:
		return "The record of " + e.Domain + " is moved as part of it, and the old load balancer stays until callers have forgotten it: nobody has to do anything."
	case e.Domain != "":
		return "The record of " + e.Domain + " is yours to move: " + f.of(c.Cloud).facts().usersRecord
	}
	return "Callers use the host name itself: give them the new one."
}

// versionStep holds the rule of both clouds on upgrades: "you can update only one
// minor version at a time", and no way back (EKS User Guide, "Update existing cluster
// to new Kubernetes version"; GKE, "Upgrading clusters"). EKS's new rollback restores a version within
// days of an upgrade; it is not a change of configuration. Where the cloud upgrades on
// its own, a version is the least that is wanted, and a lower one asks for nothing.
func (f *findings) versionStep(c, prior Cluster) {
	const path = "kubernetes_version"
	if !f.known(path) || !prior.Known(path) {
		return
	}
	major, minor, ok := kubernetesMinor(c.KubernetesVersion)
	priorMajor, priorMinor, priorOK := kubernetesMinor(prior.KubernetesVersion)
	if !ok || !priorOK || major != priorMajor {
		return
	}
	itself := f.of(c.Cloud).facts().upgradesItself
	switch {
	case minor < priorMinor && itself && f.known("cloud"):
		f.add(ruleVersionStays.at(path, "The configuration goes from %s to %s. A control plane is never taken back to an older version, and %s upgrades on its own: "+
			"what is written is the least that the cluster runs, so this changes nothing in the cloud.", prior.KubernetesVersion, c.KubernetesVersion, f.of(c.Cloud).facts().kubernetes))
	case minor < priorMinor && itself:
	case minor < priorMinor:
		f.add(ruleVersionDowngrade.at(path, "The cluster runs %s and the configuration asks for %s. A control plane is never taken back to an older version. "+
			"Write \"%s\", or make a new cluster.", prior.KubernetesVersion, c.KubernetesVersion, prior.KubernetesVersion))
	case minor > priorMinor+1 && itself:
		f.add(ruleVersionSkip.at(path, "The configuration goes from %s to %s. A control plane is upgraded one minor version at a time. "+
			"Apply \"%d.%d\" next, then one after the other; a version that %s has upgraded to by itself changes nothing.",
			prior.KubernetesVersion, c.KubernetesVersion, major, priorMinor+1, f.of(c.Cloud).facts().kubernetes))
	case minor > priorMinor+1:
		f.add(ruleVersionSkip.at(path, "The cluster runs %s and the configuration asks for %s. A control plane is upgraded one minor version at a time. "+
			"Apply \"%d.%d\" next, then one after the other.", prior.KubernetesVersion, c.KubernetesVersion, major, priorMinor+1))
	}
}

// Replaces lists the paths whose change leaves no way but a new cluster, in the
// order of the schema. What is not known on either side is not counted: when
// it becomes known, while applying, the caller asks again and must refuse.
//
// The service range "can't be changed after the cluster is created" on EKS and is
// absent from the updates of both clouds, and so are name and network. Everything
// else is changed in place, or by new inner objects beside the old ones.
func (c Cluster) Replaces(prior Cluster) []string {
	var paths []string
	replaces := func(path string, changed bool) {
		if changed && c.Known(path) && prior.Known(path) {
			paths = append(paths, path)
		}
	}
	own := c.Network.Own() && prior.Network.Own()
	moved := c.Network.Own() != prior.Network.Own() && c.Known("network.vpc") && prior.Known("network.vpc")
	// An absent service range means the one that the cloud chose once.
	service := c.Network.ServiceCIDR

	replaces("cloud", c.Cloud != prior.Cloud)
	replaces("region", c.Region != prior.Region)
	replaces("name", c.Name != prior.Name)
	replaces("network.cidr", (own && c.Known("network.vpc") || moved) && c.Network.CIDR != prior.Network.CIDR)
	replaces("network.vpc", c.Network.VPC != prior.Network.VPC)
	replaces("network.service_cidr", service != "" && service != prior.Network.ServiceCIDR)
	if c.Known("cloud") && c.Cloud == prior.Cloud {
		if rules, ok := clouds[c.Cloud]; ok {
			rules.replaces(c, prior, replaces)
		}
	}
	return paths
}
