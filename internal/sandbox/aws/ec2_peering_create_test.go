package aws_test

import (
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

func TestPeeringRequests(t *testing.T) {
	t.Parallel()
	p := newPeers(t)
	a, b := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.ec2, "10.0.128.0/24")
	far, other := p.makeVPC(p.far, "10.1.0.0/16"), p.makeVPC(p.other, "10.2.0.0/16")
	wide := p.makeVPC(p.other, "10.3.0.0/16")
	do(p.world, p.other.AssociateVpcCidrBlock, &ec2.AssociateVpcCidrBlockInput{VpcId: &wide, CidrBlock: new("10.0.7.0/24")})
	none := "vpc-00000000000000000"
	in := func(change func(*ec2.CreateVpcPeeringConnectionInput)) *ec2.CreateVpcPeeringConnectionInput {
		out := &ec2.CreateVpcPeeringConnectionInput{VpcId: &a, PeerVpcId: &other, PeerOwnerId: new(otherAccount)}
		change(out)
		return out
	}
	type request = ec2.CreateVpcPeeringConnectionInput
	for name, test := range map[string]struct {
		change     func(*request)
		code, text string
	}{
		"dry run":                {func(r *request) { r.DryRun = new(true) }, "DryRunOperation", ""},
		"no VPC":                 {func(r *request) { r.VpcId = new("") }, "MissingParameter", "VpcId"},
		"VPC that is nowhere":    {func(r *request) { r.VpcId = &none }, "InvalidVpcID.NotFound", none},
		"VPC of another region":  {func(r *request) { r.VpcId = &far }, "InvalidVpcID.NotFound", far},
		"no peer":                {func(r *request) { r.PeerVpcId = nil }, "MissingParameter", "PeerVpcId"},
		"malformed peer":         {func(r *request) { r.PeerVpcId = new("vpc-x") }, "InvalidVpcID.Malformed", ""},
		"peer that is not here":  {func(r *request) { r.PeerVpcId, r.PeerOwnerId = &far, nil }, "InvalidVpcID.NotFound", far},
		"account that is none":   {func(r *request) { r.PeerOwnerId = new("me") }, "InvalidParameterValue", "PeerOwnerId"},
		"region that is nowhere": {func(r *request) { r.PeerRegion = new("moon-east-1") }, "InvalidParameterValue", "moon-east-1"},
		"tags of something else": {func(r *request) {
			r.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeVpc, Tags: []ec2types.Tag{{Key: new("a")}}}}
		}, "InvalidParameterValue", ""},
	} {
		t.Run(name, func(*testing.T) {
			refused(p.world, p.ec2.CreateVpcPeeringConnection, in(test.change), test.code, test.text)
		})
	}
	// What EC2 cannot know at once fails later, and only the requester sees it.
	for name, change := range map[string]func(*request){
		"overlap":                  func(r *request) { r.PeerVpcId, r.PeerOwnerId = &b, nil },
		"with itself":              func(r *request) { r.PeerVpcId, r.PeerOwnerId = &a, nil },
		"overlap of a later block": func(r *request) { r.PeerVpcId = &wide },
		"wrong account":            func(r *request) { r.PeerOwnerId = new("999999999999") },
		"wrong region":             func(r *request) { r.PeerRegion = new("us-east-1") },
		"peer that is nowhere":     func(r *request) { r.PeerVpcId = &none },
	} {
		t.Run(name, func(t *testing.T) {
			made := do(p.world, p.ec2.CreateVpcPeeringConnection, in(change)).VpcPeeringConnection
			id := *made.VpcPeeringConnectionId
			got := p.get(p.ec2, id)
			if got.Status.Code != "failed" || *got.Status.Message != "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range" {
				t.Errorf("status = %s: %s", got.Status.Code, *got.Status.Message)
			}
			p.wantState(p.other, id, "absent")
			refused(p.world, p.ec2.DeleteVpcPeeringConnection, &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: &id},
				"InvalidStateTransition", "attempted to transition from failed to deleting")
			p.wantLive(0)
			p.clock.advance(2 * time.Hour)
			p.wantState(p.ec2, id, "absent")
		})
	}
	// Neither account has become visible to the other, nor does a failed request stand in the way of a good one.
	if id := p.ask(p.ec2, a, other, otherAccount, ""); id == "" {
		t.Error("no request after failed ones")
	}
	p.wantLive(1)
}

