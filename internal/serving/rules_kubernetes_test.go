package serving

func admin(arns ...string) func(*Cluster) {
	return func(c *Cluster) { c.KubernetesAPI.Admins = arns }
}

func callers(ranges ...string) func(*Cluster) {
	return func(c *Cluster) { c.KubernetesAPI.AllowedCIDRs = ranges }
}

func version(v string) func(*Cluster) {
	return func(c *Cluster) { c.KubernetesVersion = v }
}

var kubernetesCases = []clusterCase{
	{"default version", version(""), nil},
	{"oldest version", version("1.28"), nil},
	{"version with patch", version("1.33.1"),
		[]want{{"kubernetes_version", "Invalid Kubernetes version", `The version is "1.33.1". It is <major>.<minor>`}}},
	{"version with v", version("v1.33"),
		[]want{{"kubernetes_version", "Invalid Kubernetes version", `without a "v"`}}},
	{"version out of range", version("1.99999999999999999999"),
		[]want{{"kubernetes_version", "Invalid Kubernetes version", "1.99999999999999999999"}}},
	{"version too old", version("1.27"),
		[]want{{"kubernetes_version", "Kubernetes version is not supported", `The version is "1.27". EKS clusters here start at 1.28`}}},
	{"major version", version("2.0"),
		[]want{{"kubernetes_version", "Kubernetes version is not supported", `"2.0"`}}},

	{"private API", callers(), nil},
	{"API for 40 ranges", func(c *Cluster) { c.KubernetesAPI.AllowedCIDRs = nets(40, "203.0.") }, nil},
	{"API for 41 ranges", func(c *Cluster) { c.KubernetesAPI.AllowedCIDRs = nets(41, "203.0.") },
		[]want{{"kubernetes_api.allowed_cidrs", "Too many ranges for the Kubernetes API", "41 ranges are listed. EKS takes 40"}}},
	{"API for everyone", callers("0.0.0.0/0"),
		[]want{{"kubernetes_api.allowed_cidrs.0", "warning: Kubernetes API is open to the Internet", "0.0.0.0/0 lets every address"}}},
	{"API for private ranges", callers("203.0.113.0/24", "10.0.0.0/16", "100.64.0.0/10", "192.168.1.0/24", "172.16.0.0/12"), []want{
		{"kubernetes_api.allowed_cidrs.1", "Range cannot reach the Kubernetes API", "10.0.0.0/16 is a reserved or private range"},
		{"kubernetes_api.allowed_cidrs.2", "Range cannot reach the Kubernetes API", "100.64.0.0/10"},
		{"kubernetes_api.allowed_cidrs.3", "Range cannot reach the Kubernetes API", "192.168.1.0/24"},
		{"kubernetes_api.allowed_cidrs.4", "Range cannot reach the Kubernetes API", "172.16.0.0/12"},
	}},
	{"API range twice", callers("203.0.113.0/24", "203.0.113.0/24"),
		[]want{{"kubernetes_api.allowed_cidrs.1", "Address range is listed twice", "203.0.113.0/24 is already at index 0"}}},
	{"API for IPv6", callers("2001:db8::/32"),
		[]want{{"kubernetes_api.allowed_cidrs.0", "IPv6 is not supported yet", "2001:db8::/32"}}},
	{"API range with host bits", callers("203.0.113.7/24"),
		[]want{{"kubernetes_api.allowed_cidrs.0", "Address range has host bits", "Write 203.0.113.0/24"}}},

	{"user as admin", admin("arn:aws:iam::123456789012:user/jo"), nil},
	{"session as admin", admin("arn:aws:sts::123456789012:assumed-role/Admin/jo@example.com"),
		[]want{{"kubernetes_api.admins.0", "Administrator is a temporary session", `Write "arn:aws:iam::123456789012:role/Admin"`}}},
	{"root as admin", admin("arn:aws:iam::123456789012:root"),
		[]want{{"kubernetes_api.admins.0", "Administrator is the account's root user", "arn:aws:iam::123456789012:root is the root user"}}},
	{"group as admin", admin("arn:aws:iam::123456789012:group/admins"),
		[]want{{"kubernetes_api.admins.0", "Invalid administrator", "Groups and policies cannot be administrators"}}},
	{"name as admin", admin("admins"),
		[]want{{"kubernetes_api.admins.0", "Invalid administrator", `"admins" is not the ARN`}}},
	{"account of 11 digits", admin("arn:aws:iam::12345678901:role/a"),
		[]want{{"kubernetes_api.admins.0", "Invalid administrator", "12345678901"}}},
	{"admin of another partition", admin("arn:aws-cn:iam::123456789012:role/a"),
		[]want{{"kubernetes_api.admins.0", "ARN is of another partition", `in the partition "aws-cn", and region us-west-2 is in "aws"`}}},
	{"admin twice", admin("arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/a"),
		[]want{{"kubernetes_api.admins.1", "Administrator is listed twice", "role/a is already at index 0"}}},
}
