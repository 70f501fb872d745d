package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// natGateways carry the nodes' way out.
type natGateways struct {
	*client
	owner owner
}

type natGatewaySpec struct {
	Subnet, Address string
}

var _ stack.Kind[natGatewaySpec, ec2types.NatGateway] = natGateways{}

func (k natGateways) Find(ctx context.Context, name string) ([]*ec2types.NatGateway, error) {
	found, err := marked(ctx, k.owner, name, k.reader.natGateways, func(n ec2types.NatGateway) []ec2types.Tag { return n.Tags })
	var out []*ec2types.NatGateway
	for _, n := range found {
		// A deleted one stays visible for about an hour.
		if n.State != ec2types.NatGatewayStateDeleted {
			out = append(out, n)
		}
	}
	return out, err
}

func (k natGateways) ID(live *ec2types.NatGateway) string { return aws.ToString(live.NatGatewayId) }

func (k natGateways) State(live *ec2types.NatGateway) stack.State {
	switch live.State {
	case ec2types.NatGatewayStatePending:
		return stack.State{Phase: stack.Pending}
	case ec2types.NatGatewayStateDeleting:
		return stack.State{Phase: stack.Deleting}
	case ec2types.NatGatewayStateFailed:
		return stack.State{Phase: stack.Failed, Reason: aws.ToString(live.FailureCode) + ": " + aws.ToString(live.FailureMessage)}
	}
	return stack.State{}
}

func (k natGateways) Diff(name string, want natGatewaySpec, live *ec2types.NatGateway) []stack.Difference {
	diffs := fixed("subnet", aws.ToString(live.SubnetId), want.Subnet)
	var addresses []string
	for _, a := range live.NatGatewayAddresses {
		addresses = append(addresses, aws.ToString(a.AllocationId))
	}
	// Further addresses carry more connections, and are somebody's wish.
	if !slices.Contains(addresses, want.Address) {
		diffs = append(diffs, fixed("address", strings.Join(addresses, ","), want.Address)...)
	}
	return append(diffs, k.owner.differ(name, fromEC2(live.Tags))...)
}

func (k natGateways) Create(ctx context.Context, name string, want natGatewaySpec, token string) error {
	// EC2 answers a token it has seen with the gateway of that time, deleted or
	// not. What came before is therefore part of the token.
	found, err := k.reader.natGateways.Get(ctx, k.owner.stack)
	if err != nil {
		return err
	}
	var dead []string
	for _, n := range found {
		if n.State == ec2types.NatGatewayStateDeleted && objectOf(n.Tags) == name {
			dead = append(dead, aws.ToString(n.NatGatewayId))
		}
	}
	token += strings.Join(sorted(dead), ",")
	sum := sha256.Sum256([]byte(token))
	_, err = k.ec2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{
		SubnetId: &want.Subnet, AllocationId: &want.Address, ClientToken: aws.String(hex.EncodeToString(sum[:16])),
		TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeNatgateway, name),
	})
	return err
}

func (k natGateways) Update(ctx context.Context, name string, _ natGatewaySpec, live *ec2types.NatGateway, _ []stack.Difference) error {
	return k.retag(ctx, k.owner, name, aws.ToString(live.NatGatewayId), live.Tags)
}

func (k natGateways) Delete(ctx context.Context, live *ec2types.NatGateway) error {
	_, err := k.ec2.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: live.NatGatewayId})
	return absent(err, "NatGatewayNotFound", "InvalidNatGatewayID.NotFound")
}
