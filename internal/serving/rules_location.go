package serving

import "regexp"

var (
	ruleCloudMissing     = mustNot("cloud_missing", "Cloud is missing")
	ruleCloudUnknown     = mustNot("cloud_unknown", "Unknown cloud")
	ruleCloudUnsupported = mustNot("cloud_unsupported", "Cloud is not supported yet")
	ruleRegion           = mustNot("region_syntax", "Invalid region")
	ruleName             = mustNot("name_syntax", "Invalid name")
	ruleVisibility       = mustNot("visibility_value", "Invalid visibility")
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

var (
	nameSyntax = regexp.MustCompile(`^[a-z][a-z0-9-]*[a-z0-9]$`)
	// Region codes of all partitions, as in us-west-2, us-gov-east-1 and
	// eusc-de-east-1 (AWS General Reference, "Regional endpoints").
	awsRegionSyntax = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	awsZoneSyntax   = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}[a-z]$`)
)

// location judges what makes up the id of a cluster or certificate.
func (f *findings) location(cloud Cloud, region, name string) {
	if f.known("cloud") {
		f.cloud(cloud)
	}
	if f.known("cloud", "region") && cloud == AWS {
		f.awsRegion(region)
	}
	if f.known("name") && (len(name) < nameMin || len(name) > nameMax || !nameSyntax.MatchString(name)) {
		f.add(ruleName.at("name", "The name %q has %d characters. A name has %d to %d lower-case letters, digits and hyphens, "+
			"starts with a letter and does not end with a hyphen. Choose such a name, as in \"prod\" or \"fraud-eu\".",
			name, len(name), nameMin, nameMax))
	}
}

func (f *findings) cloud(cloud Cloud) {
	switch cloud {
	case AWS:
	case GCP:
		f.add(ruleCloudUnsupported.at("cloud", "The cloud is \"gcp\", which this version of the provider cannot make yet. Use \"aws\"."))
	case "":
		f.add(ruleCloudMissing.at("cloud", "No cloud is given, and the provider block does not settle it. "+
			"Write cloud = \"aws\", or configure aws in the provider block."))
	default:
		f.add(ruleCloudUnknown.at("cloud", "The cloud is %q. It is one of \"aws\" and \"gcp\". Use \"aws\".", string(cloud)))
	}
}

func (f *findings) awsRegion(region string) {
	switch {
	case awsRegionSyntax.MatchString(region):
	case region == "":
		f.add(ruleRegion.at("region", "No region is given, and the provider block has none for aws. "+
			"Write region = \"us-west-2\" (or another), or set it in the provider block."))
	case awsZoneSyntax.MatchString(region):
		f.add(ruleRegion.at("region", "%q is the name of an availability zone. A region has no letter at its end: write %q.",
			region, region[:len(region)-1]))
	default:
		f.add(ruleRegion.at("region", "%q is not the code of an AWS region. A code looks like \"us-west-2\" or \"eu-central-1\". "+
			"See \"aws account list-regions\" for yours.", region))
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
