package aws

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// peeringIngress are the rules that let a peer's ranges reach the load balancer,
// in every security group that the cluster's load balancers have: while one is
// replaced there are two. The mark of such a rule is its description, which the
// describe of the group shows, so that neither the peering nor the cluster, which
// leaves such rules alone, needs a call of its own to see it.
type peeringIngress struct {
	*client
	owner  owner
	groups func(context.Context) ([]ec2types.SecurityGroup, error)
	// wanted are the ranges as far as they are known; a removal has none.
	wanted func(context.Context) []string
}

type peeringIngressSpec struct{ CIDRs []string }

// peeringIngressLive are the rules of one or two groups, by group and line, as
// securityGroups writes them.
type peeringIngressLive struct {
	Groups map[string]groupRules
}

// groupRules are the rules of a group that carry our mark, those that were seen
// with it and have lost it, and those of others.
type groupRules struct {
	Ours, Unmarked, Others map[string]ec2types.IpPermission
}

var _ stack.Kind[peeringIngressSpec, peeringIngressLive] = peeringIngress{}

// endpointPort is where a load balancer serves its callers.
const endpointPort = 443

func (k peeringIngress) Find(ctx context.Context, name string) ([]*peeringIngressLive, error) {
	groups, err := k.groups(ctx)
	if err != nil {
		return nil, err
	}
	live := &peeringIngressLive{Groups: map[string]groupRules{}}
	seen := strings.Split(k.owner.lastSeen[name], ", ")
	for _, g := range groups {
		id := aws.ToString(g.GroupId)
		rules := groupRules{map[string]ec2types.IpPermission{}, map[string]ec2types.IpPermission{}, map[string]ec2types.IpPermission{}}
		for _, p := range g.IpPermissions {
			for _, one := range singles(p) {
				line := permissionLine(one.permission, one.source)
				switch {
				case descriptionOf(p, one.source) == k.owner.stack:
					rules.Ours[line] = one.permission
				case slices.Contains(seen, id+" "+line):
					rules.Unmarked[line] = one.permission
				default:
					rules.Others[line] = one.permission
				}
			}
		}
		live.Groups[id] = rules
	}
	if k.ID(live) == "" && !k.covered(ctx, live) {
		return nil, nil
	}
	return []*peeringIngressLive{live}, nil
}

// descriptionOf is what is written at a source of a permission.
func descriptionOf(p ec2types.IpPermission, source string) string {
	for _, r := range p.IpRanges {
		if aws.ToString(r.CidrIp) == source {
			return aws.ToString(r.Description)
		}
	}
	for _, r := range p.Ipv6Ranges {
		if aws.ToString(r.CidrIpv6) == source {
			return aws.ToString(r.Description)
		}
	}
	for _, r := range p.PrefixListIds {
		if aws.ToString(r.PrefixListId) == source {
			return aws.ToString(r.Description)
		}
	}
	return ""
}

// covered reports whether the cluster's own rules let all ranges in already.
func (k peeringIngress) covered(ctx context.Context, live *peeringIngressLive) bool {
	lines := k.lines(k.wanted(ctx))
	for _, rules := range live.Groups {
		for _, line := range lines {
			if _, ok := rules.Others[line]; !ok {
				return false
			}
		}
	}
	return len(lines) > 0 && len(live.Groups) > 0
}

func (k peeringIngress) lines(cidrs []string) []string {
	var out []string
	for _, cidr := range sorted(cidrs) {
		out = append(out, permissionLine(portRule{endpointPort, cidr}.permission(), cidr))
	}
	return out
}

// ID lists the rules that are ours, because a rule has no name that the group
// shows.
func (k peeringIngress) ID(live *peeringIngressLive) string {
	var out []string
	for id, rules := range live.Groups {
		for line := range rules.Ours {
			out = append(out, id+" "+line)
		}
		for line := range rules.Unmarked {
			out = append(out, id+" "+line)
		}
	}
	return strings.Join(sorted(out), ", ")
}

func (k peeringIngress) State(*peeringIngressLive) stack.State { return stack.State{} }

