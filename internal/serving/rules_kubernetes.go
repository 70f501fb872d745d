package serving

import (
	"net/netip"
	"regexp"
	"strconv"
)

var (
	ruleVersionSyntax = mustNot("kubernetes_version_syntax", "Invalid Kubernetes version")
	ruleVersionOld    = mustNot("kubernetes_version_unsupported", "Kubernetes version is not supported")
	ruleAPIRangeCount = mustNot("kubernetes_api_range_count", "Too many ranges for the Kubernetes API")
	ruleAPIRangeLocal = mustNot("kubernetes_api_range_reserved", "Range cannot reach the Kubernetes API")
	ruleAPIEveryone   = shouldNot("kubernetes_api_open", "Kubernetes API is open to the Internet")
)

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

// OlderVersion reports whether a version is below another one, both written as
// "<major>.<minor>". One that is not is neither below nor above anything.
func OlderVersion(version, than string) bool {
	major, minor, ok := kubernetesMinor(version)
	thanMajor, thanMinor, thanOK := kubernetesMinor(than)
	return ok && thanOK && (major < thanMajor || major == thanMajor && minor < thanMinor)
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
	if its := f.of(c.Cloud).facts(); its.oldestMinor > 0 && (major != 1 || minor < its.oldestMinor) {
		f.add(ruleVersionOld.at(path, "The version is %q. %s clusters here start at 1.%d. See \"%s\" for what %s offers, or leave the version out for the default.",
			c.KubernetesVersion, its.kubernetes, its.oldestMinor, its.versions, its.kubernetes))
	}
}

// reservedForAPI are ranges that the public endpoint never sees as a source and
// EKS refuses ("The block cannot include reserved addresses", EKS User Guide,
// "Configure network access to cluster API server endpoint"). GKE would take
// them, for its private endpoint, which here the whole network may call. The
// documentation ranges are left out: that guide's own example is in one.
var reservedForAPI = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
)

func (f *findings) kubernetesAPI(c Cluster) {
	const path = "kubernetes_api.allowed_cidrs"
	its := f.of(c.Cloud).facts()
	ranges := c.KubernetesAPI.AllowedCIDRs
	f.ranges(path, ranges, func(path string, r netip.Prefix) {
		switch {
		case r.Bits() == 0:
			f.add(ruleAPIEveryone.at(path, "%s lets every address of the Internet reach the Kubernetes API's login. "+
				"List the ranges of your offices and pipelines, or leave the list empty for a private API.", r))
		case inside(r, reservedForAPI):
			f.add(ruleAPIRangeLocal.at(path, "%s is a reserved or private range. This list is for the API's public endpoint, which no private address "+
				"can call. Callers in the VPC and its peers use the private endpoint, which is always on: remove the range, "+
				"or give the public address behind which these callers are.", r))
		}
	})
	if n := len(ranges); n > its.apiRanges && f.known(path) {
		f.add(ruleAPIRangeCount.at(path, "%d ranges are listed. %s takes %d, %s. Merge neighbouring ranges.", n, its.kubernetes, its.apiRanges, its.apiQuota))
	}
	f.of(c.Cloud).access(f, c)
}
