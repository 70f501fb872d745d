package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// anywhere is every IPv4 address.
const anywhere = "0.0.0.0/0"

// objectOf is the object name in the mark of an EC2 object.
func objectOf(tags []ec2types.Tag) string { return fromEC2(tags)[tagObject] }

// marked finds the EC2 objects of a stack that carry the object's name, or else
// the one that was last seen under it.
func marked[T any](ctx context.Context, o owner, name string, from *reads.Batch[[]T], tags func(T) []ec2types.Tag) ([]*T, error) {
	found, err := from.Get(ctx, o.stack)
	if err != nil {
		return nil, err
	}
	var out []*T
	for i := range found {
		if fromEC2(tags(found[i]))[tagObject] == name {
			out = append(out, &found[i])
		}
	}
	if id := o.lastSeen[name]; len(out) == 0 && id != "" {
		found, err := from.Get(ctx, reads.ByID+id)
		if err != nil {
			return nil, err
		}
		for i := range found {
			out = append(out, &found[i])
		}
	}
	return out, nil
}

// retag gives an EC2 object the tags it should have.
func (c *client) retag(ctx context.Context, o owner, object, id string, live []ec2types.Tag) error {
	set, unset := o.retag(object, fromEC2(live))
	if len(set) > 0 {
		if _, err := c.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: toEC2(set)}); err != nil {
			return err
		}
	}
	if len(unset) == 0 {
		return nil
	}
	var gone []ec2types.Tag
	for _, key := range unset {
		gone = append(gone, ec2types.Tag{Key: aws.String(key)})
	}
	_, err := c.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: gone})
	return err
}

// blocked turns a refusal to delete into a *stack.BlockedError that names the
// network interfaces in the way, found by a filter.
func (c *client) blocked(ctx context.Context, err error, filter, value string) error {
	if !isCode(err, "DependencyViolation", "InvalidIPAddress.InUse", "InvalidAddress.Locked", "ResourceInUse", "OperationNotPermitted.InUse") {
		return err
	}
	blocked := &stack.BlockedError{Err: err}
	if filter == "" {
		return blocked
	}
	out, listErr := c.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{{Name: aws.String(filter), Values: []string{value}}}, MaxResults: aws.Int32(20)})
	if listErr != nil {
		return blocked
	}
	var names []string
	for _, i := range out.NetworkInterfaces {
		names = append(names, strings.TrimSpace(aws.ToString(i.NetworkInterfaceId)+" "+aws.ToString(i.Description)))
	}
	slices.Sort(names)
	blocked.By = strings.Join(names, ", ")
	return blocked
}
