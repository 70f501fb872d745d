package aws_test

import (
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestPeeringLifecycle goes through the states with their delays, between two accounts and two regions, entered as a provider
// does it.
func TestPeeringLifecycle(t *testing.T) {
	t.Parallel()
	p := newPeers(t, slowly)
	cfg := sdkaws.Config{
		Region: "us-east-1", BaseEndpoint: &p.sandbox.URL, Credentials: credentials.NewStaticCredentialsProvider("sandbox", "sandbox", ""),
	}
	assumed := do(p.world, sts.NewFromConfig(cfg).AssumeRole, &sts.AssumeRoleInput{
		RoleArn: new("arn:aws:iam::" + otherAccount + ":role/OrganizationAccountAccessRole"), RoleSessionName: new("peer"),
	}).Credentials
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*assumed.AccessKeyId, *assumed.SecretAccessKey, *assumed.SessionToken)
	peer := ec2.NewFromConfig(cfg)

	a, b := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(peer, "10.1.0.0/16")
	made := do(p.world, p.ec2.CreateVpcPeeringConnection, &ec2.CreateVpcPeeringConnectionInput{
		VpcId: &a, PeerVpcId: &b, PeerOwnerId: new(otherAccount), PeerRegion: new("us-east-1"),
		TagSpecifications: []ec2types.TagSpecification{{
			ResourceType: ec2types.ResourceTypeVpcPeeringConnection, Tags: []ec2types.Tag{{Key: new("serving:stack"), Value: new("peering/a")}},
		}},
	}).VpcPeeringConnection
	id := *made.VpcPeeringConnectionId
	if made.Status.Code != "initiating-request" || *made.AccepterVpcInfo.Region != "us-east-1" || *made.AccepterVpcInfo.OwnerId != otherAccount ||
		made.RequesterVpcInfo.CidrBlock != nil || made.ExpirationTime.Sub(p.clock.Now()).Round(time.Hour) != 7*24*time.Hour {
		t.Errorf("CreateVpcPeeringConnection answers %+v", made)
	}
	p.wantState(peer, id, "absent")
	accept := &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: &id}
	refused(p.world, peer.AcceptVpcPeeringConnection, accept, "InvalidVpcPeeringConnectionID.NotFound", id)
	remove := &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: &id}
	refused(p.world, p.ec2.DeleteVpcPeeringConnection, remove, "InvalidStateTransition", "from initiating-request to deleting")

	// The requester knows that the request has arrived before the other region does.
	p.clock.advance(2 * time.Second)
	pending := p.get(p.ec2, id)
	if pending.Status.Code != "pending-acceptance" || *pending.RequesterVpcInfo.CidrBlock != "10.0.0.0/16" || pending.AccepterVpcInfo.CidrBlock != nil ||
		len(pending.AccepterVpcInfo.CidrBlockSet) != 0 || pending.RequesterVpcInfo.PeeringOptions != nil {
		t.Errorf("a pending connection = %+v, accepter %+v", pending, pending.AccepterVpcInfo)
	}
	refused(p.world, peer.AcceptVpcPeeringConnection, accept, "InvalidVpcPeeringConnectionID.NotFound", id)
	p.clock.advance(3 * time.Second)
	p.wantState(peer, id, "pending-acceptance")

	refused(p.world, p.ec2.AcceptVpcPeeringConnection, accept, "OperationNotPermitted", "User "+homeAccount+" cannot accept peering "+id)
	refused(p.world, peer.DeleteVpcPeeringConnection, remove, "OperationNotPermitted", "cannot delete")
	if got := do(p.world, peer.AcceptVpcPeeringConnection, accept).VpcPeeringConnection.Status.Code; got != "provisioning" {
		t.Errorf("AcceptVpcPeeringConnection answers %s", got)
	}
	refused(p.world, peer.AcceptVpcPeeringConnection, accept, "InvalidStateTransition", "from provisioning")
	p.clock.advance(2 * time.Second)
	for _, c := range []*ec2.Client{p.ec2, peer} {
		active := p.get(c, id)
		if active.Status.Code != "active" || *active.AccepterVpcInfo.CidrBlock != "10.1.0.0/16" || len(active.RequesterVpcInfo.CidrBlockSet) != 1 ||
			*active.AccepterVpcInfo.PeeringOptions.AllowDnsResolutionFromRemoteVpc || active.ExpirationTime != nil {
			t.Errorf("an active connection = %+v", active)
		}
	}
	reject := &ec2.RejectVpcPeeringConnectionInput{VpcPeeringConnectionId: &id}
	refused(p.world, peer.RejectVpcPeeringConnection, reject, "InvalidStateTransition", "from active to rejected")
	p.wantLive(1)

	// Either side deletes; the one that did forgets it first.
	p.remove(peer, id)
	p.wantState(p.ec2, id, "deleting")
	refused(p.world, p.ec2.DeleteVpcPeeringConnection, remove, "InvalidStateTransition", "from deleting to deleting")
	p.clock.advance(2 * time.Second)
	if gone := p.get(p.ec2, id); gone.Status.Code != "deleted" || *gone.Status.Message != "Deleted by "+otherAccount || gone.AccepterVpcInfo.CidrBlock != nil {
		t.Errorf("a deleted connection = %+v", gone)
	}
	p.wantLive(0)
	p.clock.advance(2 * time.Hour)
	p.wantState(p.otherFar, id, "absent")
	p.wantState(p.ec2, id, "deleted")
	p.clock.advance(46 * time.Hour)
	p.wantState(p.ec2, id, "absent")
}

