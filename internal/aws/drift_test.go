package aws

import (
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Why a field of an object need not show as drift.
const (
	computed  = "the cloud computes it, and no call sets it"
	immutable = "no call changes it on a living object"
	elsewhere = "it is kept with another object, where it is tested"
	noEffect  = "it has no effect while what it belongs to is off"
	others    = "it belongs to somebody else"
	notOwned  = "we do not set it, and reading it would cost a call of its own"
)

// unowned lists the fields of the sandbox's objects that are exempt, by kind and
// JSON path, each with the reason. A field that is not here must be seen and
// repaired.
var unowned = map[string]map[string]string{
	"acm.certificate": {
		`/(CertificateArn|CertificateKeyPairOrigin|CreatedAt|ImportedAt|FailureReason|ManagedBy|RenewalEligibility|RevocationReason|Status|Propagated|Type)`: computed,
		// These are read from the certificate's body, which is compared as a whole.
		`/(DomainName|ExtendedKeyUsages.*|Issuer|KeyAlgorithm|KeyUsages.*|NotAfter|NotBefore|Serial|SignatureAlgorithm|Subject|SubjectAlternativeNames.*)`: computed,
		`/Options/.*`: immutable,
	},
	"ec2.address": {
		`/(AllocationId|AssociationId|Domain|NetworkBorderGroup|NetworkInterface.*|PrivateIpAddress|PublicIp|PublicIpv4Pool|ServiceManaged)`: computed,
	},
	"ec2.internet_gateway": {`/(InternetGatewayId|OwnerId|Attachments/\d+/State)`: computed},
	"ec2.nat_gateway": {
		`/(NatGatewayId|CreateTime|AutoProvisionZones|AutoScalingIps|VpcId)`:                              computed,
		`/NatGatewayAddresses/\d+/(AssociationId|IsPrimary|NetworkInterfaceId|PrivateIp|PublicIp|Status)`: computed,
		`/(AvailabilityMode|ConnectivityType|SubnetId|State|NatGatewayAddresses/\d+/AllocationId)`:        immutable,
	},
	"ec2.network_interface": {`.*`: others},
	"ec2.route_table": {
		`/(RouteTableId|OwnerId|VpcId)`: immutable,
		`/Associations/\d+/(AssociationState/State|Main|RouteTableAssociationId|RouteTableId)`: computed,
		`/Routes/\d+/(Origin|State)`: computed,
		// The local route cannot be changed or removed.
		`/Routes/0/.*`: immutable,
	},
	"ec2.security_group": {`/(Description|GroupId|GroupName|OwnerId|SecurityGroupArn|VpcId)`: immutable},
	"ec2.security_group_rule": {
		`/(GroupId|GroupOwnerId|SecurityGroupRuleArn|SecurityGroupRuleId|IsEgress|ReferencedGroupInfo/UserId)`: immutable,
	},
	"ec2.subnet": {
		`/(AvailabilityZone|AvailabilityZoneId|AvailableIpAddressCount|CidrBlock|DefaultForAz|Ipv6Native|OwnerId|State|SubnetArn|SubnetId|VpcId)`: immutable,
		`/MapCustomerOwnedIpOnLaunch`: others,
	},
	"ec2.vpc": {
		`/(CidrBlock|CidrBlockAssociationSet/.*|InstanceTenancy|IsDefault|OwnerId|State|VpcId)`: immutable,
		`/(DhcpOptionsId|EnableNetworkAddressUsageMetrics)`:                                     notOwned,
	},
	"eks.access_entry": {
		`/(AccessEntryArn|Automatic|ClusterName|CreatedAt|ModifiedAt|PrincipalArn|Type)`: immutable,
		`/Policies/[^/]*/(AssociatedAt|ModifiedAt|PolicyArn)`:                            computed,
	},
	"eks.cluster": {
		`/(Arn|CertificateAuthority/.*|CreatedAt|Creator|Endpoint|Final/.*|Identity/.*|Interfaces/.*|Name|PlatformVersion|SecurityGroup|Status|Update)`: computed,
		`/AccessConfig/.*`: immutable,
		`/KubernetesNetworkConfig/(IpFamily|ServiceIpv4Cidr)`: immutable,
		`/Logging/ClusterLogging/\d+/Types/.*`:                noEffect,
		// A cluster's subnets may change only within its zones, which takes subnets of
		// somebody else: TestDriftOfClusterSubnets.
		`/ResourcesVpcConfig/SubnetIds/.*`:                   elsewhere,
		`/ResourcesVpcConfig/(ClusterSecurityGroupId|VpcId)`: computed,
		`/ResourcesVpcConfig/ControlPlaneEgressMode`:         notOwned,
		`/RoleArn`: immutable,
	},
	"eks.nodegroup": {
		`/(ClusterName|CreatedAt|Group|ModifiedAt|NodegroupArn|NodegroupName|Resources/.*|Status|Update)`: computed,
		`/(AmiType|CapacityType|DiskSize|InstanceTypes/.*|NodeRole|Subnets/.*)`:                           immutable,
		// The Auto Scaling group holds the sizes: TestDriftOfPoolSize.
		`/ScalingConfig/(MinSize|MaxSize)`: elsewhere,
		// The autoscaler owns the desired size, AWS the image's release.
		`/(ScalingConfig/DesiredSize|ReleaseVersion)`: others,
	},
	"elb.listener": {
		`/(Port|ListenerArn|LoadBalancerArn|Serial|MutualAuthentication/TrustStoreAssociationStatus)`: computed,
		`/MutualAuthentication/AdvertiseTrustStoreCaNames`:                                            noEffect,
		`/Attributes/routing.http.request.x_amzn_.*`:                                                  noEffect,
	},
	"elb.load_balancer": {
		`/(CanonicalHostedZoneId|CreatedTime|DNSName|EnablePrefixForIpv6SourceNat|Interfaces/.*|LoadBalancerArn|LoadBalancerName|Scheme|State/.*|Type|VpcId|AvailabilityZones/\d+/ZoneName)`: immutable,
		`/Attributes/.*_logs.s3.(bucket|prefix)`: noEffect,
	},
	"elb.rule": {
		`/(IsDefault|ListenerArn|RuleArn)`: immutable,
		// The first is the same as HostHeaderConfig's, the second as ForwardConfig's.
		`/(Conditions/\d+/Values/.*|Actions/\d+/TargetGroupArn)`:                 elsewhere,
		`/Actions/\d+/ForwardConfig/TargetGroupStickinessConfig/DurationSeconds`: noEffect,
	},
	"elb.target_group": {
		// Only groups of Lambda functions can do without health checks.
		`/HealthCheckEnabled`: immutable,
		`/(Port|Protocol|ProtocolVersion|IpAddressType|Serial|TargetGroupArn|TargetGroupName|TargetType|VpcId)`: immutable,
		`/Targets/.*`: others,
		`/Attributes/stickiness.(type|app_cookie.*|lb_cookie.*)`: noEffect,
	},
	"autoscaling.group": {`.*`: others},
	"iam.role": {
		`/(Arn|CreateDate|Path|RoleId|RoleName)`: immutable,
		`/(MaxSessionDuration|Description)`:      notOwned,
	},
}

// exempt gives the reason why a field need not be seen, empty when it must.
func exempt(f sandboxaws.Field) string {
	for pattern, reason := range unowned[f.Kind] {
		if regexp.MustCompile(`^` + pattern + `$`).MatchString(f.Path) {
			return reason
		}
	}
	return ""
}

// spoil gives a change of a field that somebody could make.
func spoil(t *testing.T, f sandboxaws.Field) sandboxaws.Field {
	t.Helper()
	// A reference to another object can only be taken away.
	for _, item := range []string{`/Attachments/\d+`, `/Associations/\d+`} {
		if found := regexp.MustCompile(`^` + item).FindString(f.Path); found != "" && strings.HasPrefix(f.Kind, "ec2.") {
			f.Path, f.Value = found, nil
			return f
		}
	}
	switch v := f.Value.(type) {
	case bool:
		f.Value = !v
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			t.Fatal(err)
		}
		f.Value = n + 1
		if strings.HasSuffix(f.Path, "/FromPort") {
			f.Value = n - 1
		}
	case string:
		switch {
		case f.Kind == "acm.certificate" && (f.Path == "/Body" || f.Path == "/Chain"):
			f.Value, _ = keyPair(t, elliptic.P256())
		case strings.HasSuffix(f.Path, "/CidrIpv4") || strings.HasSuffix(f.Path, "/DestinationCidrBlock") || strings.Contains(f.Path, "PublicAccessCidrs"):
			f.Value = "198.51.100.0/24"
		case strings.HasSuffix(f.Path, "/Version"):
			f.Value = "1.32"
		case v == "tcp":
			f.Value = "udp"
		case v == "NO_SCHEDULE":
			f.Value = "NO_EXECUTE"
		case v == "false":
			f.Value = "true"
		case v == "true":
			f.Value = "false"
		default:
			f.Value = v + "x"
		}
	}
	return f
}

