package serving

import (
	"regexp"
	"strings"
)

var (
	ruleARNPartition = mustNot("arn_partition", "ARN is of another partition")
	ruleRoleARN      = mustNot("role_arn", "Invalid role ARN")
	ruleKMSKeyARN    = mustNot("kms_key_arn", "Invalid KMS key ARN")
	ruleKMSKeyRegion = mustNot("kms_key_region", "KMS key is in another region")
)

// arn is a parsed Amazon Resource Name
// (arn:partition:service:region:account:resource; IAM User Guide, "Amazon
// Resource Names").
type arn struct {
	partition, service, region, account, resource string
}

func parseARN(text string) (arn, bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
		return arn{}, false
	}
	return arn{partition: parts[1], service: parts[2], region: parts[3], account: parts[4], resource: parts[5]}, true
}

// The character sets of IAM names and paths are those of the IAM API reference
// (RoleName, UserName: [\w+=,.@-]+, path: printable ASCII between slashes).
var (
	accountSyntax   = regexp.MustCompile(`^[0-9]{12}$`)
	principalSyntax = regexp.MustCompile(`^(role|user)/([!-.0-~]+/)*[\w+=,.@-]+$`)
	// Multi-region keys have ids that start with "mrk-" (KMS Developer Guide).
	kmsKeySyntax = upTo(len("key/")+128, `^key/[A-Za-z0-9-]+$`)
)

const maxIAMName = 64

// principalOK reports whether a part of an ARN is a role or a user of IAM.
func principalOK(resource string) bool {
	name := resource[strings.LastIndexByte(resource, '/')+1:]
	return len(name) <= maxIAMName && principalSyntax.MatchString(resource)
}

func roleOK(resource string) bool {
	return strings.HasPrefix(resource, "role/") && principalOK(resource)
}

// PartitionOf is the partition of a region by its prefix (botocore
// partitions.json). An unheard-of prefix is in the commercial partition, as
// the SDK assumes too.
func PartitionOf(region string) string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"},
		{"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}

// partition demands that an ARN is of the partition of the cluster's region:
// nothing of one partition can be used in another.
func (f *findings) partition(path, text string, a arn, c Cluster) {
	if !f.known("region") || !awsRegionSyntax.MatchString(c.Region) {
		return
	}
	if want := PartitionOf(c.Region); a.partition != want {
		f.add(ruleARNPartition.at(path, "%s is in the partition %q, and region %s is in %q. Nothing reaches across partitions. "+
			"Give the ARN of one in %q.", text, a.partition, c.Region, want, want))
	}
}

func (f *findings) role(path, text string, c Cluster) {
	if text == "" || !f.known(path) {
		return
	}
	a, ok := parseARN(text)
	if !ok || a.service != "iam" || a.region != "" || !accountSyntax.MatchString(a.account) || !roleOK(a.resource) {
		f.add(ruleRoleARN.at(path, "%q is not the ARN of an IAM role, as in \"arn:aws:iam::123456789012:role/eks-nodes\". "+
			"Copy it from \"aws iam get-role\", or leave it out and the cluster makes its own.", text))
		return
	}
	f.partition(path, text, a, c)
}

// kmsKey holds EKS's rule on keys: "must be symmetric and created in the same
// AWS Region as the cluster" (eks types.Provider.KeyArn). An alias is refused
// because EKS reports the key behind it, which would show as a change.
func (f *findings) kmsKey(path, text string, c Cluster) {
	if text == "" || !f.known(path) {
		return
	}
	a, ok := parseARN(text)
	if !ok || a.service != "kms" || !accountSyntax.MatchString(a.account) || !kmsKeySyntax.MatchString(a.resource) {
		f.add(ruleKMSKeyARN.at(path, "%q is not the ARN of a KMS key, as in \"arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab\". "+
			"An alias or a bare key id is not enough: copy the ARN from \"aws kms describe-key\".", text))
		return
	}
	if f.known("region") && awsRegionSyntax.MatchString(c.Region) && a.region != c.Region {
		f.add(ruleKMSKeyRegion.at(path, "The key %s is in region %q and the cluster in %q. EKS takes keys of its own region only. "+
			"Give a key in %s; a multi-region key can be replicated there.", text, a.region, c.Region, c.Region))
		return
	}
	f.partition(path, text, a, c)
}
