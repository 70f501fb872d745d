package aws_test

import (
	"crypto/elliptic"
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

// resolving is a VPC with a public and an internal load balancer, and zones that lead to them.
type resolving struct {
	*dataWorld
	peers *peers
	// public and internal are DNS names, their zone is regional.
	public, internal, regional string
	internalARN                string
}

func newResolving(t *testing.T, change ...func(*aws.Config)) *resolving {
	t.Helper()
	p := newPeers(t, change...)
	p.network()
	r := &resolving{dataWorld: &dataWorld{world: p.world}, peers: p, regional: "Z32O12XQLNTSW2"}
	arn, host := r.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 80)
	r.listener(arn, 80, fixed("403"))
	r.public = host
	r.internalARN, r.internal = r.front(elbtypes.LoadBalancerSchemeEnumInternal)
	r.listener(r.internalARN, 80, fixed("404"))
	return r
}

func (r *resolving) make(zone string, changes ...route53types.Change) {
	r.t.Helper()
	do(r.world, r.dns.ChangeResourceRecordSets, batch(zone, changes...))
}

// asks is the status that a caller gets by a name; 502 is a name that does not resolve, and 504 a path that is none.
func (r *resolving) asks(place, name string, status int, reason string) {
	r.t.Helper()
	conn, got, why := r.connect(place, name+":80")
	if conn != nil {
		_ = conn.Close()
		client := r.client(place, name+":80", nil)
		got = get(r.t, client, "http://"+name+"/").status
	}
	if got != status || reason != "" && !strings.Contains(why, reason) {
		r.t.Errorf("%s from %q: %d %s, want %d %s", name, place, got, why, status, reason)
	}
}

func TestResolvePublicZone(t *testing.T) {
	t.Parallel()
	r := newResolving(t)
	zone := r.zone("example.com")
	r.make(zone,
		create(alias("m.example.com", typeA, r.regional, r.public)),
		create(alias("d.example.com", typeA, r.regional, "dualstack."+r.public)),
		create(alias("i.example.com", typeA, r.regional, r.internal)),
		create(alias("example.com", typeA, zone, "m.example.com")),
		create(plain("c.example.com", typeCNAME, "M.example.com.")),
		create(plain("far.example.com", typeCNAME, r.public)),
		create(plain("loop.example.com", typeCNAME, "loop.example.com")),
		create(plain("text.example.com", typeTXT, `"x"`)),
		create(plain("*.wild.example.com", typeCNAME, "m.example.com")),
		create(plain("a.there.wild.example.com", typeTXT, `"x"`)),
		create(plain("out.example.com", typeCNAME, "www.example.net")),
		create(plain("plain.example.com", typeA, "192.0.2.1")),
	)
	for _, place := range []string{"", r.vpc} {
		for _, name := range []string{"m.example.com", "M.Example.COM", "d.example.com", "example.com", "c.example.com", "far.example.com", "x.wild.example.com", "x.y.wild.example.com"} {
			r.asks(place, name, http.StatusForbidden, "")
		}
		for name, reason := range map[string]string{
			"loop.example.com": "lead to more than 8 others", "text.example.com": "none of the type A", "none.example.com": "has no record",
			"wild.example.com": "none of the type A", "b.there.wild.example.com": "has no record", "out.example.com": "no hosted zone that answers here has it",
			"plain.example.com": "not the private addresses of one load balancer", "example.net": "no hosted zone",
		} {
			r.asks(place, name, http.StatusBadGateway, reason)
		}
	}
	// A public name of private addresses: the name resolves everywhere, the way is inside only.
	r.asks(r.vpc, "i.example.com", http.StatusNotFound, "")
	r.asks("", "i.example.com", http.StatusGatewayTimeout, "private addresses")
	// A load balancer that is gone leaves its alias behind.
	do(r.world, r.elb.DeleteLoadBalancer, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &r.internalARN})
	r.asks(r.vpc, "i.example.com", http.StatusBadGateway, "no hosted zone")
}

