package aws_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestPeeringDescribe(t *testing.T) {
	t.Parallel()
	p := newPeers(t)
	a := p.makeVPC(p.ec2, "10.0.0.0/16")
	b := p.makeVPC(p.other, "10.1.0.0/16")
	do(p.world, p.other.AssociateVpcCidrBlock, &ec2.AssociateVpcCidrBlockInput{VpcId: &b, CidrBlock: new("100.64.0.0/16")})
	active := p.ask(p.ec2, a, b, otherAccount, "")
	p.accept(p.other, active)
	pending := p.ask(p.ec2, a, p.makeVPC(p.far, "10.2.0.0/16"), "", "us-east-1")
	var more []string
	for _, cidr := range []string{"10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16", "10.6.0.0/16"} {
		more = append(more, p.ask(p.ec2, p.makeVPC(p.ec2, cidr), a, "", ""))
	}

	// Tags apply where they were made.
	do(p.world, p.ec2.CreateTags, &ec2.CreateTagsInput{Resources: []string{active}, Tags: []ec2types.Tag{{Key: new("Name"), Value: new("ours")}}})
	do(p.world, p.other.CreateTags, &ec2.CreateTagsInput{Resources: []string{active}, Tags: []ec2types.Tag{{Key: new("Name"), Value: new("theirs")}}})
	refused(p.world, p.far.CreateTags, &ec2.CreateTagsInput{Resources: []string{active}, Tags: []ec2types.Tag{{Key: new("a"), Value: new("b")}}},
		"InvalidVpcPeeringConnectionID.NotFound", active)
	for c, want := range map[*ec2.Client]string{p.ec2: "ours", p.other: "theirs"} {
		if tags := p.get(c, active).Tags; len(tags) != 1 || *tags[0].Value != want {
			t.Errorf("tags = %+v, want %s", tags, want)
		}
		listed := do(p.world, c.DescribeTags, &ec2.DescribeTagsInput{Filters: filter("resource-type", "vpc-peering-connection")}).Tags
		if len(listed) != 1 || *listed[0].ResourceId != active || *listed[0].Value != want {
			t.Errorf("DescribeTags = %+v, want %s", listed, want)
		}
	}
	do(p.world, p.ec2.DeleteTags, &ec2.DeleteTagsInput{Resources: []string{active}})
	if tags := p.get(p.other, active).Tags; len(tags) != 1 {
		t.Errorf("the accepter's tags after the requester's are gone: %+v", tags)
	}

	expires := p.get(p.ec2, pending).ExpirationTime.Format("2006-01-02T15:04:05.999Z")
	for name, test := range map[string]struct {
		filters []ec2types.Filter
		want    []string
	}{
		"id":                     {filter("vpc-peering-connection-id", active), []string{active}},
		"requester":              {filter("requester-vpc-info.vpc-id", a), []string{active, pending}},
		"requester's account":    {filter("requester-vpc-info.owner-id", homeAccount), append([]string{active, pending}, more...)},
		"requester's block":      {filter("requester-vpc-info.cidr-block", "10.3.0.0/16"), more[:1]},
		"accepter":               {filter("accepter-vpc-info.vpc-id", b), []string{active}},
		"accepter's account":     {filter("accepter-vpc-info.owner-id", otherAccount), []string{active}},
		"accepter's later block": {filter("accepter-vpc-info.cidr-block", "100.64.0.0/16"), []string{active}},
		"block not shown yet":    {filter("accepter-vpc-info.cidr-block", "10.2.0.0/16"), nil},
		"state":                  {filter("status-code", "active", "failed"), []string{active}},
		"message":                {filter("status-message", "Active"), []string{active}},
		"expiry":                 {slices.Concat(filter("expiration-time", expires), filter("requester-vpc-info.vpc-id", a)), []string{pending}},
		"tag":                    {filter("tag:Name", "theirs"), nil},
	} {
		var got []string
		for _, c := range do(p.world, p.ec2.DescribeVpcPeeringConnections, &ec2.DescribeVpcPeeringConnectionsInput{Filters: test.filters}).VpcPeeringConnections {
			got = append(got, *c.VpcPeeringConnectionId)
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("by %s: %v, want %v", name, got, test.want)
		}
	}
	refused(p.world, p.ec2.DescribeVpcPeeringConnections, &ec2.DescribeVpcPeeringConnectionsInput{Filters: filter("state", "active")}, "InvalidParameterValue", "state")

	count := 0
	pages := ec2.NewDescribeVpcPeeringConnectionsPaginator(p.ec2, &ec2.DescribeVpcPeeringConnectionsInput{MaxResults: new(int32(5))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count += len(page.VpcPeeringConnections)
	}
	if count != 6 {
		t.Errorf("pages have %d connections, want 6", count)
	}
}
