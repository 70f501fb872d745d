package aws

import (
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// peerGroup finds a security group of a peer VPC for a rule. Only groups of the same region can be named, and those of another
// account with the account's id.
func (c *call) peerGroup(group *ec2types.SecurityGroup, source ec2types.UserIdGroupPair) (*ec2types.ReferencedSecurityGroup, error) {
	owner := c.Account
	if source.UserId != nil {
		owner = *source.UserId
	}
	id := text(source.GroupId)
	// A rule that has gone stale must still be found by those who want to remove it.
	for _, egress := range []bool{false, true} {
		for _, rule := range c.rulesOf(*group.GroupId, egress) {
			if r := rule.ReferencedGroupInfo; r != nil && text(r.GroupId) == id && text(r.UserId) == owner && r.VpcPeeringConnectionId != nil {
				return new(*r), nil
			}
		}
	}
	r := c.cloud.state.Regions[owner+"/"+c.Region]
	if r == nil || r.SecurityGroups[id] == nil {
		return nil, apiError("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
	}
	other := r.SecurityGroups[id]
	p := c.cloud.state.peered(text(group.VpcId), text(other.VpcId))
	if p == nil {
		return nil, apiError("InvalidGroup.NotFound", "You have specified two resources that belong to different networks: %s and %s.", *group.GroupId, id)
	}
	if source.VpcPeeringConnectionId != nil && *source.VpcPeeringConnectionId != p.id() {
		return nil, invalidParameter(*source.VpcPeeringConnectionId, "VpcPeeringConnectionId")
	}
	if source.VpcId != nil && *source.VpcId != *other.VpcId {
		return nil, invalidParameter(*source.VpcId, "VpcId")
	}
	return &ec2types.ReferencedSecurityGroup{
		GroupId: other.GroupId, UserId: new(owner), VpcId: other.VpcId, VpcPeeringConnectionId: p.VpcPeeringConnectionId,
	}, nil
}

// checkPeerRules refuses new rules about groups that no connection leads to any more.
func (c *call) checkPeerRules(rules []*ec2types.SecurityGroupRule) error {
	for _, rule := range rules {
		if !c.peerRuleHolds(rule) {
			return apiError("InvalidGroup.NotFound", "The security group '%s' does not exist", text(rule.ReferencedGroupInfo.GroupId))
		}
	}
	return nil
}

// peerRuleHolds is false for a stale rule: one about a group of a peer VPC that is not a peer any more or has lost the group.
func (c *call) peerRuleHolds(rule *ec2types.SecurityGroupRule) bool {
	far := rule.ReferencedGroupInfo
	if far == nil || far.VpcPeeringConnectionId == nil {
		return true
	}
	p := c.cloud.state.peering(*far.VpcPeeringConnectionId)
	return p != nil && p.is(peeringActive) && c.peerGroupExists(far)
}

func (c *call) peerGroupExists(far *ec2types.ReferencedSecurityGroup) bool {
	r := c.cloud.state.Regions[text(far.UserId)+"/"+c.Region]
	return r != nil && r.SecurityGroups[text(far.GroupId)] != nil
}

// shownReference is what a rule says about a group: of a peer's group also how its connection fares, and not whose it was when
// it is gone.
func (c *call) shownReference(far *ec2types.ReferencedSecurityGroup) *ec2types.ReferencedSecurityGroup {
	if far == nil || far.VpcPeeringConnectionId == nil {
		return far
	}
	out := *far
	out.PeeringStatus = new(string(peeringDeleted))
	if p := c.cloud.state.peering(*far.VpcPeeringConnectionId); p != nil {
		out.PeeringStatus = new(string(p.state()))
	}
	if !c.peerGroupExists(far) {
		out.UserId = nil
	}
	return &out
}

// shownRules are rules as describes show them.
func (c *call) shownRules(rules []*ec2types.SecurityGroupRule) []ec2types.SecurityGroupRule {
	out := values(rules)
	for i := range out {
		out[i].ReferencedGroupInfo = c.shownReference(out[i].ReferencedGroupInfo)
	}
	return out
}
