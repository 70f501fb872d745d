package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// accessEntries let IAM principals administer the Kubernetes cluster. EKS itself
// makes one for the cluster's creator, without tags and with the same policy;
// when that principal is listed as an administrator, its entry is taken over.
// Any other entry without our mark is somebody else's.
type accessEntries struct {
	*client
	owner     owner
	cluster   *stack.Object[clusterSpec, ekstypes.Cluster]
	principal string
}

type accessEntrySpec struct {
	Cluster, Principal string
}

type accessEntryLive struct {
	ekstypes.AccessEntry
	Policies []ekstypes.AssociatedAccessPolicy
}

var _ stack.Kind[accessEntrySpec, accessEntryLive] = accessEntries{}

func (k accessEntries) Find(ctx context.Context, object string) ([]*accessEntryLive, error) {
	cluster, err := k.cluster.Found(ctx)
	if cluster == nil || err != nil {
		return nil, err
	}
	entry, err := k.eks.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: cluster.Name, PrincipalArn: &k.principal})
	if err != nil {
		return nil, absent(err, "ResourceNotFoundException")
	}
	policies, err := pages(ctx, eks.NewListAssociatedAccessPoliciesPaginator(k.eks, &eks.ListAssociatedAccessPoliciesInput{ClusterName: cluster.Name, PrincipalArn: &k.principal}),
		func(o *eks.ListAssociatedAccessPoliciesOutput) []ekstypes.AssociatedAccessPolicy {
			return o.AssociatedAccessPolicies
		})
	if err != nil {
		return nil, absent(err, "ResourceNotFoundException")
	}
	live := &accessEntryLive{*entry.AccessEntry, policies}
	creators := len(live.Tags) == 0 && slices.Equal(policyLines(policies), []string{k.adminPolicy() + " on the cluster"})
	if !creators {
		if err := k.owner.claim(live.Tags, object, k.ID(live), "access entry of "+k.principal); err != nil {
			return nil, err
		}
	}
	return []*accessEntryLive{live}, nil
}

func (k accessEntries) ID(live *accessEntryLive) string { return aws.ToString(live.AccessEntryArn) }

func (k accessEntries) State(*accessEntryLive) stack.State { return stack.State{} }

// adminPolicy gives an access entry the whole cluster.
func (k accessEntries) adminPolicy() string {
	return "arn:" + k.partition + ":eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
}

func (k accessEntries) Diff(name string, want accessEntrySpec, live *accessEntryLive) []stack.Difference {
	diffs := sameSet("access policy", policyLines(live.Policies), []string{k.adminPolicy() + " on the cluster"})
	diffs = append(diffs, sameSet("Kubernetes group", live.KubernetesGroups, nil)...)
	diffs = append(diffs, same("Kubernetes user name", aws.ToString(live.Username), userName(want.Principal))...)
	return append(diffs, k.owner.differ(name, live.Tags)...)
}

// userName is the Kubernetes user that EKS makes of a principal: a role's holds
// the session (EKS user guide, access entries).
func userName(principal string) string {
	id, err := arn.Parse(principal)
	if role, ok := strings.CutPrefix(id.Resource, "role/"); ok && err == nil {
		return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/{{SessionName}}", id.Partition, id.AccountID, role[strings.LastIndex(role, "/")+1:])
	}
	return principal
}

func policyLines(policies []ekstypes.AssociatedAccessPolicy) []string {
	var out []string
	for _, p := range policies {
		scope := " on the cluster"
		if p.AccessScope != nil && p.AccessScope.Type != ekstypes.AccessScopeTypeCluster {
			scope = " on namespaces"
		}
		out = append(out, aws.ToString(p.PolicyArn)+scope)
	}
	return out
}

func (k accessEntries) Create(ctx context.Context, object string, want accessEntrySpec, token string) error {
	_, err := k.eks.CreateAccessEntry(ctx, &eks.CreateAccessEntryInput{
		ClusterName: &want.Cluster, PrincipalArn: &want.Principal, ClientRequestToken: &token, Tags: k.owner.mark(object),
	})
	return err
}

func (k accessEntries) Update(ctx context.Context, object string, want accessEntrySpec, live *accessEntryLive, diffs []stack.Difference) error {
	admin := k.adminPolicy()
	for _, p := range live.Policies {
		if aws.ToString(p.PolicyArn) == admin {
			continue
		}
		_, err := k.eks.DisassociateAccessPolicy(ctx, &eks.DisassociateAccessPolicyInput{ClusterName: &want.Cluster, PrincipalArn: &want.Principal, PolicyArn: p.PolicyArn})
		if absent(err, "ResourceNotFoundException") != nil {
			return err
		}
	}
	if has(diffs, "access policy") {
		// Associating again changes the scope.
		_, err := k.eks.AssociateAccessPolicy(ctx, &eks.AssociateAccessPolicyInput{
			ClusterName: &want.Cluster, PrincipalArn: &want.Principal, PolicyArn: &admin,
			AccessScope: &ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeCluster}})
		if err != nil {
			return err
		}
	}
	if has(diffs, "Kubernetes group", "Kubernetes user name") {
		_, err := k.eks.UpdateAccessEntry(ctx, &eks.UpdateAccessEntryInput{ClusterName: &want.Cluster, PrincipalArn: &want.Principal, KubernetesGroups: []string{}, Username: aws.String(userName(want.Principal))})
		if err != nil {
			return err
		}
	}
	return k.retagEKS(ctx, k.owner, object, aws.ToString(live.AccessEntryArn), live.Tags)
}

func (k accessEntries) Delete(ctx context.Context, live *accessEntryLive) error {
	_, err := k.eks.DeleteAccessEntry(ctx, &eks.DeleteAccessEntryInput{ClusterName: live.ClusterName, PrincipalArn: live.PrincipalArn})
	return busy(absent(err, "ResourceNotFoundException"))
}

// admins lists the principals whose access entries carry the stack's mark.
func (k accessEntries) admins(ctx context.Context, cluster string) ([]string, error) {
	arns, err := pages(ctx, eks.NewListAccessEntriesPaginator(k.eks, &eks.ListAccessEntriesInput{ClusterName: &cluster}), func(o *eks.ListAccessEntriesOutput) []string { return o.AccessEntries })
	if err != nil {
		return nil, absent(err, "ResourceNotFoundException")
	}
	var out []string
	for _, arn := range arns {
		entry, err := k.eks.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &cluster, PrincipalArn: &arn})
		if absent(err, "ResourceNotFoundException") != nil {
			return nil, err
		}
		if err == nil && k.owner.owns(entry.AccessEntry.Tags, objectAccessEntry+arn, "") {
			out = append(out, arn)
		}
	}
	return out, nil
}
