package aws_test

import (
	"context"
	"errors"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

const (
	homeAccount  = "123456789012"
	otherAccount = "210987654321"
)

// peers is a world with clients in two accounts and two regions. The world's own is home in eu-west-1.
type peers struct {
	*world
	clock *clock
	// far is the same account in us-east-1, other another account in eu-west-1, otherFar that one in us-east-1.
	far, other, otherFar *ec2.Client
}

// newPeers starts one without delays; options may give it some.
func newPeers(t *testing.T, change ...func(*aws.Config)) *peers {
	t.Helper()
	p := &peers{clock: &clock{now: time.Now()}}
	p.world = newWorld(t, sandboxtest.WithAWS(func(cfg *aws.Config) {
		cfg.Clock = p.clock.Now
		cfg.Quotas = map[string]int{"ec2.vpcs": 100}
		cfg.Credentials = map[string]aws.Credential{"other": {Secret: "other", Account: otherAccount}}
		for _, c := range change {
			c(cfg)
		}
	}))
	client := func(key, region string) *ec2.Client {
		return ec2.NewFromConfig(sdkaws.Config{
			Region: region, BaseEndpoint: &p.sandbox.URL, RetryMaxAttempts: 1,
			Credentials: sdkaws.CredentialsProviderFunc(func(context.Context) (sdkaws.Credentials, error) {
				return sdkaws.Credentials{AccessKeyID: key, SecretAccessKey: key}, nil
			}),
		})
	}
	p.far, p.other, p.otherFar = client("sandbox", "us-east-1"), client("other", "eu-west-1"), client("other", "us-east-1")
	return p
}

// slowly gives the cloud realistic delays.
func slowly(cfg *aws.Config) { cfg.TimeScale = 1 }

func (p *peers) makeVPC(c *ec2.Client, cidr string) string {
	p.t.Helper()
	return *do(p.world, c.CreateVpc, &ec2.CreateVpcInput{CidrBlock: &cidr}).Vpc.VpcId
}

// ask requests a connection; owner and region may be empty.
func (p *peers) ask(c *ec2.Client, vpc, peer, owner, region string) string {
	p.t.Helper()
	in := &ec2.CreateVpcPeeringConnectionInput{VpcId: &vpc, PeerVpcId: &peer}
	if owner != "" {
		in.PeerOwnerId = &owner
	}
	if region != "" {
		in.PeerRegion = &region
	}
	return *do(p.world, c.CreateVpcPeeringConnection, in).VpcPeeringConnection.VpcPeeringConnectionId
}

// join makes an active connection between two VPCs of the home account in eu-west-1.
func (p *peers) join(a, b string) string {
	p.t.Helper()
	id := p.ask(p.ec2, a, b, "", "")
	p.accept(p.ec2, id)
	p.wantState(p.ec2, id, "active")
	return id
}

func (p *peers) accept(c *ec2.Client, id string) {
	p.t.Helper()
	do(p.world, c.AcceptVpcPeeringConnection, &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: &id})
}

func (p *peers) remove(c *ec2.Client, id string) {
	p.t.Helper()
	do(p.world, c.DeleteVpcPeeringConnection, &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: &id})
}

func (p *peers) get(c *ec2.Client, id string) ec2types.VpcPeeringConnection {
	p.t.Helper()
	return do(p.world, c.DescribeVpcPeeringConnections, &ec2.DescribeVpcPeeringConnectionsInput{VpcPeeringConnectionIds: []string{id}}).VpcPeeringConnections[0]
}

// wantState compares a connection's state; "absent" is one that does not exist for the client.
func (p *peers) wantState(c *ec2.Client, id, want string) {
	p.t.Helper()
	got := "absent"
	out, err := c.DescribeVpcPeeringConnections(p.t.Context(), &ec2.DescribeVpcPeeringConnectionsInput{VpcPeeringConnectionIds: []string{id}})
	var api smithy.APIError
	switch {
	case err == nil:
		got = string(out.VpcPeeringConnections[0].Status.Code)
	case !errors.As(err, &api) || api.ErrorCode() != "InvalidVpcPeeringConnectionID.NotFound":
		p.t.Fatal(err)
	}
	if got != want {
		p.t.Errorf("the connection is %s, want %s", got, want)
	}
}

// wantLive compares the connections that the census counts.
func (p *peers) wantLive(want int) {
	p.t.Helper()
	got := 0
	for _, o := range p.sandbox.AWS.Census().Objects {
		if o.Kind == "ec2.vpc_peering_connection" {
			got++
		}
	}
	if got != want {
		p.t.Errorf("the census has %d connections, want %d", got, want)
	}
}

func (p *peers) resolveNames(c *ec2.Client, vpc string) {
	p.t.Helper()
	do(p.world, c.ModifyVpcAttribute, &ec2.ModifyVpcAttributeInput{VpcId: &vpc, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: new(true)}})
}

func filter(name string, values ...string) []ec2types.Filter {
	return []ec2types.Filter{{Name: &name, Values: values}}
}
