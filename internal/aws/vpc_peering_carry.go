package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// admitPeers adds the gate that lets peers into a new security group where an
// older one had let them in. The peering itself looks after its rules only when
// the cluster is done, and callers from there are sent to the new load balancer
// before.
func (c *client) admitPeers(s *clusterStack) *stack.Gate {
	look := func(context.Context) ([]stack.Difference, error) { return nil, nil }
	return stack.AddGate(s.Stack, "peers_admitted", look, func(ctx context.Context) error {
		// One by one: a rule that the peering has added meanwhile would fail them all.
		for _, rule := range s.unadmitted() {
			_, err := c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: aws.String(s.securityGroup.ID()), IpPermissions: []ec2types.IpPermission{rule}})
			if absent(err, "InvalidPermission.Duplicate") != nil {
				return err
			}
			// The exposure that the apply ends with has it, without another look.
			live := s.securityGroup.Live()
			live.IpPermissions = append(live.IpPermissions, rule)
		}
		return nil
	}, s.securityGroup)
}

// unadmitted are the rules of peerings, mark and all, that older groups have and
// the present one has not.
func (s *clusterStack) unadmitted() []ec2types.IpPermission {
	live := s.securityGroup.Live()
	have := lines(live.IpPermissions)
	var out []ec2types.IpPermission
	for _, group := range s.securityGroup.All() {
		for _, p := range group.IpPermissions {
			for _, r := range p.IpRanges {
				line := permissionLine(p, aws.ToString(r.CidrIp))
				if !ofPeering(p, r, peeringMark(s.spec.Name)) || slices.Contains(have, line) {
					continue
				}
				have = append(have, line)
				out = append(out, ec2types.IpPermission{IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort, IpRanges: []ec2types.IpRange{r}})
			}
		}
	}
	return out
}