func TestPeeringWrongRegion(t *testing.T) {
	t.Parallel()
	p := newPeers(t)
	id := p.ask(p.ec2, p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.far, "10.1.0.0/16"), "", "us-east-1")
	refused(p.world, p.ec2.AcceptVpcPeeringConnection, &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: &id}, "OperationNotPermitted",
		"Incorrect region (eu-west-1) specified for this request. VPC peering connection "+id+" must be accepted in region us-east-1")
	refused(p.world, p.ec2.RejectVpcPeeringConnection, &ec2.RejectVpcPeeringConnectionInput{VpcPeeringConnectionId: &id}, "OperationNotPermitted",
		"must be accepted or rejected in region us-east-1")
	for _, c := range []*ec2.Client{p.other, p.otherFar} {
		p.wantState(c, id, "absent")
	}
	p.accept(p.far, id)
	p.wantState(p.ec2, id, "active")
	p.remove(p.far, id)
	p.wantState(p.ec2, id, "deleted")
}

func TestPeeringTwice(t *testing.T) {
	t.Parallel()
	p := newPeers(t)
	a, b := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.ec2, "10.1.0.0/16")
	there, back := &ec2.CreateVpcPeeringConnectionInput{VpcId: &a, PeerVpcId: &b}, &ec2.CreateVpcPeeringConnectionInput{VpcId: &b, PeerVpcId: &a}
	// Of many requests at once one is made.
	var wg sync.WaitGroup
	var mu sync.Mutex
	var made []string
	for range 8 {
		wg.Go(func() {
			if out, err := p.ec2.CreateVpcPeeringConnection(t.Context(), there); err == nil {
				mu.Lock()
				defer mu.Unlock()
				made = append(made, *out.VpcPeeringConnection.VpcPeeringConnectionId)
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Fatalf("%d requests at once made %d connections", 8, len(made))
	}
	for _, step := range []func(){
		func() {},
		func() { p.accept(p.ec2, made[0]) },
		func() { p.wantState(p.ec2, made[0], "active") },
	} {
		step()
		refused(p.world, p.ec2.CreateVpcPeeringConnection, there, "VpcPeeringConnectionAlreadyExists", made[0])
		refused(p.world, p.ec2.CreateVpcPeeringConnection, back, "VpcPeeringConnectionAlreadyExists", made[0])
	}
	p.remove(p.ec2, made[0])
	p.wantState(p.ec2, made[0], "deleted")
	do(p.world, p.ec2.CreateVpcPeeringConnection, back)
	p.wantLive(1)
}

func TestPeeringTwiceRepeated(t *testing.T) {
	t.Parallel()
	p := newPeers(t, func(cfg *aws.Config) { cfg.RepeatPeering = true })
	a, b := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.ec2, "10.1.0.0/16")
	first := p.ask(p.ec2, a, b, "", "")
	if again := p.ask(p.ec2, a, b, "", ""); again != first {
		t.Errorf("a second request in the same direction answers %s, want %s", again, first)
	}
	back := p.ask(p.ec2, b, a, "", "")
	p.accept(p.ec2, first)
	refused(p.world, p.ec2.AcceptVpcPeeringConnection, &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: &back},
		"VpcPeeringConnectionAlreadyExists", back)
	p.wantState(p.ec2, back, "pending-acceptance")
}

func TestPeeringQuotas(t *testing.T) {
	t.Parallel()
	p := newPeers(t, func(cfg *aws.Config) {
		cfg.Quotas = map[string]int{"ec2.vpcs": 100, "ec2.vpc_peering_requests": 2, "ec2.vpc_peerings_per_vpc": 2}
	})
	a, one, two, three := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.ec2, "10.1.0.0/16"), p.makeVPC(p.ec2, "10.2.0.0/16"), p.makeVPC(p.other, "10.3.0.0/16")
	// Requests of others count when they are accepted.
	in := p.ask(p.other, three, a, homeAccount, "")
	first := p.ask(p.ec2, one, a, "", "")
	p.ask(p.ec2, one, two, "", "")
	request := &ec2.CreateVpcPeeringConnectionInput{VpcId: &two, PeerVpcId: &a}
	refused(p.world, p.ec2.CreateVpcPeeringConnection, request, "OutstandingVpcPeeringConnectionLimitExceeded", "")
	p.accept(p.ec2, first)
	second := *do(p.world, p.ec2.CreateVpcPeeringConnection, request).VpcPeeringConnection.VpcPeeringConnectionId
	p.accept(p.ec2, second)
	refused(p.world, p.ec2.AcceptVpcPeeringConnection, &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: &in},
		"ActiveVpcPeeringConnectionPerVpcLimitExceeded", a)
	refused(p.world, p.ec2.CreateVpcPeeringConnection, &ec2.CreateVpcPeeringConnectionInput{VpcId: &one, PeerVpcId: &three, PeerOwnerId: new(otherAccount)},
		"VpcPeeringConnectionsPerVpcLimitExceeded", one)
	p.remove(p.ec2, first)
	p.accept(p.ec2, in)
}
