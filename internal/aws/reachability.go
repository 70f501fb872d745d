package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Reach reads the networks between callers and a cluster and decides.
func (b *Backend) Reach(ctx context.Context, to serving.Target, from serving.Source) (serving.Reachability, error) {
	t, err := b.topology(ctx, to, from)
	if err != nil {
		return serving.Reachability{}, explain(err)
	}
	return serving.Reach(t, from, to), nil
}

// topology reads what the answer depends on, and no more.
func (b *Backend) topology(ctx context.Context, to serving.Target, from serving.Source) (serving.Topology, error) {
	var t serving.Topology
	c, err := b.client(ctx, to.Cluster.Region)
	if err != nil {
		return t, err
	}
	f, err := c.front(ctx, to.Cluster.Name)
	if err != nil {
		return t, err
	}
	var g errgroup.Group
	g.Go(func() error {
		t.Servers, t.ServersUnknown = b.callers(ctx, to.Cluster)
		return nil
	})
	g.Go(func() error {
		t.Gateway = c.gatewayTopology(ctx, f)
		return nil
	})
	g.Go(func() (err error) {
		t.LoadBalancer, err = c.frontTopology(ctx, to.Cluster, f)
		return err
	})
	if f != nil {
		g.Go(func() error { return b.networks(ctx, c, f, from, &t) })
	}
	return t, g.Wait()
}

// callers are the servers, or why they could not be read.
func (b *Backend) callers(ctx context.Context, cluster serving.ID) (map[string]serving.ModelServer, string) {
	api, err := b.Connect(ctx, cluster)
	if err != nil {
		return nil, explain(err).Error()
	}
	servers, err := api.Callers(ctx)
	if err != nil {
		return nil, err.Error()
	}
	return servers, ""
}

// networks reads the VPCs of both sides and what joins them.
func (b *Backend) networks(ctx context.Context, c *client, f *front, from serving.Source, t *serving.Topology) error {
	vpc := aws.ToString(f.VpcId)
	outward := f.Scheme != "internal" && from.VPC != ""
	if from.VPC == "" || from.VPC == vpc {
		var err error
		t.Cluster, err = c.vpcTopology(ctx, vpc, outward)
		return err
	}
	peering, err := c.peeringWith(ctx, vpc, from.VPC)
	if err != nil {
		return err
	}
	side := ec2types.VpcPeeringConnectionVpcInfo{}
	if peering != nil {
		status := peeringStatus(peering)
		side = otherSide(peering, vpc)
		t.Peering = &serving.PeeringTopology{
			ID: aws.ToString(peering.VpcPeeringConnectionId), State: string(status), Active: status == ec2types.VpcPeeringConnectionStateReasonCodeActive,
		}
	}
	home := accountOf(aws.ToString(f.LoadBalancerArn))
	account := cmp.Or(from.AccountID, serving.RoleAccount(from.AssumeRoleARN), aws.ToString(side.OwnerId), home)
	region := cmp.Or(from.Region, aws.ToString(side.Region), c.region)
	if owner := aws.ToString(side.OwnerId); owner != "" && (owner != account || aws.ToString(side.Region) != region) {
		return fmt.Errorf("VPC %s is in account %s and region %s, as its peering %s with the cluster says, and not in account %s and region %s; correct from.account_id, from.region or from.assume_role_arn, or leave the first two out",
			from.VPC, owner, aws.ToString(side.Region), t.Peering.ID, account, region)
	}
	far := serving.VPCTopology{VPC: from.VPC}
	for _, text := range rangesOf(&side) {
		far.Ranges = append(far.Ranges, prefix(&text))
	}
	if account != home && from.AssumeRoleARN == "" {
		far.Unread = fmt.Sprintf("%s is in account %s and the credentials are of account %s: give from.assume_role_arn to have it read", from.VPC, account, home)
		t.Caller = &far
		t.Cluster, err = c.vpcTopology(ctx, vpc, false)
		return err
	}
	theirs, err := b.clientAs(ctx, region, from.AssumeRoleARN)
	if err != nil {
		return err
	}
	var company []string
	if theirs == c {
		company = []string{from.VPC}
	}
	if t.Cluster, err = c.vpcTopology(ctx, vpc, false, company...); err != nil {
		return err
	}
	t.Caller, err = theirs.callerTopology(ctx, far, account, outward)
	return err
}

// callerTopology reads the callers' VPC. Rights that are missing leave it unread; a
// VPC or role that is not there is an error.
func (c *client) callerTopology(ctx context.Context, far serving.VPCTopology, account string, outward bool) (*serving.VPCTopology, error) {
	out, err := c.vpcTopology(ctx, far.VPC, outward)
	if isCode(err, "UnauthorizedOperation", "AccessDenied", "AccessDeniedException") && !errors.As(err, new(*RoleError)) {
		far.Unread = "the credentials may not read " + far.VPC + ": " + explain(err).Error()
		return &far, nil
	}
	if err != nil {
		return nil, err
	}
	// Every VPC has a network ACL and a route table; what has neither is not there.
	tables, err := c.reader.vpcTables.Get(ctx, far.VPC)
	if err == nil && len(tables) == 0 {
		err = &stack.MissingError{Err: fmt.Errorf("there is no VPC %s in account %s and region %s; correct from.vpc, or say where it is with from.account_id, from.region and from.assume_role_arn", far.VPC, account, c.region)}
	}
	out.Ranges = far.Ranges
	return &out, err
}

// peeringWith is the connection of two VPCs that has not ended, or nil.
func (c *client) peeringWith(ctx context.Context, vpc, other string) (*ec2types.VpcPeeringConnection, error) {
	found, err := c.reader.reach.peerings.Get(ctx, vpc)
	var best *ec2types.VpcPeeringConnection
	for i, p := range found {
		if aws.ToString(otherSide(&p, vpc).VpcId) == other && (best == nil || peeringStatus(&p) == ec2types.VpcPeeringConnectionStateReasonCodeActive) {
			best = &found[i]
		}
	}
	return best, err
}

// accountOf is the account in an ARN.
func accountOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return parts[4]
	}
	return ""
}
