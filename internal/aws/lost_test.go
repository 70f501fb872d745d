package aws

import (
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestOneLostAnswer drops the answer of one mutating call after another. The
// call was carried out, and the same run has to find that out: nothing twice,
// and no error.
func TestOneLostAnswer(t *testing.T) {
	t.Parallel()
	var clean map[string]int
	for n := 0; ; n++ {
		sandbox := newSandbox(t)
		b := testBackend(sandbox.URL)
		withOps(t, b)
		if n > 0 {
			sandbox.AWS.AddFault(sandboxaws.Fault{Mutating: true, Nth: n, DropAnswer: true})
		}
		sandbox.AWS.ResetCalls()
		certificate := testCertificate(t)
		if _, err := b.CreateCertificate(t.Context(), certificate); err != nil {
			t.Fatalf("call %d, certificate: %v", n, err)
		}
		seen, err := b.CreateCluster(t.Context(), testCluster(serving.Public))
		if err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
		if len(seen.Drift) != 0 {
			t.Errorf("call %d: drift %v", n, seen.Drift)
		}
		now := kinds(sandbox.AWS.Census())
		if clean == nil {
			clean = now
		}
		if !maps.Equal(now, clean) {
			t.Errorf("call %d: there is %v, without a lost answer %v", n, now, clean)
		}
		mutating := 0
		for _, call := range sandbox.AWS.Calls() {
			if call.Mutating {
				mutating++
			}
		}
		if err := sandbox.Close(); err != nil {
			t.Fatal(err)
		}
		if n >= mutating {
			if n < 40 {
				t.Errorf("only %d calls were reached", n)
			}
			return
		}
	}
}

// TestFailedUpdateStaysVisible lets the removals of an update fail and asserts
// that what is left is seen, and that exposure tells what still serves.
func TestFailedUpdateStaysVisible(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	made, err := b.CreateCluster(t.Context(), testCluster(serving.Public))
	if err != nil {
		t.Fatal(err)
	}
	spec := changedCluster()
	spec.LastSeen = made.Objects
	for _, action := range []string{"DeleteNodegroup", "DeleteAccessEntry", "DeleteLoadBalancer"} {
		sandbox.AWS.AddFault(sandboxaws.Fault{Action: action, Code: "AccessDenied", Status: 403, Message: "no"})
	}
	if _, err := b.UpdateCluster(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Fatalf("an update that may not remove: %v", err)
	}
	sandbox.AWS.ClearFaults()
	seen, err := b.ObserveCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{"node_pool/gpu", "access_entry/arn:aws:iam::123456789012:role/ops", objectLoadBalancer} {
		if len(seen.Drift[object]) == 0 {
			t.Errorf("%s is not seen: %v", object, seen.Drift)
		}
	}
	if !seen.Exposure.Endpoint.InternetReachable || len(seen.Exposure.Contradictions(spec)) == 0 {
		t.Errorf("the public load balancer still serves, and exposure says %+v", seen.Exposure)
	}
	if _, err := b.UpdateCluster(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if seen, err = b.ObserveCluster(t.Context(), spec); err != nil || len(seen.Drift) != 0 || seen.Exposure.Endpoint.InternetReachable {
		t.Errorf("after the repair: drift %v, exposure %+v, error %v", seen.Drift, seen.Exposure, err)
	}
}

// TestIntrudersAreSeen adds what a field of ours does not show: a rule with a
// misleading description, and a listener that goes past the others.
func TestIntrudersAreSeen(t *testing.T) {
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
	_, err = c.ec2.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: aws.String(made.Objects[objectSecurityGroup]),
		IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(1), ToPort: aws.Int32(65535),
			IpRanges: []ec2types.IpRange{{CidrIp: aws.String("198.51.100.0/24"), Description: aws.String("serving:peering/apps")}}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.elb.CreateListener(t.Context(), &elb.CreateListenerInput{
		LoadBalancerArn: aws.String(made.Objects[objectLoadBalancer]), Port: aws.Int32(8443), Protocol: elbtypes.ProtocolEnumHttp,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: aws.String(made.Objects["target_group"])}}})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
	if err != nil || len(seen.Drift[objectSecurityGroup]) == 0 || len(seen.Drift["listener/other"]) == 0 {
		t.Errorf("drift %v, error %v", seen.Drift, err)
	}
	if len(seen.Exposure.Contradictions(spec)) == 0 {
		t.Errorf("exposure %+v contradicts nothing", seen.Exposure)
	}
	repaired, err := b.UpdateCluster(t.Context(), spec)
	if err != nil || len(repaired.Drift) != 0 {
		t.Errorf("repair: drift %v, error %v", repaired.Drift, err)
	}
}

// TestZonesAreAdded grows a cluster by a zone.
func TestZonesAreAdded(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	made, err := b.CreateCluster(t.Context(), testCluster(serving.Private))
	if err != nil {
		t.Fatal(err)
	}
	spec := inZones(testCluster(serving.Private))
	spec.LastSeen = made.Objects
	spec.Network.Zones = append(spec.Network.Zones, "us-west-2c")
	grown, err := b.UpdateCluster(t.Context(), spec)
	if err != nil || len(grown.Drift) != 0 || len(grown.PrivateSubnets) != 3 {
		t.Fatalf("subnets %v, drift %v, error %v", grown.PrivateSubnets, grown.Drift, err)
	}
	if err := b.DestroyCluster(t.Context(), grown.Spec); err != nil {
		t.Fatal(err)
	}
	if left := sandbox.AWS.Census(); left.Total != 2 {
		t.Errorf("left: %v", kinds(left))
	}
}
