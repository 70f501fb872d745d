package aws

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// peeringOwner is the mark of a peering's objects. Those of a cluster's peerings
// all start alike.
func peeringOwner(spec serving.Peering) owner {
	return owner{stack: peeringMark(spec.Cluster.Name) + spec.Peer.VPC, tags: spec.Tags, lastSeen: spec.LastSeen}
}

func peeringMark(cluster string) string { return "vpc_peering/" + cluster + "/" }

// withoutPeerings are the rules of a cluster's security group that are not those
// of its peerings. One that the cluster wants as well is the cluster's.
func withoutPeerings(o owner, live []ec2types.IpPermission, want []portRule) []ec2types.IpPermission {
	cluster, _ := strings.CutPrefix(o.stack, "cluster/")
	wanted := spell(want)
	out := make([]ec2types.IpPermission, len(live))
	for i, p := range live {
		p.IpRanges = slices.DeleteFunc(slices.Clone(p.IpRanges), func(r ec2types.IpRange) bool {
			return ofPeering(p, r, peeringMark(cluster)) && !slices.Contains(wanted, permissionLine(p, aws.ToString(r.CidrIp)))
		})
		out[i] = p
	}
	return out
}

// ofPeering reports whether a rule belongs to a peering. Whatever is wider than a
// VPC can be does not, whoever wrote what into its description.
func ofPeering(p ec2types.IpPermission, r ec2types.IpRange, mark string) bool {
	if aws.ToString(p.IpProtocol) != "tcp" || aws.ToInt32(p.FromPort) != endpointPort || aws.ToInt32(p.ToPort) != endpointPort {
		return false
	}
	prefix, err := netip.ParsePrefix(aws.ToString(r.CidrIp))
	return err == nil && prefix.Bits() >= 16 && strings.HasPrefix(aws.ToString(r.Description), mark)
}