func (k peeringIngress) Diff(_ string, want peeringIngressSpec, live *peeringIngressLive) []stack.Difference {
	var diffs []stack.Difference
	wanted := k.lines(want.CIDRs)
	for _, id := range slices.Sorted(maps.Keys(live.Groups)) {
		rules := live.Groups[id]
		for _, line := range wanted {
			_, ours := rules.Ours[line]
			_, others := rules.Others[line]
			if _, unmarked := rules.Unmarked[line]; unmarked {
				diffs = append(diffs, stack.Difference{Field: "ingress of " + id + " " + line + ": description", Want: k.owner.stack})
			} else if !ours && !others {
				diffs = append(diffs, stack.Difference{Field: "ingress of " + id, Want: line})
			}
		}
		for _, line := range slices.Sorted(maps.Keys(rules.Ours)) {
			if !slices.Contains(wanted, line) {
				diffs = append(diffs, stack.Difference{Field: "ingress of " + id, Got: line})
			}
		}
	}
	return diffs
}

func (k peeringIngress) Create(ctx context.Context, name string, want peeringIngressSpec, _ string) error {
	groups, err := k.groups(ctx)
	if err != nil {
		return err
	}
	live := &peeringIngressLive{Groups: map[string]groupRules{}}
	for _, g := range groups {
		rules := groupRules{Others: map[string]ec2types.IpPermission{}}
		for _, p := range g.IpPermissions {
			for _, one := range singles(p) {
				rules.Others[permissionLine(one.permission, one.source)] = one.permission
			}
		}
		live.Groups[aws.ToString(g.GroupId)] = rules
	}
	return k.Update(ctx, name, want, live, nil)
}

// Update closes before it opens.
func (k peeringIngress) Update(ctx context.Context, _ string, want peeringIngressSpec, live *peeringIngressLive, _ []stack.Difference) error {
	wanted := k.lines(want.CIDRs)
	for _, id := range slices.Sorted(maps.Keys(live.Groups)) {
		rules := live.Groups[id]
		var extra, unmarked, missing []ec2types.IpPermission
		for _, line := range slices.Sorted(maps.Keys(rules.Ours)) {
			if !slices.Contains(wanted, line) {
				extra = append(extra, rules.Ours[line])
			}
		}
		for i, cidr := range sorted(want.CIDRs) {
			permission := portRule{endpointPort, cidr}.permission()
			permission.IpRanges[0].Description = &k.owner.stack
			_, ours := rules.Ours[wanted[i]]
			_, others := rules.Others[wanted[i]]
			if _, lost := rules.Unmarked[wanted[i]]; lost {
				unmarked = append(unmarked, permission)
			} else if !ours && !others {
				missing = append(missing, permission)
			}
		}
		if err := k.revoke(ctx, id, extra); err != nil {
			return err
		}
		if len(unmarked) > 0 {
			if _, err := k.ec2.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: &id, IpPermissions: unmarked}); err != nil {
				return err
			}
		}
		if len(missing) > 0 {
			_, err := k.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: missing})
			if absent(err, "InvalidPermission.Duplicate") != nil {
				return err
			}
		}
	}
	return nil
}

func (k peeringIngress) revoke(ctx context.Context, group string, permissions []ec2types.IpPermission) error {
	if len(permissions) == 0 {
		return nil
	}
	_, err := k.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, IpPermissions: permissions})
	return absent(err, "InvalidPermission.NotFound", "InvalidGroup.NotFound")
}

// Delete takes away what carries the mark, or is known to have carried it.
func (k peeringIngress) Delete(ctx context.Context, live *peeringIngressLive) error {
	for _, id := range slices.Sorted(maps.Keys(live.Groups)) {
		var all []ec2types.IpPermission
		for _, rules := range []map[string]ec2types.IpPermission{live.Groups[id].Ours, live.Groups[id].Unmarked} {
			for _, line := range slices.Sorted(maps.Keys(rules)) {
				all = append(all, rules[line])
			}
		}
		if err := k.revoke(ctx, id, all); err != nil {
			return err
		}
	}
	return nil
}
