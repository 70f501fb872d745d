package aws

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func init() {
	handle("eks", "CreateAccessEntry", (*call).eksCreateAccessEntry)
	handle("eks", "DescribeAccessEntry", (*call).eksDescribeAccessEntry)
	handle("eks", "ListAccessEntries", (*call).eksListAccessEntries)
	handle("eks", "UpdateAccessEntry", (*call).eksUpdateAccessEntry)
	handle("eks", "DeleteAccessEntry", (*call).eksDeleteAccessEntry)
}

// eksEntryCluster finds a cluster whose authentication mode has access entries.
func (c *call) eksEntryCluster(name *string) (*eksCluster, error) {
	cluster, err := c.eksCluster(name)
	if err != nil {
		return nil, err
	}
	if cluster.AccessConfig.AuthenticationMode == ekstypes.AuthenticationModeConfigMap {
		return nil, eksError("InvalidRequestException", *name, "", "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
	}
	return cluster, nil
}

func (c *call) eksEntry(cluster, principal *string) (*eksAccessEntry, error) {
	if _, err := c.eksEntryCluster(cluster); err != nil {
		return nil, err
	}
	entry := c.eks().AccessEntries[*cluster+"|"+sdkaws.ToString(principal)]
	if entry == nil {
		return nil, eksError("ResourceNotFoundException", *cluster, "", "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.")
	}
	return entry, nil
}

func (c *call) eksNewEntry(cluster, principal, kind, username string) *eksAccessEntry {
	parts := strings.Split(principal, ":")
	resource := parts[len(parts)-1]
	entry := &eksAccessEntry{Policies: map[string]*ekstypes.AssociatedAccessPolicy{}}
	entry.AccessEntryArn = new(c.arn("eks", "access-entry/"+cluster+"/"+strings.Split(resource, "/")[0]+"/"+parts[4]+"/"+resource[strings.LastIndex(resource, "/")+1:]+"/"+c.newUUID()))
	entry.ClusterName, entry.PrincipalArn, entry.Type, entry.Username = new(cluster), new(principal), new(kind), new(username)
	entry.CreatedAt, entry.ModifiedAt = new(c.now()), new(c.now())
	entry.KubernetesGroups, entry.Tags = []string{}, map[string]string{}
	c.eks().AccessEntries[cluster+"|"+principal] = entry
	return entry
}

// eksPrincipal turns the identity of a session into that of its role.
func (c *call) eksPrincipal(caller string) string {
	_, session, ok := strings.Cut(caller, ":assumed-role/")
	if !ok {
		return caller
	}
	name, _, _ := strings.Cut(session, "/")
	if role := c.account().Roles[name]; role != nil {
		return *role.Arn
	}
	return c.arn("iam", "role/"+name)
}

// eksBootstrapEntry makes the creator an administrator, as clusters do unless they are told not to.
func (c *call) eksBootstrapEntry(cluster *eksCluster) {
	if !*cluster.AccessConfig.BootstrapClusterCreatorAdminPermissions {
		return
	}
	principal := c.eksPrincipal(cluster.Creator)
	entry := c.eksNewEntry(*cluster.Name, principal, "STANDARD", eksUsername(principal))
	entry.Automatic = true
	policy := "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
	entry.Policies[policy] = &ekstypes.AssociatedAccessPolicy{
		PolicyArn: new(policy), AccessScope: &ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeCluster, Namespaces: []string{}},
		AssociatedAt: new(c.now()), ModifiedAt: new(c.now()),
	}
}

// eksNodeEntry lets the nodes of a managed node group join.
func (c *call) eksNodeEntry(cluster *eksCluster, role string) {
	if cluster.AccessConfig.AuthenticationMode == ekstypes.AuthenticationModeConfigMap || c.eks().AccessEntries[*cluster.Name+"|"+role] != nil {
		return
	}
	entry := c.eksNewEntry(*cluster.Name, role, "EC2_LINUX", "system:node:{{EC2PrivateDNSName}}")
	entry.Automatic, entry.KubernetesGroups = true, []string{"system:nodes"}
}

func eksUsername(principal string) string {
	parts := strings.Split(principal, ":")
	if resource := parts[len(parts)-1]; strings.HasPrefix(resource, "role/") {
		return "arn:aws:sts::" + parts[4] + ":assumed-role/" + resource[strings.LastIndex(resource, "/")+1:] + "/{{SessionName}}"
	}
	return principal
}

var eksReservedPrefixes = []string{"system:", "eks:", "aws:", "amazon:", "iam:"}

func eksCheckIdentity(cluster string, groups []string, username *string) error {
	for _, prefix := range eksReservedPrefixes {
		for _, g := range groups {
			if g == "" || strings.HasPrefix(g, prefix) {
				return eksError("InvalidParameterException", cluster, "", "The kubernetes group name %s is invalid, it cannot start with %s", g, prefix)
			}
		}
		if strings.HasPrefix(sdkaws.ToString(username), prefix) {
			return eksError("InvalidParameterException", cluster, "", "The username %s is invalid, it cannot start with %s", *username, prefix)
		}
	}
	if name := sdkaws.ToString(username); strings.HasPrefix(name, "arn:aws:sts:") && !strings.Contains(name, "{{SessionName}}") && strings.Contains(name, ":assumed-role/") {
		return eksError("InvalidParameterException", cluster, "", "The username %s is invalid, an assumed role must end in {{SessionName}}", name)
	}
	return nil
}

