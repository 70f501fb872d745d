package aws_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

// leads holds the outcome of a connection against what it should be.
func (w *dataWorld) leads(place, target string, status int, reason string) {
	w.t.Helper()
	conn, got, why := w.connect(place, target)
	if conn != nil {
		_ = conn.Close()
	}
	if got != status || !strings.Contains(why, reason) {
		w.t.Errorf("from %q to %s: %d %s, want %d %s", place, target, got, why, status, reason)
	}
}

func TestPathToLoadBalancer(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	public, publicHost := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 80)
	internal, internalHost := w.front(elbtypes.LoadBalancerSchemeEnumInternal)
	w.listener(public, 80, fixed("404"))
	w.listener(internal, 80, fixed("404"))
	other := *do(w.world, w.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: new("10.9.0.0/16")}).Vpc.VpcId
	w.subnet(other, "10.9.0.0/24", "eu-west-1a")
	none := *do(w.world, w.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: new("10.8.0.0/16")}).Vpc.VpcId

	w.leads("", strings.ToUpper(publicHost)+".:80", http.StatusOK, "")
	w.leads("internet", publicHost+":80", http.StatusOK, "")
	w.leads("192.0.2.7", publicHost+":80", http.StatusOK, "")
	w.leads(w.vpc, publicHost+":80", http.StatusOK, "")
	w.leads(w.private[0], publicHost+":80", http.StatusOK, "")
	w.leads(w.public[0], publicHost+":80", http.StatusGatewayTimeout, "no public address")
	w.leads(other, publicHost+":80", http.StatusGatewayTimeout, "has no route to the Internet")
	w.leads("", publicHost+":81", http.StatusGatewayTimeout, "admits port 81")
	w.leads("", internalHost+":80", http.StatusGatewayTimeout, "resolves to private addresses")
	w.leads(w.vpc, internalHost+":80", http.StatusOK, "")
	w.leads(w.vpc+"/10.0.11.77", internalHost+":80", http.StatusOK, "")
	w.leads(other, internalHost+":80", http.StatusGatewayTimeout, "no peering")
	w.leads("", "model.example.com:443", http.StatusBadGateway, "no hosted zone that answers here has it")
	for place, reason := range map[string]string{
		"mars": "a place is", "vpc-0123456789abcdef0": "no account or region", "10.0.0.4": "does not exist on the Internet", none: "no subnet",
		w.vpc + "/10.7.0.1": "no subnet with that address", w.vpc + "/x": "not an IPv4 address", "fe80::1": "a place is",
	} {
		w.leads(place, publicHost+":80", http.StatusBadRequest, reason)
	}
	w.leads("", publicHost+":0", http.StatusBadRequest, "not host:port")
	w.leads("", publicHost, http.StatusBadRequest, "not host:port")

	// The NAT gateway's address is what the load balancer's group sees of a host in the VPC.
	nat := do(w.world, w.ec2.DescribeAddresses, &ec2.DescribeAddressesInput{}).Addresses[0]
	rules := do(w.world, w.ec2.DescribeSecurityGroupRules, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2types.Filter{{Name: new("group-id"), Values: []string{w.group}}},
	}).SecurityGroupRules
	for _, rule := range rules {
		if !*rule.IsEgress {
			do(w.world, w.ec2.RevokeSecurityGroupIngress, &ec2.RevokeSecurityGroupIngressInput{GroupId: &w.group, SecurityGroupRuleIds: []string{*rule.SecurityGroupRuleId}})
		}
	}
	w.leads("", publicHost+":80", http.StatusGatewayTimeout, "security groups "+w.group)
	w.admit(w.group, 80, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new(*nat.PublicIp + "/32")}}})
	w.leads("", publicHost+":80", http.StatusGatewayTimeout, "admits port 80 from 203.0.113.10")
	w.leads(*nat.PublicIp, publicHost+":80", http.StatusOK, "")
	w.leads(w.vpc, publicHost+":80", http.StatusOK, "")
	w.leads(w.vpc, internalHost+":80", http.StatusGatewayTimeout, "admits port 80")

	// A port that the group admits and no listener has.
	w.admit(w.group, 8080, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new("0.0.0.0/0")}}})
	w.leads("", publicHost+":8080", http.StatusBadGateway, "no listener on port 8080")

	// A network ACL that lets no answers out.
	acl := do(w.world, w.ec2.DescribeNetworkAcls, &ec2.DescribeNetworkAclsInput{Filters: []ec2types.Filter{{Name: new("vpc-id"), Values: []string{w.vpc}}}}).NetworkAcls[0]
	object := aws.Object{Account: "123456789012", Region: "eu-west-1", Kind: "ec2.network_acl", ID: *acl.NetworkAclId}
	if err := w.sandbox.AWS.Mutate(aws.Field{Object: object, Path: "/Entries/0/RuleAction", Value: "deny"}); err != nil {
		t.Fatal(err)
	}
	w.leads(*nat.PublicIp, publicHost+":80", http.StatusGatewayTimeout, "network ACL")
	if err := w.sandbox.AWS.Mutate(aws.Field{Object: object, Path: "/Entries/0/RuleAction", Value: "allow"}); err != nil {
		t.Fatal(err)
	}

	// Without the route to the internet gateway nobody comes in, and the NAT gateway lets nobody out.
	table := do(w.world, w.ec2.DescribeRouteTables, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: new("association.subnet-id"), Values: w.public[:1]}}}).RouteTables[0]
	do(w.world, w.ec2.DeleteRoute, &ec2.DeleteRouteInput{RouteTableId: table.RouteTableId, DestinationCidrBlock: new("0.0.0.0/0")})
	w.leads(*nat.PublicIp, publicHost+":80", http.StatusGatewayTimeout, "has no route to the Internet")
	w.leads(w.vpc, publicHost+":80", http.StatusGatewayTimeout, "has no route to the Internet")

	do(w.world, w.elb.DeleteLoadBalancer, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &public})
	w.leads("", publicHost+":80", http.StatusBadGateway, "neither the DNS name")
}

