package serving

import (
	"strconv"
	"strings"
	"testing"
)

var awsCases = []clusterCase{
	{"roles made by the cluster", func(c *Cluster) { c.AWS = ClusterAWS{} }, nil},
	{"role name", func(c *Cluster) { c.AWS.ClusterRoleARN = "eks-cluster" },
		[]want{{"aws.cluster_role_arn", "Invalid role ARN", `"eks-cluster" is not the ARN of an IAM role`}}},
	{"user for a role", func(c *Cluster) { c.AWS.NodeRoleARN = "arn:aws:iam::123456789012:user/nodes" },
		[]want{{"aws.node_role_arn", "Invalid role ARN", "user/nodes"}}},
	{"role of another partition", func(c *Cluster) { c.AWS.NodeRoleARN = "arn:aws-us-gov:iam::123456789012:role/nodes" },
		[]want{{"aws.node_role_arn", "ARN is of another partition", `"aws-us-gov"`}}},
	{"arguments of GCP", func(c *Cluster) { c.GCP.ReleaseChannel = ChannelRapid },
		[]want{{"gcp", "Arguments are for another cloud", "The cluster is on AWS"}}},
	{"DNS endpoint", func(c *Cluster) { c.KubernetesAPI.DNSEndpoint = true },
		[]want{{"kubernetes_api.dns_endpoint", "EKS has no such endpoint", "Only GKE"}}},
	{"key id", func(c *Cluster) { c.AWS.KMSKeyARN = "1234abcd-12ab-34cd-56ef-1234567890ab" },
		[]want{{"aws.kms_key_arn", "Invalid KMS key ARN", "a bare key id is not enough"}}},
	{"key alias", func(c *Cluster) { c.AWS.KMSKeyARN = "arn:aws:kms:us-west-2:123456789012:alias/eks" },
		[]want{{"aws.kms_key_arn", "Invalid KMS key ARN", "An alias"}}},
	{"key elsewhere", func(c *Cluster) { c.AWS.KMSKeyARN = "arn:aws:kms:us-east-1:123456789012:key/mrk-1234" },
		[]want{{"aws.kms_key_arn", "KMS key is in another region", `in region "us-east-1" and the cluster in "us-west-2"`}}},
}

var tagCases = []clusterCase{
	{"40 tags", tagged(40), nil},
	{"41 tags", tagged(41), []want{{"tags", "Too many tags", "There are 41 tags"}}},
	{"empty tag value", tag("team", ""), nil},
	{"letters of any script", tag("équipe 機械", "学習"), nil},
	{"empty tag key", tag("", "x"), []want{{"tags.", "Invalid tag key", `The tag key "" has 0 characters`}}},
	{"long tag key", tag(strings.Repeat("k", 129), "x"),
		[]want{{"tags." + strings.Repeat("k", 129), "Invalid tag key", "has 129 characters"}}},
	{"tag key with a comma", tag("a,b", "x"), []want{{"tags.a,b", "Invalid tag key", `"a,b"`}}},
	{"tags that differ in case", func(c *Cluster) { c.Tags = map[string]string{"Team": "a", "team": "b"} },
		[]want{{"tags.team", "Tag keys differ only in case", `There is also a tag "Team"`}}},
	{"tag of AWS", tag("AWS:stack", "x"), []want{{"tags.AWS:stack", "Tag key is reserved", "only AWS may set"}}},
	{"tag of ours", tag("serving:stack", "x"), []want{{"tags.serving:stack", "Tag key is reserved", "this provider finds what it owns"}}},
	{"longest tag", tag(strings.Repeat("k", 128), strings.Repeat("v", 256)), nil},
	{"long tag value", tag("a", strings.Repeat("v", 257)), []want{{"tags.a", "Invalid tag value", "has 257 characters"}}},
	{"tag value with a bracket", tag("a", "<b>"), []want{{"tags.a", "Invalid tag value", `"<b>"`}}},
}

func tag(key, value string) func(*Cluster) {
	return func(c *Cluster) { c.Tags = map[string]string{key: value} }
}

func tagged(n int) func(*Cluster) {
	return func(c *Cluster) {
		c.Tags = map[string]string{}
		for i := range n {
			c.Tags["key"+strconv.Itoa(i)] = "value"
		}
	}
}

func TestPartitionOf(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-west-2": "aws", "cn-north-1": "aws-cn", "us-gov-east-1": "aws-us-gov", "us-iso-east-1": "aws-iso",
		"us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f", "eusc-de-east-1": "aws-eusc",
	} {
		if got := PartitionOf(region); got != want {
			t.Errorf("PartitionOf(%s) = %s, want %s", region, got, want)
		}
		if !awsRegionSyntax.MatchString(region) {
			t.Errorf("%s is refused as a region", region)
		}
	}
}
