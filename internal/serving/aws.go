package serving

import "regexp"

var (
	ruleMachineType = mustNot("machine_type_syntax", "Invalid machine type")
	rulePoolQuota   = shouldNot("node_pool_quota", "Node pool is above the default quota")
	ruleOnlyGCP     = mustNot("gcp_arguments", "Arguments are for another cloud")
)

// awsRules are the answers of AWS, in the files aws*.go.
type awsRules struct{}

func (awsRules) facts() facts {
	return facts{
		kubernetes:  "EKS",
		usersRecord: awsUsersRecord,
		// Below it EKS does not encrypt all API data with envelope encryption by default
		// (eks CreateClusterInput.EncryptionConfig), and no support window reaches it.
		oldestMinor: 28,
		versions:    "aws eks describe-cluster-versions",
		regions:     awsRegionSyntax,
		machine:     "m7i.xlarge",
		// EKS User Guide, "Service quotas": public endpoint access CIDR ranges per cluster.
		apiRanges: 40,
		apiQuota:  "a quota that cannot be raised",
		maxTags:   awsTags,
		tagLimit:  "AWS takes 50 on a resource, of which the provider and Kubernetes need some",
		keys:      awsKeys,
		keyList:   awsKeyList,
		// ACM User Guide, "Prerequisites for importing certificates".
		sameIssuerKey: true,
		// Subnets of a control plane can change within the same zones (EKS User Guide,
		// network requirements).
		keepsZones:       true,
		narrowsPeers:     true,
		regionalNetworks: true,
	}
}

var (
	// Region codes of all partitions, as in us-west-2, us-gov-east-1 and
	// eusc-de-east-1 (AWS General Reference, "Regional endpoints").
	awsRegionSyntax = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	awsZoneSyntax   = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}[a-z]$`)
	// An instance type is family.size: g6.2xlarge, c7i-flex.large,
	// p6-b200.48xlarge, m7i.metal-24xl (ec2 types.InstanceType).
	awsMachineSyntax = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)?$`)
)

func (awsRules) region(f *findings, path, region string) {
	switch {
	case awsRegionSyntax.MatchString(region):
	case region == "":
		f.add(ruleRegion.at(path, "No region is given, and the provider block has none for aws. "+
			"Write region = \"us-west-2\" (or another), or set it in the provider block."))
	case awsZoneSyntax.MatchString(region):
		f.add(ruleRegion.at(path, "%q is the name of an availability zone. A region has no letter at its end: write %q.",
			region, region[:len(region)-1]))
	default:
		f.add(ruleRegion.at(path, "%q is not the code of an AWS region. A code looks like \"us-west-2\" or \"eu-central-1\". "+
			"See \"aws account list-regions\" for yours.", region))
	}
}

// awsKeys are ACM's names (acm types.KeyAlgorithm). An Application Load
// Balancer "supports all of the algorithms available from ACM" (ACM User Guide,
// "Prerequisites for importing certificates").
var awsKeys = setOf(
	"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096",
	"EC_prime256v1", "EC_secp384r1", "EC_secp521r1",
)

const awsKeyList = "RSA with 2048, 3072 or 4096 bits (1024 for old callers), ECDSA on P-256, P-384 or P-521"

func (awsRules) machine(f *findings, path string, pool NodePool) {
	if !awsMachineSyntax.MatchString(pool.MachineType) {
		f.add(ruleMachineType.at(sub(path, "machine_type"), "%q is not an EC2 instance type, which is <family>.<size>, as \"m7i.xlarge\" or \"g6.2xlarge\". "+
			"See \"aws ec2 describe-instance-type-offerings\" for those of the region.", pool.MachineType))
		return
	}
	f.awsAccelerator(path, pool)
}

// awsPoolQuota is EKS's quota "Nodes per managed node group", which can be raised,
// so that more is only a warning.
const awsPoolQuota = 450

func (awsRules) poolSize(f *findings, path string, size int64) {
	if size > awsPoolQuota {
		f.add(rulePoolQuota.at(path, "max_size is %d. EKS takes %d nodes in a node group unless the quota was raised for your account. "+
			"Raise it (Service Quotas, \"Nodes per managed node group\"), or use several pools.", size, awsPoolQuota))
	}
}

func (awsRules) arguments(f *findings, c Cluster) {
	f.role("aws.cluster_role_arn", c.AWS.ClusterRoleARN, c)
	f.role("aws.node_role_arn", c.AWS.NodeRoleARN, c)
	f.kmsKey("aws.kms_key_arn", c.AWS.KMSKeyARN, c)
	if f.known("gcp") && c.GCP != (ClusterGCP{}) {
		f.add(ruleOnlyGCP.at("gcp", "The cluster is on AWS, and gcp holds what only GCP has. Remove gcp, or write cloud = \"gcp\"."))
	}
}

// replaces: the role is absent from UpdateClusterConfig; a KMS key can be added
// (AssociateEncryptionConfig), never changed or removed (eks CreateClusterInput,
// UpdateClusterConfigInput).
func (awsRules) replaces(c, prior Cluster, replaces func(path string, changed bool)) {
	replaces("aws.cluster_role_arn", c.AWS.ClusterRoleARN != prior.AWS.ClusterRoleARN)
	replaces("aws.kms_key_arn", prior.AWS.KMSKeyARN != "" && c.AWS.KMSKeyARN != prior.AWS.KMSKeyARN)
}
