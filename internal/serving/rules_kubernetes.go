package serving

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var (
	ruleVersionSyntax = mustNot("kubernetes_version_syntax", "Invalid Kubernetes version")
	ruleVersionOld    = mustNot("kubernetes_version_unsupported", "Kubernetes version is not supported")
	ruleAPIRangeCount = mustNot("kubernetes_api_range_count", "Too many ranges for the Kubernetes API")
	ruleAPIRangeLocal = mustNot("kubernetes_api_range_reserved", "Range cannot reach the Kubernetes API")
	ruleAPIEveryone   = shouldNot("kubernetes_api_open", "Kubernetes API is open to the Internet")
	ruleAdminARN      = mustNot("admin_arn", "Invalid administrator")
	ruleAdminSession  = mustNot("admin_session", "Administrator is a temporary session")
	ruleAdminRoot     = mustNot("admin_root", "Administrator is the account's root user")
	ruleAdminRepeated = mustNot("admin_repeated", "Administrator is listed twice")
)

// oldestEKSMinor is the oldest minor version taken: below it EKS does not
// encrypt all API data with envelope encryption by default (eks
// CreateClusterInput.EncryptionConfig), and no support window reaches it.
const oldestEKSMinor = 28

var versionSyntax = regexp.MustCompile(`^([1-9][0-9]*)\.(0|[1-9][0-9]*)$`)

// kubernetesMinor reads "<major>.<minor>".
func kubernetesMinor(version string) (major, minor int, ok bool) {
	m := versionSyntax.FindStringSubmatch(version)
	if m == nil {
		return 0, 0, false
	}
	major, errMajor := strconv.Atoi(m[1])
	minor, errMinor := strconv.Atoi(m[2])
	return major, minor, errMajor == nil && errMinor == nil
}

func (f *findings) kubernetesVersion(c Cluster) {
	const path = "kubernetes_version"
	if c.KubernetesVersion == "" || !f.known(path) {
		return
	}
	major, minor, ok := kubernetesMinor(c.KubernetesVersion)
	if !ok {
		f.add(ruleVersionSyntax.at(path, "The version is %q. It is <major>.<minor>, as in \"1.33\", without a \"v\" and without a patch number: "+
			"the cloud chooses patches itself. Write it so, in quotes.", c.KubernetesVersion))
		return
	}
	if f.onAWS(c.Cloud) && (major != 1 || minor < oldestEKSMinor) {
		f.add(ruleVersionOld.at(path, "The version is %q. EKS clusters here start at 1.%d. "+
			"See \"aws eks describe-cluster-versions\" for what EKS offers, or leave the version out for the default.",
			c.KubernetesVersion, oldestEKSMinor))
	}
}

// maxAPIRanges is EKS's quota "Public endpoint access CIDR ranges per cluster",
// which cannot be raised (EKS User Guide, "Service quotas").
const maxAPIRanges = 40

// reservedForAPI are ranges that the public endpoint never sees as a source and
// EKS refuses ("The block cannot include reserved addresses", EKS User Guide,
// "Configure network access to cluster API server endpoint"). The
// documentation ranges are left out: that guide's own example is in one.
var reservedForAPI = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
)

func (f *findings) kubernetesAPI(c Cluster) {
	const path = "kubernetes_api.allowed_cidrs"
	if !f.onAWS(c.Cloud) {
		return
	}
	ranges := c.KubernetesAPI.AllowedCIDRs
	f.ranges(path, ranges, func(path string, r netip.Prefix) {
		switch {
		case r.Bits() == 0:
			f.add(ruleAPIEveryone.at(path, "%s lets every address of the Internet reach the Kubernetes API's login. "+
				"List the ranges of your offices and pipelines, or leave the list empty for a private API.", r))
		case inside(r, reservedForAPI):
			f.add(ruleAPIRangeLocal.at(path, "%s is a reserved or private range. This list is for the API's public endpoint, which no private address "+
				"can call, and EKS refuses it. Callers in the VPC and its peers use the private endpoint, which is always on: remove the range, "+
				"or give the public address behind which these callers are.", r))
		}
	})
	if n := len(ranges); n > maxAPIRanges && f.known(path) {
		f.add(ruleAPIRangeCount.at(path, "%d ranges are listed. EKS takes %d, a quota that cannot be raised. Merge neighbouring ranges.", n, maxAPIRanges))
	}
	f.admins(c)
}

// admins holds EKS's rules on the principals of access entries: permanent IAM
// principals only, each once ("You can't use the STS session principal type",
// "You can't specify the same ARN in more than one access entry", eks
// CreateAccessEntryInput.PrincipalArn).
func (f *findings) admins(c Cluster) {
	const list = "kubernetes_api.admins"
	for i, admin := range c.KubernetesAPI.Admins {
		path := item(list, i)
		if !f.known(path) {
			continue
		}
		a, ok := parseARN(admin)
		switch {
		case ok && a.service == "sts" && strings.HasPrefix(a.resource, "assumed-role/"):
			role, _, _ := strings.Cut(strings.TrimPrefix(a.resource, "assumed-role/"), "/")
			f.add(ruleAdminSession.at(path, "%s is one session of a role. EKS takes the role itself. Write \"arn:%s:iam::%s:role/%s\", "+
				"with the role's path before its name if it has one (\"aws iam get-role\" shows the ARN).", admin, a.partition, a.account, role))
		case ok && a.service == "iam" && a.resource == "root":
			f.add(ruleAdminRoot.at(path, "%s is the root user of an account. An access entry is for a role or a user. Name the role that your administrators assume.", admin))
		case !ok || a.service != "iam" || a.region != "" || !accountSyntax.MatchString(a.account) || !principalSyntax.MatchString(a.resource):
			f.add(ruleAdminARN.at(path, "%q is not the ARN of an IAM role or user. One looks like \"arn:aws:iam::123456789012:role/platform\". "+
				"Groups and policies cannot be administrators: name the role.", admin))
		default:
			f.partition(path, admin, a, c)
		}
	}
	f.repeated(list, c.KubernetesAPI.Admins, func(path, value string, first int) {
		f.add(ruleAdminRepeated.at(path, "%s is already at index %d. EKS has one access entry for each principal. Remove one of the two.", value, first))
	})
}
