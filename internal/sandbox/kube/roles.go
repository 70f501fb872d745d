package kube

import (
	"cmp"
	"context"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// bindGroups gives the groups of the cloud's access entries their roles. The
// group system:masters needs none.
func (l *loop) bindGroups(ctx context.Context) error {
	for group, role := range map[string]string{"eks:access:admin": "admin", "eks:access:edit": "edit", "eks:access:view": "view"} {
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: group},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group}},
		}
		_, err := l.client.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{FieldManager: "eks"})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// aggregateRoles fills the roles that are made of others: admin, edit and view are
// empty until somebody does.
func (l *loop) aggregateRoles(ctx context.Context) {
	all := sortedRoles(l.roles.all())
	for _, role := range all {
		if role.AggregationRule == nil || role.DeletionTimestamp != nil {
			continue
		}
		rules := aggregated(role, all)
		if equality.Semantic.DeepEqual(role.Rules, rules) {
			continue
		}
		next := role.DeepCopy()
		next.Rules = rules
		written, err := l.client.RbacV1().ClusterRoles().Update(ctx, next, metav1.UpdateOptions{FieldManager: "clusterrole-aggregation-controller"})
		if err != nil {
			l.failed(err)
			continue
		}
		l.roles.put(written)
		l.changed() // It may be part of another one.
	}
}

func aggregated(role *rbacv1.ClusterRole, all []*rbacv1.ClusterRole) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			continue
		}
		for _, part := range all {
			if part.Name == role.Name || !selector.Matches(labels.Set(part.Labels)) {
				continue
			}
			for _, rule := range part.Rules {
				if !slices.ContainsFunc(rules, func(have rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(have, rule) }) {
					rules = append(rules, rule)
				}
			}
		}
	}
	return rules
}

// hasRoles reports whether the roles of the groups have come to something.
func (l *loop) hasRoles() bool {
	for _, name := range []string{"admin", "edit", "view"} {
		role, ok := l.roles.get("", name)
		if !ok || len(role.Rules) == 0 || !equality.Semantic.DeepEqual(role.Rules, aggregated(role, sortedRoles(l.roles.all()))) {
			return false
		}
	}
	return true
}

func sortedRoles(all []*rbacv1.ClusterRole) []*rbacv1.ClusterRole {
	slices.SortFunc(all, func(a, b *rbacv1.ClusterRole) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