func TestPeeringEndings(t *testing.T) {
	t.Parallel()
	const soon, late = 2 * time.Hour, 48 * time.Hour
	for name, test := range map[string]struct {
		// in says whether the accepter is in the same account.
		same bool
		end  func(p *peers, id string)
		want string
		// requester and accepter are how long each sees it.
		requester, accepter time.Duration
	}{
		"rejected": {false, func(p *peers, id string) {
			do(p.world, p.other.RejectVpcPeeringConnection, &ec2.RejectVpcPeeringConnectionInput{VpcPeeringConnectionId: &id})
		}, "rejected", late, soon},
		"rejected at home": {true, func(p *peers, id string) {
			do(p.world, p.far.RejectVpcPeeringConnection, &ec2.RejectVpcPeeringConnectionInput{VpcPeeringConnectionId: &id})
		}, "rejected", soon, soon},
		"taken back":      {false, func(p *peers, id string) { p.remove(p.ec2, id); p.clock.advance(2 * time.Second) }, "deleted", soon, late},
		"expired":         {false, func(p *peers, _ string) { p.clock.advance(7 * 24 * time.Hour) }, "expired", late, late},
		"expired at home": {true, func(p *peers, _ string) { p.clock.advance(7 * 24 * time.Hour) }, "expired", late, late},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeers(t, slowly)
			peer, owner, region := p.other, otherAccount, "eu-west-1"
			if test.same {
				peer, owner, region = p.far, homeAccount, "us-east-1"
			}
			id := p.ask(p.ec2, p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(peer, "10.1.0.0/16"), owner, region)
			p.clock.advance(10 * time.Second)
			test.end(p, id)
			p.wantState(p.ec2, id, test.want)
			p.wantState(peer, id, test.want)
			refused(p.world, peer.AcceptVpcPeeringConnection, &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: &id}, "InvalidStateTransition", "")
			refused(p.world, p.ec2.DeleteVpcPeeringConnection, &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: &id}, "InvalidStateTransition", "to deleting")
			p.wantLive(0)
			p.clock.advance(soon)
			for c, long := range map[*ec2.Client]bool{p.ec2: test.requester == late, peer: test.accepter == late} {
				want := map[bool]string{true: test.want, false: "absent"}[long]
				p.wantState(c, id, want)
			}
			p.clock.advance(late)
			p.wantState(p.ec2, id, "absent")
			p.wantState(peer, id, "absent")
		})
	}
}

// TestPeeringMutated clears every field of a connection in turn: whatever is broken behind everybody's back, the cloud must go on.
func TestPeeringMutated(t *testing.T) {
	t.Parallel()
	p := newPeers(t)
	id := p.ask(p.ec2, p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.other, "10.1.0.0/16"), otherAccount, "")
	p.accept(p.other, id)
	p.wantState(p.ec2, id, "active")
	do(p.world, p.other.CreateTags, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []ec2types.Tag{{Key: new("a"), Value: new("b")}}})
	fields, err := p.sandbox.AWS.Fields()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, f := range fields {
		if f.ID != id {
			continue
		}
		tried++
		was := f.Value
		f.Value = nil
		if err := p.sandbox.AWS.Mutate(f); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*ec2.Client{p.ec2, p.other} {
			do(p.world, c.DescribeVpcPeeringConnections, &ec2.DescribeVpcPeeringConnectionsInput{})
		}
		if f.Path == "/AccepterTags/0/Key" || f.Path == "/AccepterTags/0/Value" {
			continue
		}
		f.Value = was
		if err := p.sandbox.AWS.Mutate(f); err != nil {
			t.Fatal(err)
		}
	}
	if tried < 10 {
		t.Errorf("only %d fields of the connection are listed", tried)
	}
	p.wantState(p.other, id, "active")
}