// TestDriftOfEveryField changes each field of each object behind the provider's
// back and asserts that it is seen and repaired.
func TestDriftOfEveryField(t *testing.T) {
	t.Parallel()
	sandbox := newSandbox(t)
	b := testBackend(sandbox.URL)
	withOps(t, b)
	certificate := testCertificate(t)
	imported, err := b.CreateCertificate(t.Context(), certificate)
	if err != nil {
		t.Fatal(err)
	}
	spec := testCluster(serving.Public)
	seen, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.Network.Zones, spec.LastSeen = seen.Spec.Network.Zones, seen.Objects
	certificate.LastSeen = imported.Objects
	before, err := sandbox.AWS.Fields()
	if err != nil {
		t.Fatal(err)
	}
	reasons, tested := map[string]int{}, 0
	objects := map[sandboxaws.Object]map[string]any{}
	for _, f := range before {
		if objects[f.Object] == nil {
			objects[f.Object] = map[string]any{}
		}
		objects[f.Object][f.Path] = f.Value
	}
	for _, f := range before {
		if reason := exemptObject(objects, f); reason != "" {
			reasons[reason]++
			continue
		}
		if reason := exempt(f); reason != "" {
			reasons[reason]++
			continue
		}
		tested++
		f = successor(t, sandbox, objects, f)
		if problem := driftOf(t, sandbox, &spec, certificate, f); problem != "" {
			t.Errorf("%s %s %s = %.40v: %s", f.Kind, f.ID, f.Path, f.Value, problem)
			// Whatever went wrong must not spoil the other fields.
			_ = sandbox.AWS.Mutate(f)
		}
	}
	t.Logf("%d fields: %d tested, exempt: %v", len(before), tested, reasons)
	if tested < 150 {
		t.Errorf("only %d fields were tested", tested)
	}
}

