package aws

import (
	"crypto/elliptic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// acl at times gives a VPC another network ACL, which has no operations in the
// sandbox.
func (w *randomWorld) acl(v *randomVPC) {
	if w.chance(0.55) {
		return
	}
	acl := must(w.t, v.ec2.DescribeNetworkAcls, &ec2.DescribeNetworkAclsInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{v.id}}}}).NetworkAcls[0]
	entries := []map[string]any{}
	entry := func(number int, egress bool, action, block string, low, high int) {
		e := map[string]any{"CidrBlock": block, "Egress": egress, "Protocol": "-1", "RuleAction": action, "RuleNumber": number}
		if low > 0 {
			e["Protocol"], e["PortRange"] = "6", map[string]any{"From": low, "To": high}
		}
		entries = append(entries, e)
	}
	for _, egress := range []bool{true, false} {
		for n := range w.r.IntN(3) {
			block := pick(w, "0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.1.0.0/16", "10.1.0.0/25", "10.1.1.0/24", "10.2.0.0/15", "203.0.113.0/24", "10.0.0.0/30")
			ports := pick(w, [2]int{}, [2]int{443, 443}, [2]int{1024, 65535}, [2]int{1, 30000}, [2]int{30001, 65535}, [2]int{400, 500})
			entry(10+n, egress, pick(w, "allow", "deny"), block, ports[0], ports[1])
		}
		if w.chance(0.8) {
			entry(100, egress, "allow", "0.0.0.0/0", 0, 0)
		}
		entry(32767, egress, "deny", "0.0.0.0/0", 0, 0)
	}
	field := sandboxaws.Field{Object: sandboxaws.Object{Account: v.account, Region: v.where.region, Kind: "ec2.network_acl", ID: *acl.NetworkAclId}, Path: "/Entries", Value: entries}
	if err := w.sandbox.AWS.Mutate(field); err != nil {
		w.t.Fatal(err)
	}
}

// balancer makes the load balancer that the cluster would have, with its group.
func (w *randomWorld) balancer(certificate string) {
	home := w.vpcs[0]
	scheme, visibility, wide := elbtypes.LoadBalancerSchemeEnumInternal, serving.Private, pick(w, "0.0.0.0/0", "10.0.0.0/14")
	if w.chance(0.4) {
		scheme, visibility, wide = elbtypes.LoadBalancerSchemeEnumInternetFacing, serving.Public, "0.0.0.0/0"
	}
	group := *must(w.t, home.ec2.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{GroupName: aws.String("lb"), Description: aws.String("lb"), VpcId: &home.id}).GroupId
	other := *must(w.t, home.ec2.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{GroupName: aws.String("other"), Description: aws.String("other"), VpcId: &home.id}).GroupId
	sources := []string{"0.0.0.0/0", "10.0.0.0/16", "10.1.0.0/16", "10.1.0.64/26", "10.1.1.0/24", "10.2.0.0/16", "203.0.113.0/24", "203.0.113.10/32"}
	for _, v := range w.vpcs {
		if v.natAddress != "" {
			sources = append(sources, v.natAddress+"/32")
		}
	}
	if w.chance(0.7) {
		rule := ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443), IpRanges: []ec2types.IpRange{{CidrIp: &wide}}}
		must(w.t, home.ec2.AuthorizeSecurityGroupIngress, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []ec2types.IpPermission{rule}})
	}
	for range w.r.IntN(4) {
		ports := pick(w, [2]int32{443, 443}, [2]int32{443, 443}, [2]int32{400, 500}, [2]int32{80, 80}, [2]int32{444, 8443})
		rule := ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &ports[0], ToPort: &ports[1]}
		if w.chance(0.1) {
			rule = ec2types.IpPermission{IpProtocol: aws.String("-1")}
		}
		if w.chance(0.1) {
			rule.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: &other}}
		} else {
			rule.IpRanges = []ec2types.IpRange{{CidrIp: aws.String(pick(w, sources...))}}
		}
		if _, err := home.ec2.AuthorizeSecurityGroupIngress(w.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []ec2types.IpPermission{rule}}); err != nil && !isCode(err, "InvalidPermission.Duplicate") {
			w.t.Fatal(err)
		}
	}
	lb := must(w.t, home.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{
		Name: aws.String(schemeName(elbName, w.id.Name, visibility)), Scheme: scheme, Subnets: home.subnets[:2], SecurityGroups: []string{group},
		Tags: toELB(owner{stack: "cluster/" + w.id.Name}.mark(objectLoadBalancer)),
	}).LoadBalancers[0]
	w.host = *lb.DNSName
	if w.chance(0.95) {
		must(w.t, home.elb.CreateListener, &elb.CreateListenerInput{
			LoadBalancerArn: lb.LoadBalancerArn, Port: aws.Int32(servicePort), Protocol: elbtypes.ProtocolEnumHttps,
			SslPolicy: aws.String(tlsPolicies["1.2"]), Certificates: []elbtypes.Certificate{{CertificateArn: &certificate}},
			DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{StatusCode: aws.String("404")}}},
		})
	}
}

// certificateFor imports one.
func certificateFor(t testing.TB, b *Backend) string {
	t.Helper()
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := keyPair(t, elliptic.P256())
	return *must(t, c.acm.ImportCertificate, &acm.ImportCertificateInput{Certificate: []byte(cert), PrivateKey: []byte(key)}).CertificateArn
}
