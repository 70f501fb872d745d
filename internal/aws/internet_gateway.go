package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// internetGateways are attached to the one VPC of their stack.
type internetGateways struct {
	*client
	owner owner
}

type internetGatewaySpec struct {
	VPC string
}

var _ stack.Kind[internetGatewaySpec, ec2types.InternetGateway] = internetGateways{}

func (k internetGateways) Find(ctx context.Context, name string) ([]*ec2types.InternetGateway, error) {
	return marked(ctx, k.owner, name, k.reader.gateways, func(g ec2types.InternetGateway) []ec2types.Tag { return g.Tags })
}

func (k internetGateways) ID(live *ec2types.InternetGateway) string {
	return aws.ToString(live.InternetGatewayId)
}

func (k internetGateways) State(*ec2types.InternetGateway) stack.State { return stack.State{} }

func (k internetGateways) Diff(name string, want internetGatewaySpec, live *ec2types.InternetGateway) []stack.Difference {
	var attached []string
	for _, a := range live.Attachments {
		attached = append(attached, aws.ToString(a.VpcId))
	}
	return append(sameSet("attachment", attached, []string{want.VPC}), k.owner.differ(name, fromEC2(live.Tags))...)
}

func (k internetGateways) Create(ctx context.Context, name string, _ internetGatewaySpec, _ string) error {
	_, err := k.ec2.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeInternetGateway, name)})
	return err
}

func (k internetGateways) Update(ctx context.Context, name string, want internetGatewaySpec, live *ec2types.InternetGateway, diffs []stack.Difference) error {
	if has(diffs, "attachment") {
		here := false
		for _, a := range live.Attachments {
			if here = aws.ToString(a.VpcId) == want.VPC; here {
				continue
			}
			if _, err := k.ec2.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: live.InternetGatewayId, VpcId: a.VpcId}); err != nil {
				return err
			}
		}
		if !here {
			_, err := k.ec2.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: live.InternetGatewayId, VpcId: &want.VPC})
			if absent(err, "Resource.AlreadyAssociated") != nil {
				return err
			}
		}
	}
	return k.retag(ctx, k.owner, name, aws.ToString(live.InternetGatewayId), live.Tags)
}

func (k internetGateways) Delete(ctx context.Context, live *ec2types.InternetGateway) error {
	for _, a := range live.Attachments {
		_, err := k.ec2.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: live.InternetGatewayId, VpcId: a.VpcId})
		if absent(err, "Gateway.NotAttached", "InvalidInternetGatewayID.NotFound") != nil {
			return k.blocked(ctx, err, "vpc-id", aws.ToString(a.VpcId))
		}
	}
	_, err := k.ec2.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: live.InternetGatewayId})
	return k.blocked(ctx, absent(err, "InvalidInternetGatewayID.NotFound"), "", "")
}