// successor follows an object that a repair has replaced: a rule is made anew.
func successor(t *testing.T, sandbox *sandboxtest.Sandbox, objects map[sandboxaws.Object]map[string]any, f sandboxaws.Field) sandboxaws.Field {
	t.Helper()
	if f.Kind != "ec2.security_group_rule" {
		return f
	}
	all, err := sandbox.AWS.Fields()
	if err != nil {
		t.Fatal(err)
	}
	now := map[sandboxaws.Object]map[string]any{}
	for _, field := range all {
		if field.Kind != f.Kind {
			continue
		}
		if now[field.Object] == nil {
			now[field.Object] = map[string]any{}
		}
		now[field.Object][field.Path] = field.Value
	}
	for object, fields := range now {
		same := ours(fields) == ours(objects[f.Object])
		for path, value := range objects[f.Object] {
			// Repaired tags may stand in another order.
			same = same && (strings.Contains(path, "SecurityGroupRule") || strings.HasPrefix(path, "/Tags/") || fields[path] == value)
		}
		if same {
			f.Object = object
			return f
		}
	}
	t.Fatalf("%s %s has no successor", f.Kind, f.ID)
	return f
}

// exemptObject gives the reason why a field is exempt that depends on the object.
func exemptObject(objects map[sandboxaws.Object]map[string]any, f sandboxaws.Field) string {
	object := objects[f.Object]
	switch f.Kind {
	case "iam.role", "eks.access_entry", "ec2.security_group":
		// The role of the test itself, the creator's entry, and EKS's own group.
		if !ours(object) {
			return others
		}
	case "ec2.security_group_rule":
		group := f.Object
		group.Kind, group.ID = "ec2.security_group", fmt.Sprint(object["/GroupId"])
		if !ours(object) && !ours(objects[group]) {
			return others
		}
	case "elb.listener":
		if fmt.Sprint(object["/Port"]) == "80" && strings.HasPrefix(f.Path, "/Attributes/") {
			return notOwned
		}
	}
	return ""
}

// ours reports whether an object carries a mark.
func ours(object map[string]any) bool {
	for path, value := range object {
		if value == tagStack || strings.HasSuffix(path, "/"+tagStack) {
			return true
		}
	}
	return false
}

