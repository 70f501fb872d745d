package aws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestPeeringGroups(t *testing.T) {
	t.Parallel()
	p := newPeers(t)
	a, b, c := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.other, "10.1.0.0/16"), p.makeVPC(p.ec2, "10.2.0.0/16")
	abroad := p.makeVPC(p.far, "10.3.0.0/16")
	group := func(c *ec2.Client, vpc string) string {
		return *do(p.world, c.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: new("g"), Description: new("g")}).GroupId
	}
	mine, theirs, unpeered, distant := group(p.ec2, a), group(p.other, b), group(p.ec2, c), group(p.far, abroad)
	admit := func(id, owner string) *ec2.AuthorizeSecurityGroupIngressInput {
		pair := ec2types.UserIdGroupPair{GroupId: &id}
		if owner != "" {
			pair.UserId = &owner
		}
		return &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &mine, IpPermissions: []ec2types.IpPermission{{
			IpProtocol: new("tcp"), FromPort: new(int32(443)), ToPort: new(int32(443)), UserIdGroupPairs: []ec2types.UserIdGroupPair{pair},
		}}}
	}
	far := p.ask(p.ec2, a, abroad, "", "us-east-1")
	p.accept(p.far, far)
	id := p.ask(p.ec2, a, b, otherAccount, "")
	refused(p.world, p.ec2.AuthorizeSecurityGroupIngress, admit(theirs, otherAccount), "InvalidGroup.NotFound", "different networks")
	p.accept(p.other, id)
	p.wantState(p.ec2, id, "active")
	refused(p.world, p.ec2.AuthorizeSecurityGroupIngress, admit(theirs, ""), "InvalidGroup.NotFound", "does not exist")
	refused(p.world, p.ec2.AuthorizeSecurityGroupIngress, admit(unpeered, ""), "InvalidGroup.NotFound", "different networks")
	refused(p.world, p.ec2.AuthorizeSecurityGroupIngress, admit(distant, ""), "InvalidGroup.NotFound", "does not exist")
	wrong := admit(theirs, otherAccount)
	wrong.IpPermissions[0].UserIdGroupPairs[0].VpcPeeringConnectionId = &far
	refused(p.world, p.ec2.AuthorizeSecurityGroupIngress, wrong, "InvalidParameterValue", far)

	made := do(p.world, p.ec2.AuthorizeSecurityGroupIngress, admit(theirs, otherAccount)).SecurityGroupRules[0].ReferencedGroupInfo
	if *made.VpcPeeringConnectionId != id || *made.UserId != otherAccount || *made.VpcId != b || *made.PeeringStatus != "active" {
		t.Errorf("the rule is about %+v", made)
	}
	refused(p.world, p.ec2.AuthorizeSecurityGroupIngress, admit(theirs, otherAccount), "InvalidPermission.Duplicate", theirs)
	see := func(status, owner string) {
		t.Helper()
		pair := do(p.world, p.ec2.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{mine}}).SecurityGroups[0].IpPermissions[0].UserIdGroupPairs[0]
		rule := do(p.world, p.ec2.DescribeSecurityGroupRules, &ec2.DescribeSecurityGroupRulesInput{Filters: filter("group-id", mine)}).SecurityGroupRules
		for _, r := range rule {
			if far := r.ReferencedGroupInfo; far != nil && (*far.PeeringStatus != status || deref(far.UserId) != owner) {
				t.Errorf("the rule is about %+v, want status %s", far, status)
			}
		}
		if *pair.PeeringStatus != status || deref(pair.UserId) != owner || *pair.VpcPeeringConnectionId != id {
			t.Errorf("the permission is about %+v, want status %s", pair, status)
		}
	}
	see("active", otherAccount)
	// A stale rule stays, holds nothing, and can be taken away but not made again.
	p.remove(p.other, id)
	see("deleted", otherAccount)
	do(p.world, p.other.DeleteSecurityGroup, &ec2.DeleteSecurityGroupInput{GroupId: &theirs})
	see("deleted", "")
	more := admit(theirs, otherAccount)
	more.IpPermissions[0].FromPort = new(int32(80))
	refused(p.world, p.ec2.AuthorizeSecurityGroupIngress, more, "InvalidGroup.NotFound", theirs)
	do(p.world, p.ec2.RevokeSecurityGroupIngress, &ec2.RevokeSecurityGroupIngressInput{GroupId: &mine, IpPermissions: admit(theirs, otherAccount).IpPermissions})
}

func deref(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