func TestResolvePrivateZone(t *testing.T) {
	t.Parallel()
	r := newResolving(t)
	public := r.zone("example.com")
	r.make(public, create(alias("m.example.com", typeA, r.regional, r.public)), create(alias("w.models.example.com", typeA, r.regional, r.public)),
		create(alias("only.example.com", typeA, r.regional, r.public)))
	private, longer := r.zone("example.com", r.vpc), r.zone("models.example.com", r.vpc)
	r.make(private, create(alias("m.example.com", typeA, r.regional, r.internal)), create(alias("w.models.example.com", typeA, r.regional, r.internal)))
	r.make(longer, create(alias("v.models.example.com", typeA, r.regional, r.internal)))

	r.asks("", "m.example.com", http.StatusForbidden, "")
	r.asks(r.vpc, "m.example.com", http.StatusNotFound, "")
	r.asks(r.private[0], "v.models.example.com", http.StatusNotFound, "")
	// The private zone answers for all that is below it, and the longest one for what is below that.
	r.asks(r.vpc, "only.example.com", http.StatusBadGateway, private+" (example.com.), which answers here, has no record")
	r.asks(r.vpc, "w.models.example.com", http.StatusBadGateway, longer)
	r.asks("", "v.models.example.com", http.StatusBadGateway, public)
	r.asks("", "w.models.example.com", http.StatusForbidden, "")

	// Without both DNS attributes a VPC has no private zones.
	attribute := func(v bool) {
		do(r.world, r.ec2.ModifyVpcAttribute, &ec2.ModifyVpcAttributeInput{VpcId: &r.vpc, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: &v}})
	}
	attribute(false)
	r.asks(r.vpc, "m.example.com", http.StatusForbidden, "")
	attribute(true)
	r.asks(r.vpc, "m.example.com", http.StatusNotFound, "")

	// Another VPC resolves it when it is associated, whether or not it gets through.
	other := r.peers.makeVPC(r.ec2, "10.9.0.0/16")
	r.subnet(other, "10.9.1.0/24", "eu-west-1a")
	r.asks(other, "v.models.example.com", http.StatusBadGateway, "has no record")
	do(r.world, r.ec2.ModifyVpcAttribute, &ec2.ModifyVpcAttributeInput{VpcId: &other, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: new(true)}})
	do(r.world, r.dns.AssociateVPCWithHostedZone, &route53.AssociateVPCWithHostedZoneInput{
		HostedZoneId: &longer, VPC: &route53types.VPC{VPCId: &other, VPCRegion: route53types.VPCRegionEuWest1},
	})
	r.asks(other, "v.models.example.com", http.StatusGatewayTimeout, "no peering")
}

// TestResolveDelegation has zones below zones: whoever is not delegated to is not asked.
func TestResolveDelegation(t *testing.T) {
	t.Parallel()
	r := newResolving(t)
	parent, child := r.zone("example.com"), r.zone("models.example.com")
	r.make(child, create(alias("m.models.example.com", typeA, r.regional, r.public)))
	r.asks("", "m.models.example.com", http.StatusBadGateway, parent+" (example.com.), which answers here, has no record")
	r.make(parent, create(plain("models.example.com", typeNS, "ns1.example.net.")))
	r.asks("", "m.models.example.com", http.StatusBadGateway, "which serve no hosted zone of that name here")
	servers := do(r.world, r.dns.GetHostedZone, &route53.GetHostedZoneInput{Id: &child}).DelegationSet.NameServers
	r.make(parent, upsert(plain("models.example.com", typeNS, servers...)))
	r.asks("", "m.models.example.com", http.StatusForbidden, "")
	// A second zone of a name answers nobody: nothing leads to it.
	second := r.zone("example.net")
	r.make(second, create(alias("m.example.net", typeA, r.regional, r.public)))
	r.peers.clock.advance(time.Second)
	twin := do(r.world, r.dns.CreateHostedZone, &route53.CreateHostedZoneInput{Name: new("example.net"), CallerReference: new("twin")}).HostedZone
	r.make((*twin.Id)[len("/hostedzone/"):], create(alias("t.example.net", typeA, r.regional, r.public)))
	r.asks("", "m.example.net", http.StatusForbidden, "")
	r.asks("", "t.example.net", http.StatusBadGateway, second)
}

