package aws

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// errNoEntry is the common answer to whoever is nobody in the cluster.
var errNoEntry = errors.New("no access entry")

// authenticateToken tells which Kubernetes user a bearer token stands for in a cluster.
func (c *Cloud) authenticateToken(ref clusterRef, token string) (KubernetesUser, error) {
	r, err := tokenRequest(token, ref.name)
	if err != nil {
		return KubernetesUser{}, err
	}
	who, s, err := c.authenticate(r, nil)
	if err != nil {
		return KubernetesUser{}, fmt.Errorf("STS refuses the token: %w", err)
	}
	if err := tokenScope(r.URL.Host, s); err != nil {
		return KubernetesUser{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	cluster := c.findCluster(ref)
	if cluster == nil {
		return KubernetesUser{}, fmt.Errorf("cluster %s does not exist", ref.name)
	}
	at := c.in(ref.account, ref.region)
	entry, err := at.entryOf(cluster, who)
	if err != nil {
		return KubernetesUser{}, err
	}
	return at.kubernetesUser(entry, who), nil
}

// entryOf finds the access entry of an identity: of the user itself, or of the role behind a session.
func (c *call) entryOf(cluster *eksCluster, who caller) (*eksAccessEntry, error) {
	if cluster.AccessConfig.AuthenticationMode == ekstypes.AuthenticationModeConfigMap {
		return nil, fmt.Errorf("cluster %s has no access entries: its authentication mode is CONFIG_MAP, and the sandbox reads no aws-auth ConfigMap", *cluster.Name)
	}
	_, session, assumed := strings.Cut(who.arn, ":assumed-role/")
	role, _, _ := strings.Cut(session, "/")
	for _, key := range sortedKeys(c.eks().AccessEntries) {
		entry := c.eks().AccessEntries[key]
		if *entry.ClusterName != *cluster.Name {
			continue
		}
		// A session does not show the path of its role, and names of roles are unique in an account.
		parts := strings.Split(*entry.PrincipalArn, ":")
		resource := parts[len(parts)-1]
		sameRole := assumed && parts[4] == who.account && strings.HasPrefix(resource, "role/") && resource[strings.LastIndex(resource, "/")+1:] == role
		if *entry.PrincipalArn == who.arn || sameRole {
			return entry, nil
		}
	}
	return nil, fmt.Errorf("%w of cluster %s is for %s", errNoEntry, *cluster.Name, who.arn)
}

// eksPolicyGroups are the groups that stand for access policies with the scope of the whole cluster. EKS has an authorizer of
// its own instead, which is not to be seen from outside; the groups have the same rights.
var eksPolicyGroups = map[string]string{
	"AmazonEKSClusterAdminPolicy": "system:masters",
	"AmazonEKSAdminPolicy":        "eks:access:admin",
	"AmazonEKSEditPolicy":         "eks:access:edit",
	"AmazonEKSViewPolicy":         "eks:access:view",
}

// kubernetesUser fills in an entry's templates and collects its groups.
func (c *call) kubernetesUser(entry *eksAccessEntry, who caller) KubernetesUser {
	id, session, _ := strings.Cut(who.id, ":")
	name := strings.NewReplacer(
		// User names have no "@", which sessions of people often have.
		"{{SessionName}}", strings.ReplaceAll(session, "@", "-"), "{{SessionNameRaw}}", session, "{{AccountID}}", who.account,
	).Replace(text(entry.Username))
	if strings.Contains(name, "{{EC2PrivateDNSName}}") {
		// The session of an instance is called like the instance.
		dns := session
		if m := c.instance(session); m != nil {
			dns = m.name
		}
		name = strings.ReplaceAll(name, "{{EC2PrivateDNSName}}", dns)
	}
	groups := slices.Clone(entry.KubernetesGroups)
	for _, arn := range sortedKeys(entry.Policies) {
		group := eksPolicyGroups[strings.TrimPrefix(arn, eksPolicyPrefix)]
		if scope := entry.Policies[arn].AccessScope; group != "" && scope != nil && scope.Type == ekstypes.AccessScopeTypeCluster {
			groups = append(groups, group)
		}
	}
	return KubernetesUser{Name: name, UID: "aws-iam-authenticator:" + who.account + ":" + id, Groups: groups}
}
