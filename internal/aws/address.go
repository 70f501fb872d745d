package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// addresses are the Elastic IP addresses of NAT gateways.
type addresses struct {
	*client
	owner owner
}

type addressSpec struct{}

var _ stack.Kind[addressSpec, ec2types.Address] = addresses{}

func (k addresses) Find(ctx context.Context, name string) ([]*ec2types.Address, error) {
	return marked(ctx, k.owner, name, k.reader.addresses, func(a ec2types.Address) []ec2types.Tag { return a.Tags })
}

func (k addresses) ID(live *ec2types.Address) string { return aws.ToString(live.AllocationId) }

func (k addresses) State(*ec2types.Address) stack.State { return stack.State{} }

func (k addresses) Diff(name string, _ addressSpec, live *ec2types.Address) []stack.Difference {
	return k.owner.differ(name, fromEC2(live.Tags))
}

func (k addresses) Create(ctx context.Context, name string, _ addressSpec, _ string) error {
	_, err := k.ec2.AllocateAddress(ctx, &ec2.AllocateAddressInput{
		Domain:            ec2types.DomainTypeVpc,
		TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeElasticIp, name),
	})
	return err
}

func (k addresses) Update(ctx context.Context, name string, _ addressSpec, live *ec2types.Address, _ []stack.Difference) error {
	return k.retag(ctx, k.owner, name, aws.ToString(live.AllocationId), live.Tags)
}

func (k addresses) Delete(ctx context.Context, live *ec2types.Address) error {
	_, err := k.ec2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: live.AllocationId})
	return k.blocked(ctx, absent(err, "InvalidAllocationID.NotFound"), "", "")
}
