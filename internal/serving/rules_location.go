package serving

import "regexp"

var (
	ruleCloudMissing = mustNot("cloud_missing", "Cloud is missing")
	ruleCloudUnknown = mustNot("cloud_unknown", "Unknown cloud")
	ruleRegion       = mustNot("region_syntax", "Invalid region")
	ruleName         = mustNot("name_syntax", "Invalid name")
	ruleVisibility   = mustNot("visibility_value", "Invalid visibility")
)

// The bounds of a name. EKS takes up to 100 characters, GKE 40, and the names
// of both must start with a letter or digit, GKE's with a lower-case letter
// (eks CreateClusterInput.Name; container Cluster.name: "Lowercase letters,
// numbers, and hyphens only. Must start with a letter. Must end with a number
// or a letter", up to 40). One rule for both, so that a configuration moves.
const (
	nameMin = 2
	nameMax = 40
)

var nameSyntax = regexp.MustCompile(`^[a-z][a-z0-9-]*[a-z0-9]$`)

// location judges what makes up the id of a cluster or certificate.
func (f *findings) location(cloud Cloud, region, name string) {
	if f.known("cloud") {
		f.cloud(cloud)
	}
	if f.known("region") {
		f.of(cloud).region(f, "region", region)
	}
	if f.known("name") && (len(name) < nameMin || len(name) > nameMax || !nameSyntax.MatchString(name)) {
		f.add(ruleName.at("name", "The name %q has %d characters. A name has %d to %d lower-case letters, digits and hyphens, "+
			"starts with a letter and does not end with a hyphen. Choose such a name, as in \"prod\" or \"fraud-eu\".",
			name, len(name), nameMin, nameMax))
	}
}

func (f *findings) cloud(cloud Cloud) {
	switch _, known := clouds[cloud]; {
	case known:
	case cloud == "":
		f.add(ruleCloudMissing.at("cloud", "No cloud is given, and the provider block does not settle it: it configures none, or more than one. "+
			"Write cloud = \"aws\" or cloud = \"gcp\", or configure one of them in the provider block, as aws = { region = \"us-west-2\" }."))
	default:
		f.add(ruleCloudUnknown.at("cloud", "The cloud is %q. It is \"aws\" or \"gcp\". Write one of them.", string(cloud)))
	}
}

// visibility holds the one word that decides who has a path to the cluster.
func (f *findings) visibility(c Cluster) {
	if !f.known("visibility") || c.Visibility == Public || c.Visibility == Private {
		return
	}
	f.add(ruleVisibility.at("visibility", "The visibility is %q. It is \"public\" (the load balancer has addresses on the Internet) "+
		"or \"private\" (only its VPC and peered VPCs have a path to it). Write one of them.", string(c.Visibility)))
}