// endpointAccess changes who may reach the API server.
func (w *dataWorld) endpointAccess(v ekstypes.VpcConfigRequest) {
	w.t.Helper()
	do(w.world, w.eks.UpdateClusterConfig, &eks.UpdateClusterConfigInput{Name: new("c"), ResourcesVpcConfig: &v})
}

func TestPathToEndpoint(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	target, group := w.endpoint()+":443", w.clusterGroup()
	other := *do(w.world, w.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: new("10.9.0.0/16")}).Vpc.VpcId
	w.subnet(other, "10.9.0.0/24", "eu-west-1a")
	w.leads("", target, http.StatusOK, "")
	w.leads("", w.endpoint()+":80", http.StatusBadGateway, "serves port 443")
	// Inside the VPC the name resolves to private addresses, where only the cluster's own group is admitted: nodes are in it.
	w.leads(w.vpc, target, http.StatusGatewayTimeout, "admits port 443")
	for _, eni := range do(w.world, w.ec2.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{}).NetworkInterfaces {
		if eni.Attachment != nil && eni.Attachment.InstanceId != nil {
			w.leads(w.vpc+"/"+*eni.PrivateIpAddress, target, http.StatusOK, "")
		}
	}
	w.admit(group, 443, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new("10.0.0.0/16")}}})
	w.leads(w.vpc, target, http.StatusOK, "")

	nat := *do(w.world, w.ec2.DescribeAddresses, &ec2.DescribeAddressesInput{}).Addresses[0].PublicIp
	w.endpointAccess(ekstypes.VpcConfigRequest{PublicAccessCidrs: []string{nat + "/32"}})
	w.leads("", target, http.StatusGatewayTimeout, "203.0.113.10 is not in its public access CIDRs")
	w.leads(nat, target, http.StatusOK, "")
	w.endpointAccess(ekstypes.VpcConfigRequest{EndpointPrivateAccess: new(false)})
	w.leads(w.vpc, target, http.StatusOK, "")
	w.leads(other, target, http.StatusGatewayTimeout, "has no route to the Internet")
	w.endpointAccess(ekstypes.VpcConfigRequest{EndpointPrivateAccess: new(true), EndpointPublicAccess: new(false)})
	w.leads(nat, target, http.StatusGatewayTimeout, "resolves to private addresses")
	w.leads(w.vpc, target, http.StatusOK, "")
	w.leads(other, target, http.StatusGatewayTimeout, "no peering")
}

func TestPathToDeletedCluster(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	fake, target := w.started(), w.endpoint()+":443"
	do(w.world, w.eks.DeleteNodegroup, &eks.DeleteNodegroupInput{ClusterName: new("c"), NodegroupName: new("n")})
	if nodes := fake.config.Nodes(); len(nodes) != 0 {
		t.Errorf("nodes of a deleted node group: %v", nodes)
	}
	do(w.world, w.eks.DeleteCluster, &eks.DeleteClusterInput{Name: new("c")})
	w.leads("", target, http.StatusBadGateway, "neither the DNS name")
	if err := w.sandbox.Close(); err != nil {
		t.Fatal(err)
	}
	fake.mu.Lock()
	defer fake.mu.Unlock()
	if !fake.closed {
		t.Error("the data plane of a deleted cluster was not closed")
	}
}