// driftOf changes one field, and says what was wrong with what followed.
func driftOf(t *testing.T, sandbox *sandboxtest.Sandbox, spec *serving.Cluster, certificate serving.Certificate, f sandboxaws.Field) string {
	t.Helper()
	spoilt := spoil(t, f)
	if err := sandbox.AWS.Mutate(spoilt); err != nil {
		return "mutate: " + err.Error()
	}
	b := testBackend(strings.TrimSuffix(sandbox.URL, "/"))
	if strings.HasPrefix(f.Kind, "acm.") {
		return certificateDrift(t, b, certificate)
	}
	clean, err := shows(t, b, *spec)
	if err != nil {
		return "observe: " + err.Error()
	}
	if clean {
		return fmt.Sprintf("a change to %v is not seen", spoilt.Value)
	}
	repaired, err := b.UpdateCluster(t.Context(), *spec)
	if err != nil {
		return "repair: " + err.Error()
	}
	spec.LastSeen = repaired.Objects
	if clean, err = shows(t, b, *spec); err != nil || !clean {
		return fmt.Sprintf("after the repair it still shows, error %v", err)
	}
	return ""
}

// shows reports whether a plan of the cluster would be empty.
func shows(t *testing.T, b *Backend, spec serving.Cluster) (clean bool, err error) {
	t.Helper()
	seen, err := b.ObserveCluster(t.Context(), spec)
	if err != nil {
		return false, err
	}
	return len(seen.Drift) == 0 && !seen.Gone && sameSpec(seen.Spec, spec), nil
}

// sameSpec compares what a configuration says, defaults of the cloud left out.
func sameSpec(a, b serving.Cluster) bool {
	a.LastSeen, b.LastSeen = nil, nil
	a.Network.ServiceCIDR, b.Network.ServiceCIDR = "", ""
	return reflect.DeepEqual(a, b)
}

func certificateDrift(t *testing.T, b *Backend, spec serving.Certificate) string {
	t.Helper()
	clean := func() (bool, string) {
		seen, err := b.ObserveCertificate(t.Context(), spec)
		if err != nil {
			// A body that is no certificate is seen as an error that says so.
			return false, err.Error()
		}
		return len(seen.Drift) == 0 && !seen.Gone && tidy(seen.Spec.Imported.CertificatePEM) == tidy(spec.Imported.CertificatePEM) && tidy(seen.Spec.Imported.ChainPEM) == tidy(spec.Imported.ChainPEM), fmt.Sprint(seen.Drift)
	}
	if ok, _ := clean(); ok {
		return "is not seen"
	}
	if _, err := b.UpdateCertificate(t.Context(), spec); err != nil {
		return "repair: " + err.Error()
	}
	if ok, why := clean(); !ok {
		return "after the repair it still shows: " + why
	}
	return ""
}

// TestDriftOfEveryObject removes objects behind the provider's back, with the
// calls that somebody would use.
func TestDriftOfEveryObject(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	spec := testCluster(serving.Public)
	seen, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.Network.Zones, spec.LastSeen = seen.Spec.Network.Zones, seen.Objects
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	o := clusterOwner(spec)
	for object, remove := range map[string]func(s *clusterStack) error{
		"security_group_rule/nodes": func(s *clusterStack) error {
			return removeAll(t, securityGroupRules{c, o}, "security_group_rule/nodes")
		},
		"listener_rules/https": func(s *clusterStack) error { return removeAll(t, listenerRules{c, s.https}, "listener_rules/https") },
		"listener/https":       func(s *clusterStack) error { return removeAll(t, listeners{c, s.loadBalancer, 443}, "listener/https") },
		"listener/http":        func(s *clusterStack) error { return removeAll(t, listeners{c, s.loadBalancer, 80}, "listener/http") },
		objectLoadBalancer: func(s *clusterStack) error {
			return removeAll(t, loadBalancers{c, o, bothSchemes(spec.Name)}, objectLoadBalancer)
		},
		"node_pool/gpu": func(s *clusterStack) error { return removeAll(t, nodeGroups{c, o, s.cluster}, "node_pool/gpu") },
		"access_entry/" + spec.KubernetesAPI.Admins[0]: func(s *clusterStack) error {
			return removeAll(t, accessEntries{c, o, s.cluster, spec.KubernetesAPI.Admins[0]}, objectAccessEntry+spec.KubernetesAPI.Admins[0])
		},
		"traffic_sources/cpu": func(s *clusterStack) error {
			return removeAll(t, trafficSources{c, s.pools["cpu"], bothSchemes(spec.Name)}, "")
		},
		"route_table/private/us-west-2a": func(s *clusterStack) error { return removeAll(t, routeTables{c, o}, "route_table/private/us-west-2a") },
		"nat_gateway/us-west-2b":         func(s *clusterStack) error { return removeAll(t, natGateways{c, o}, "nat_gateway/us-west-2b") },
	} {
		s := c.clusterStack(spec, remains{})
		if _, err := s.Observe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := remove(s); err != nil {
			t.Errorf("remove %s: %v", object, err)
			continue
		}
		b := testBackend(sandbox.URL)
		now, err := b.ObserveCluster(t.Context(), spec)
		if err != nil || len(now.Drift[object]) == 0 {
			t.Errorf("the removal of %s is not seen: drift %v, error %v", object, now.Drift, err)
		}
		repaired, err := b.UpdateCluster(t.Context(), spec)
		if err != nil {
			t.Errorf("repair of a removed %s: %v", object, err)
		}
		if len(repaired.Drift) != 0 {
			t.Errorf("after the repair of a removed %s: %v", object, repaired.Drift)
		}
		spec.LastSeen = repaired.Objects
	}
}

