package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// peeringOptions are what one side of an active connection allows the other. They
// are there as long as the connection, so a stack that is removed has none.
type peeringOptions struct {
	peeringView
	// requester says which side it is.
	requester bool
}

type peeringOptionsSpec struct{ DNS bool }

var _ stack.Kind[peeringOptionsSpec, ec2types.VpcPeeringConnection] = peeringOptions{}

func (k peeringOptions) Find(ctx context.Context, _ string) ([]*ec2types.VpcPeeringConnection, error) {
	live, err := k.sees(ctx)
	if live == nil || err != nil || peeringStatus(live) != ec2types.VpcPeeringConnectionStateReasonCodeActive {
		return nil, err
	}
	return []*ec2types.VpcPeeringConnection{live}, nil
}

func (k peeringOptions) ID(live *ec2types.VpcPeeringConnection) string {
	return aws.ToString(live.VpcPeeringConnectionId)
}

func (k peeringOptions) State(*ec2types.VpcPeeringConnection) stack.State { return stack.State{} }

// dns is what the side has now.
func (k peeringOptions) dns(live *ec2types.VpcPeeringConnection) bool {
	options := sideOf(live.AccepterVpcInfo).PeeringOptions
	if k.requester {
		options = sideOf(live.RequesterVpcInfo).PeeringOptions
	}
	return options != nil && aws.ToBool(options.AllowDnsResolutionFromRemoteVpc)
}

func (k peeringOptions) Diff(_ string, want peeringOptionsSpec, live *ec2types.VpcPeeringConnection) []stack.Difference {
	return of("dns_resolution", same("dns resolution from the other vpc", k.dns(live), want.DNS))
}

// Create has nothing to do: the options come with the connection.
func (k peeringOptions) Create(context.Context, string, peeringOptionsSpec, string) error { return nil }

func (k peeringOptions) Update(ctx context.Context, _ string, want peeringOptionsSpec, live *ec2types.VpcPeeringConnection, _ []stack.Difference) error {
	in := &ec2.ModifyVpcPeeringConnectionOptionsInput{VpcPeeringConnectionId: live.VpcPeeringConnectionId}
	options := &ec2types.PeeringConnectionOptionsRequest{AllowDnsResolutionFromRemoteVpc: &want.DNS}
	if k.requester {
		in.RequesterPeeringConnectionOptions = options
	} else {
		in.AccepterPeeringConnectionOptions = options
	}
	_, err := k.ec2.ModifyVpcPeeringConnectionOptions(ctx, in)
	return err
}

// Delete has nothing to do.
func (k peeringOptions) Delete(context.Context, *ec2types.VpcPeeringConnection) error { return nil }