func (c *call) eksCreateAccessEntry(in *eks.CreateAccessEntryInput) (*eks.CreateAccessEntryOutput, error) {
	cluster, err := c.eksEntryCluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	request := *in
	request.ClientRequestToken = nil
	if id, err := c.eksRepeated("CreateAccessEntry", in.ClientRequestToken, request); err != nil {
		return nil, err
	} else if entry := c.eks().AccessEntries[id]; entry != nil {
		return &eks.CreateAccessEntryOutput{AccessEntry: &entry.AccessEntry}, nil
	}
	if cluster.Status != ekstypes.ClusterStatusActive && cluster.Status != ekstypes.ClusterStatusUpdating {
		return nil, eksError("InvalidRequestException", *in.ClusterName, "", "Cluster %s is %s: access entries can be created once it is ACTIVE", *in.ClusterName, cluster.Status)
	}
	principal := sdkaws.ToString(in.PrincipalArn)
	if err := c.eksCheckPrincipal(*in.ClusterName, principal); err != nil {
		return nil, err
	}
	kind := cmp.Or(sdkaws.ToString(in.Type), "STANDARD")
	if !slices.Contains([]string{"STANDARD", "FARGATE_LINUX", "EC2_LINUX", "EC2_WINDOWS", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"}, kind) {
		return nil, eksError("InvalidParameterException", *in.ClusterName, "", "The specified type %s is invalid", kind)
	}
	if kind != "STANDARD" && (len(in.KubernetesGroups) > 0 || in.Username != nil) {
		return nil, eksError("InvalidParameterException", *in.ClusterName, "", "Kubernetes groups and a username can only be specified for access entries of type STANDARD")
	}
	if err := eksCheckIdentity(*in.ClusterName, in.KubernetesGroups, in.Username); err != nil {
		return nil, err
	}
	if err := eksTags(in.Tags); err != nil {
		return nil, err
	}
	if c.eks().AccessEntries[*in.ClusterName+"|"+principal] != nil {
		return nil, eksError("ResourceInUseException", *in.ClusterName, "", "The specified access entry resource is already in use on this cluster.")
	}
	username := cmp.Or(sdkaws.ToString(in.Username), eksUsername(principal))
	groups := append([]string{}, in.KubernetesGroups...)
	if strings.HasPrefix(kind, "EC2") {
		username, groups = "system:node:{{EC2PrivateDNSName}}", []string{"system:nodes"}
	}
	entry := c.eksNewEntry(*in.ClusterName, principal, kind, username)
	entry.KubernetesGroups = groups
	maps.Copy(entry.Tags, in.Tags)
	c.keepToken("eks.CreateAccessEntry", in.ClientRequestToken, request, *in.ClusterName+"|"+principal)
	return &eks.CreateAccessEntryOutput{AccessEntry: &entry.AccessEntry}, nil
}

// eksCheckPrincipal takes roles and users. Those of this account must exist, as far as the sandbox knows them.
func (c *call) eksCheckPrincipal(cluster, arn string) error {
	bad := eksError("InvalidParameterException", cluster, "", "The specified principalArn is invalid: invalid principal.")
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || parts[3] != "" || len(parts[4]) != 12 {
		return bad
	}
	kind, name, _ := strings.Cut(parts[5], "/")
	if kind != "role" && kind != "user" || name == "" {
		return bad
	}
	if kind == "role" && parts[4] == c.Account && c.eksFindRole(arn) == nil {
		return bad
	}
	return nil
}

func (c *call) eksDescribeAccessEntry(in *eks.DescribeAccessEntryInput) (*eks.DescribeAccessEntryOutput, error) {
	entry, err := c.eksEntry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	return &eks.DescribeAccessEntryOutput{AccessEntry: &entry.AccessEntry}, nil
}

func (c *call) eksListAccessEntries(in *eks.ListAccessEntriesInput) (*eks.ListAccessEntriesOutput, error) {
	if _, err := c.eksEntryCluster(in.ClusterName); err != nil {
		return nil, err
	}
	var found []string
	for _, key := range sortedKeys(c.eks().AccessEntries) {
		entry := c.eks().AccessEntries[key]
		if *entry.ClusterName == *in.ClusterName && (in.AssociatedPolicyArn == nil || entry.Policies[*in.AssociatedPolicyArn] != nil) {
			found = append(found, *entry.PrincipalArn)
		}
	}
	page, next, err := eksPage(found, in.NextToken, in.MaxResults)
	return &eks.ListAccessEntriesOutput{AccessEntries: page, NextToken: next}, err
}

func (c *call) eksUpdateAccessEntry(in *eks.UpdateAccessEntryInput) (*eks.UpdateAccessEntryOutput, error) {
	entry, err := c.eksEntry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	if *entry.Type != "STANDARD" {
		return nil, eksError("InvalidRequestException", *in.ClusterName, "", "The access entry of type %s cannot be modified", *entry.Type)
	}
	if err := eksCheckIdentity(*in.ClusterName, in.KubernetesGroups, in.Username); err != nil {
		return nil, err
	}
	if in.KubernetesGroups != nil {
		entry.KubernetesGroups = in.KubernetesGroups
	}
	entry.Username = cmp.Or(in.Username, entry.Username)
	entry.ModifiedAt = new(c.now())
	return &eks.UpdateAccessEntryOutput{AccessEntry: &entry.AccessEntry}, nil
}

func (c *call) eksDeleteAccessEntry(in *eks.DeleteAccessEntryInput) (*eks.DeleteAccessEntryOutput, error) {
	if _, err := c.eksEntry(in.ClusterName, in.PrincipalArn); err != nil {
		return nil, err
	}
	delete(c.eks().AccessEntries, *in.ClusterName+"|"+*in.PrincipalArn)
	return &eks.DeleteAccessEntryOutput{}, nil
}
