package serving

import "strings"

var (
	ruleAdminARN      = mustNot("admin_arn", "Invalid administrator")
	ruleAdminSession  = mustNot("admin_session", "Administrator is a temporary session")
	ruleAdminRoot     = mustNot("admin_root", "Administrator is the account's root user")
	ruleAdminRepeated = mustNot("admin_repeated", "Administrator is listed twice")
	ruleDNSEndpoint   = mustNot("dns_endpoint_aws", "EKS has no such endpoint")
)

func (awsRules) access(f *findings, c Cluster) {
	f.awsAdmins(c)
	if f.known("kubernetes_api.dns_endpoint") && c.KubernetesAPI.DNSEndpoint {
		f.add(ruleDNSEndpoint.at("kubernetes_api.dns_endpoint", "Only GKE has an endpoint on its cloud's front end. On EKS, Terraform reaches a private API from inside the network or through a proxy in it. "+
			"Remove dns_endpoint, and list the range that Terraform runs in as allowed_cidrs if it is outside."))
	}
}

// awsAdmins holds EKS's rules on the principals of access entries: permanent IAM
// principals only, each once ("You can't use the STS session principal type",
// "You can't specify the same ARN in more than one access entry", eks
// CreateAccessEntryInput.PrincipalArn).
func (f *findings) awsAdmins(c Cluster) {
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
		case !ok || a.service != "iam" || a.region != "" || !accountSyntax.MatchString(a.account) || !principalOK(a.resource):
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
