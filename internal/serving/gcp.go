package serving

import (
	"regexp"
	"slices"
)

var (
	ruleReleaseChannel = mustNot("release_channel", "Invalid release channel")
	ruleServiceAccount = mustNot("service_account", "Invalid service account")
	ruleOnlyAWS        = mustNot("aws_arguments", "Arguments are for another cloud")
	ruleAdminsGCP      = mustNot("admins_gcp", "GKE's administrators are IAM's")
)

// gcpRules are the answers of GCP, in the files gcp*.go.
type gcpRules struct{}

func (gcpRules) facts() facts {
	return facts{
		kubernetes: "GKE",
		usersRecord: "lead it to the new endpoint.address. The old load balancer serves for 5 minutes beside the new one, whose address is reserved by then " +
			"(\"gcloud compute addresses list\"); afterwards requests to the old address fail.",
		// From it on nodes reach the control plane by Private Service Connect, so that its
		// endpoints can change on a cluster that exists (GKE, "Customize your network
		// isolation").
		oldestMinor: 29,
		versions:    "gcloud container get-server-config",
		// "Google automatically upgrades the control plane and nodes" of a cluster in a
		// release channel (GKE, "About release channels").
		upgradesItself: true,
		regions:        gcpRegionSyntax,
		machine:        "n2-standard-4",
		// "cidr_blocks define up to 50 external networks" (container
		// MasterAuthorizedNetworksConfig).
		apiRanges: 50,
		apiQuota:  "a limit that cannot be raised",
		maxTags:   gcpTags,
		tagLimit:  "Tags are labels on GCP, which takes 64 on a resource, of which the provider and GKE need some",
		// Certificate Manager, "Supported key types"; by ACM's names, as everywhere here.
		keys:    setOf("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1"),
		keyList: "RSA with 2048, 3072 or 4096 bits, ECDSA on P-256 or P-384",
	}
}

// The forms of names (compute and container API reference: "The name must be 1-63
// characters long, and comply with RFC1035"; Resource Manager, Project.project_id,
// with the domain that old ids have before a colon; IAM, ServiceAccount.email).
var (
	gcpRegionSyntax         = regexp.MustCompile(`^[a-z]+-[a-z]+[0-9]{1,2}$`)
	gcpZoneSyntax           = regexp.MustCompile(`^([a-z]+-[a-z]+[0-9]{1,2})-[a-z]$`)
	gcpNameSyntax           = upTo(63, `^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	gcpProjectSyntax        = regexp.MustCompile(`^([a-z0-9.-]+\.[a-z]+:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$`)
	gcpServiceAccountSyntax = regexp.MustCompile(`^[a-z0-9][-a-z0-9]*@[a-z0-9.-]+\.gserviceaccount\.com$`)
	// A network or subnetwork as the API and its clients write it.
	gcpLinkSyntax = regexp.MustCompile(`^(?:https://[a-z.]+/compute/v1/)?projects/([^/]+)/(?:global/networks|regions/[^/]+/subnetworks)/([^/]+)$`)
)

func (gcpRules) region(f *findings, path, region string) {
	zone := gcpZoneSyntax.FindStringSubmatch(region)
	switch {
	case gcpRegionSyntax.MatchString(region):
	case region == "":
		f.add(ruleRegion.at(path, "No region is given, and the provider block has none for gcp. "+
			"Write region = \"us-central1\" (or another), or set it in the provider block."))
	case zone != nil:
		f.add(ruleRegion.at(path, "%q is the name of a zone, and a cluster is in a whole region. Write %q.", region, zone[1]))
	default:
		f.add(ruleRegion.at(path, "%q is not the name of a Google Cloud region, which looks like \"us-central1\" or \"europe-west4\". "+
			"See \"gcloud compute regions list\" for yours.", region))
	}
}

// poolSize has nothing to say: GKE takes 1,000 nodes of a pool in each zone, and
// the range of pods ends before.
func (gcpRules) poolSize(*findings, string, int64) {}

// access: GKE has no entries for administrators. IAM decides who may do what in a
// cluster, before its RBAC is asked.
func (gcpRules) access(f *findings, c Cluster) {
	const path = "kubernetes_api.admins"
	if len(c.KubernetesAPI.Admins) > 0 && f.known(path) {
		f.add(ruleAdminsGCP.at(path, "On GKE whoever has the role roles/container.admin in the project is administrator of its clusters, and a cluster has no list of its own. "+
			"Grant that role, as with google_project_iam_member, and remove admins."))
	}
}

func (gcpRules) arguments(f *findings, c Cluster) {
	const channel = "gcp.release_channel"
	if f.known("aws") && c.AWS != (ClusterAWS{}) {
		f.add(ruleOnlyAWS.at("aws", "The cluster is on GCP, and aws holds what only AWS has. Remove aws, or write cloud = \"aws\"."))
	}
	channels := []ReleaseChannel{"", ChannelRapid, ChannelRegular, ChannelStable, ChannelExtended}
	if f.known(channel) && !slices.Contains(channels, c.GCP.ReleaseChannel) {
		f.add(ruleReleaseChannel.at(channel, "The channel is %q. It is \"rapid\", \"regular\", \"stable\" or \"extended\"; absent it is %q. Write one of them.", string(c.GCP.ReleaseChannel), string(DefaultReleaseChannel)))
	}
	f.serviceAccount("gcp.node_service_account", c.GCP.NodeServiceAccount)
}

func (f *findings) serviceAccount(path, email string) {
	if f.known(path) && email != "" && !gcpServiceAccountSyntax.MatchString(email) {
		f.add(ruleServiceAccount.at(path, "%q is not the e-mail address of a service account, as \"nodes@ml-prod.iam.gserviceaccount.com\". "+
			"Copy it from \"gcloud iam service-accounts list\", without a prefix.", email))
	}
}

// replaces: the subnetwork and its ranges are fixed when a cluster is made
// (container ClusterUpdate has none of them). An absent range of pods means the one
// that was laid out or chosen then.
func (gcpRules) replaces(c, prior Cluster, replaces func(path string, changed bool)) {
	pods := func(n Network) string {
		if r, err := n.Ranges(); n.PodCIDR == "" && n.Own() && err == nil {
			return r.Pods.String()
		}
		return n.PodCIDR
	}
	is, was := pods(c.Network), pods(prior.Network)
	sameNetwork := c.Network.CIDR == prior.Network.CIDR && c.Network.VPC == prior.Network.VPC && c.Known("network.cidr", "network.vpc")
	replaces("network.subnets", sameNetwork && !c.Network.Own() && !slices.Equal(c.Network.Subnets, prior.Network.Subnets))
	replaces("network.pod_cidr", sameNetwork && is != "" && is != was)
}