// TestResolveInSync holds that name servers know a change when GetChange says so, and the API at once.
func TestResolveInSync(t *testing.T) {
	t.Parallel()
	r := newResolving(t, func(cfg *aws.Config) {
		cfg.Delays = map[string]time.Duration{"route53.change.sync": 30 * time.Second}
	})
	zone := r.zone("example.com")
	r.make(zone, create(alias("m.example.com", typeA, r.regional, r.public)))
	r.asks("", "m.example.com", http.StatusBadGateway, "no hosted zone")
	r.peers.clock.advance(31 * time.Second)
	r.asks(r.vpc, "m.example.com", http.StatusForbidden, "")

	info := do(r.world, r.dns.ChangeResourceRecordSets, batch(zone, upsert(alias("m.example.com", typeA, r.regional, r.internal)))).ChangeInfo
	r.peers.clock.advance(10 * time.Second)
	r.make(zone, remove(alias("m.example.com", typeA, r.regional, r.internal)))
	r.wantRecords(zone, "example.com. NS", "example.com. SOA")
	r.asks(r.vpc, "m.example.com", http.StatusForbidden, "")
	r.peers.clock.advance(21 * time.Second)
	if got := do(r.world, r.dns.GetChange, &route53.GetChangeInput{Id: info.Id}).ChangeInfo.Status; got != route53types.ChangeStatusInsync {
		t.Errorf("the first change is %s", got)
	}
	r.asks(r.vpc, "m.example.com", http.StatusNotFound, "")
	r.peers.clock.advance(10 * time.Second)
	r.asks(r.vpc, "m.example.com", http.StatusBadGateway, "has no record")

	// An association counts when its change is in sync.
	private := do(r.world, r.dns.CreateHostedZone, &route53.CreateHostedZoneInput{
		Name: new("example.org"), CallerReference: new("p"), VPC: &route53types.VPC{VPCId: new(r.peers.makeVPC(r.ec2, "10.9.0.0/16")), VPCRegion: route53types.VPCRegionEuWest1},
	}).HostedZone.Id
	r.make((*private)[len("/hostedzone/"):], create(alias("m.example.org", typeA, r.regional, r.internal)))
	r.peers.clock.advance(31 * time.Second)
	do(r.world, r.dns.AssociateVPCWithHostedZone, &route53.AssociateVPCWithHostedZoneInput{
		HostedZoneId: private, VPC: &route53types.VPC{VPCId: &r.vpc, VPCRegion: route53types.VPCRegionEuWest1},
	})
	r.asks(r.vpc, "m.example.org", http.StatusBadGateway, "no hosted zone")
	r.peers.clock.advance(31 * time.Second)
	r.asks(r.vpc, "m.example.org", http.StatusNotFound, "")
}

// TestResolveAddresses has records with the private addresses of a load balancer, which two networks may use.
func TestResolveAddresses(t *testing.T) {
	t.Parallel()
	r := newResolving(t)
	zone := r.zone("example.com")
	var own []string
	for _, eni := range do(r.world, r.ec2.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{Filters: filter("description", "ELB app/lb-internal/*")}).NetworkInterfaces {
		own = append(own, *eni.PrivateIpAddress)
	}
	facing := do(r.world, r.ec2.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{Filters: filter("description", "ELB app/lb-internet-facing/*")}).NetworkInterfaces
	r.make(zone, create(plain("facing.example.com", typeA, *facing[0].PrivateIpAddress)))
	r.asks(r.vpc, "facing.example.com", http.StatusForbidden, "")
	r.asks("", "facing.example.com", http.StatusGatewayTimeout, "private addresses")
	r.make(zone, create(plain("m.example.com", typeA, own...)), create(plain("one.example.com", typeA, own[0])), create(plain("mixed.example.com", typeA, own[0], "10.0.0.250")))
	r.asks(r.vpc, "m.example.com", http.StatusNotFound, "")
	r.asks(r.vpc, "one.example.com", http.StatusNotFound, "")
	r.asks(r.vpc, "mixed.example.com", http.StatusBadGateway, "not the private addresses of one load balancer")
	r.asks("", "m.example.com", http.StatusGatewayTimeout, "private addresses")
	other := r.peers.makeVPC(r.ec2, "10.9.0.0/16")
	r.subnet(other, "10.9.1.0/24", "eu-west-1a")
	r.asks(other, "m.example.com", http.StatusBadGateway, "that the caller's network leads to")
}

// TestResolveKeepsTheName holds that a request by a domain reaches the listener as one for that domain.
func TestResolveKeepsTheName(t *testing.T) {
	t.Parallel()
	r := newResolving(t)
	zone := r.zone("example.com")
	arn := *do(r.world, r.elb.DescribeLoadBalancers, &elb.DescribeLoadBalancersInput{Names: []string{"lb-internet-facing"}}).LoadBalancers[0].LoadBalancerArn
	r.admit(r.group, 443, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new("0.0.0.0/0")}}})
	certificate := issue(t, ec(t, elliptic.P256()), nil, nil, "m.example.com")
	listener := r.secure(arn, "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", fixed("404"), r.imported(certificate))
	do(r.world, r.elb.CreateRule, &elb.CreateRuleInput{
		ListenerArn: &listener, Priority: new(int32(1)), Actions: fixed("202"),
		Conditions: []elbtypes.RuleCondition{{Field: new("host-header"), HostHeaderConfig: &elbtypes.HostHeaderConditionConfig{Values: []string{"m.example.com"}}}},
	})
	r.make(zone, create(alias("m.example.com", typeA, r.regional, r.public)))
	client := r.client("", "m.example.com:443", &tls.Config{RootCAs: pool(t, certificate.pem)})
	if got := get(t, client, "https://m.example.com/"); got.status != http.StatusAccepted {
		t.Errorf("%d %s", got.status, got.body)
	}
}