// TestDriftOfClusterSubnets moves the control plane to another subnet of a zone.
func TestDriftOfClusterSubnets(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	made, err := b.CreateCluster(t.Context(), testCluster(serving.Private))
	if err != nil {
		t.Fatal(err)
	}
	spec := inZones(testCluster(serving.Private))
	spec.LastSeen = made.Objects
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.ec2.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &made.VPC, CidrBlock: aws.String("10.40.192.0/24"), AvailabilityZone: aws.String("us-west-2a")})
	if err != nil {
		t.Fatal(err)
	}
	moved := []string{aws.ToString(other.Subnet.SubnetId), made.Objects["subnet/private/us-west-2b"]}
	if _, err := c.eks.UpdateClusterConfig(t.Context(), &eks.UpdateClusterConfigInput{Name: aws.String("prod"), ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: moved}}); err != nil {
		t.Fatal(err)
	}
	seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
	if err != nil || len(seen.Drift[objectCluster]) == 0 {
		t.Errorf("another subnet is not seen: %v, error %v", seen.Drift, err)
	}
	if repaired, err := b.UpdateCluster(t.Context(), spec); err != nil || len(repaired.Drift) != 0 {
		t.Errorf("repair: drift %v, error %v", repaired.Drift, err)
	}
}

// TestDriftOfPoolSize changes a node group's sizes where somebody would: on its
// Auto Scaling group.
func TestDriftOfPoolSize(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	spec := testCluster(serving.Private)
	seen, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.Network.Zones, spec.LastSeen = seen.Spec.Network.Zones, seen.Objects
	groups := autoscaling.NewFromConfig(somebody(t, b, neighbours["same account"]))
	_, name, _ := strings.Cut(seen.Objects[objectTrafficSources+"cpu"], "/")
	group := &name
	for name, change := range map[string]*autoscaling.UpdateAutoScalingGroupInput{
		"maximum": {AutoScalingGroupName: group, MaxSize: aws.Int32(11)},
		"minimum": {AutoScalingGroupName: group, MinSize: aws.Int32(1)},
	} {
		must(t, groups.UpdateAutoScalingGroup, change)
		now, err := b.ObserveCluster(t.Context(), spec)
		if err != nil || len(now.Drift) != 0 || reflect.DeepEqual(now.Spec.NodePools["cpu"], spec.NodePools["cpu"]) {
			t.Errorf("a changed %s is not seen as the attribute: %+v, drift %v, error %v", name, now.Spec.NodePools["cpu"], now.Drift, err)
		}
		if _, err := b.UpdateCluster(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		if clean, err := shows(t, b, spec); err != nil || !clean {
			t.Errorf("the %s is not repaired, error %v", name, err)
		}
	}
	// The desired size is the autoscaler's, and no drift.
	must(t, groups.UpdateAutoScalingGroup, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: group, DesiredCapacity: aws.Int32(5)})
	if clean, err := shows(t, testBackend(sandbox.URL), spec); err != nil || !clean {
		t.Errorf("a changed desired size shows, error %v", err)
	}
}

// removeAll deletes what a kind finds under a name.
func removeAll[W, L any](t *testing.T, kind stack.Kind[W, L], name string) error {
	t.Helper()
	found, err := kind.Find(t.Context(), name)
	if err != nil || len(found) == 0 {
		return fmt.Errorf("nothing to remove, error %w", err)
	}
	for _, l := range found {
		if err := kind.Delete(t.Context(), l); err != nil {
			return err
		}
	}
	return nil
}
