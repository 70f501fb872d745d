package aws

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// hopsOf writes hops as "name verdict".
func hopsOf(e serving.Exposure) string {
	var out []string
	for _, h := range e.Endpoint.Hops {
		out = append(out, h.Name+" "+string(h.Verdict))
	}
	return strings.Join(out, ", ")
}

// TestExposure opens a cluster behind the provider's back: exposure says so and why,
// what contradicts the visibility is drift, and an update repairs it.
func TestExposure(t *testing.T) {
	t.Parallel()
	zone := testRegion + "a"
	const shut, open = "load_balancer block, security_group block, route_back block", "load_balancer pass, security_group pass, route_back pass"
	for name, c := range map[string]struct {
		visibility serving.Visibility
		spoil      func(t *testing.T, c *client, made serving.ObservedCluster)
		// before and after are the hops without and with the change, drift an object
		// whose drift it is, and says a part of what contradicts the visibility.
		before, after, drift, says string
		reachable                  bool
	}{
		"a private subnet leads to the Internet": {serving.Private, func(t *testing.T, c *client, made serving.ObservedCluster) {
			must(t, c.ec2.ReplaceRoute, &ec2.ReplaceRouteInput{RouteTableId: aws.String(made.Objects[objectPrivateTable+zone]), DestinationCidrBlock: aws.String(anywhere), GatewayId: aws.String(made.Objects["internet_gateway"])})
		}, shut, "load_balancer block, security_group block, route_back block", objectPrivateTable + zone, "leads to the internet gateway igw-", false},
		"a private group lets everybody in": {serving.Private, func(t *testing.T, c *client, made serving.ObservedCluster) {
			authorize(t, c, made.Objects[objectSecurityGroup], anywhere)
		}, shut, "load_balancer block, security_group pass, route_back block", objectSecurityGroup, "answers to 0.0.0.0/0, which is not private", false},
		"a stranger's group": {serving.Private, func(t *testing.T, c *client, made serving.ObservedCluster) {
			group := must(t, c.ec2.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{GroupName: aws.String("stranger"), Description: aws.String("stranger"), VpcId: &made.VPC}).GroupId
			must(t, c.elb.SetSecurityGroups, &elb.SetSecurityGroupsInput{LoadBalancerArn: aws.String(made.Objects[objectLoadBalancer]), SecurityGroups: []string{made.Objects[objectSecurityGroup], *group}})
		}, shut, "load_balancer block, security_group unknown, route_back block", objectLoadBalancer, "", false},
		"a public subnet leads nowhere": {serving.Public, func(t *testing.T, c *client, made serving.ObservedCluster) {
			must(t, c.ec2.DeleteRoute, &ec2.DeleteRouteInput{RouteTableId: aws.String(made.Objects["route_table/public"]), DestinationCidrBlock: aws.String(anywhere)})
		}, open, "load_balancer pass, security_group pass, route_back block", "route_table/public", "", false},
		"a public subnet has another table": {serving.Public, func(t *testing.T, c *client, made serving.ObservedCluster) {
			tables := must(t, c.ec2.DescribeRouteTables, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{made.Objects["route_table/public"]}}).RouteTables
			must(t, c.ec2.DisassociateRouteTable, &ec2.DisassociateRouteTableInput{AssociationId: aws.String(associations(&tables[0])[made.Objects[objectPublicSubnet+zone]])})
		}, open, "load_balancer pass, security_group pass, route_back unknown", "route_table/public", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox, b := prepared(t)
			spec := smallCluster(c.visibility)
			made, err := b.CreateCluster(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			spec.LastSeen = made.Objects
			if e := made.Exposure.Endpoint; hopsOf(made.Exposure) != c.before || e.InternetReachable != (c.visibility == serving.Public) ||
				len(e.Subnets) != len(spec.Network.Zones) || len(e.SecurityGroups) != 1 || e.SecurityGroups[0] != made.Objects[objectSecurityGroup] {
				t.Errorf("exposure of the new cluster: %+v", e)
			}
			client, err := b.client(t.Context(), testRegion)
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(t, client, made)
			seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if hopsOf(seen.Exposure) != c.after || seen.Exposure.Endpoint.InternetReachable != c.reachable {
				t.Errorf("reachable %t over %+v, want %t over %q", seen.Exposure.Endpoint.InternetReachable, seen.Exposure.Endpoint.Hops, c.reachable, c.after)
			}
			if reasons := fmt.Sprint(seen.Drift[serving.ExposureDrift]); len(seen.Drift[c.drift]) == 0 || !strings.Contains(reasons, c.says) || (c.says == "") != (reasons == "[]") {
				t.Errorf("drift %v, want one of %s, and ...%s... of the exposure", seen.Drift, c.drift, c.says)
			}
			repaired, err := b.UpdateCluster(t.Context(), spec)
			if err != nil || len(repaired.Drift) > 0 || len(repaired.Advice) > 0 || hopsOf(repaired.Exposure) != c.before {
				t.Errorf("after the repair: drift %v, advice %v, %s, error %v", repaired.Drift, repaired.Advice, hopsOf(repaired.Exposure), err)
			}
		})
	}
}

// authorize lets a range into a group at every port.
func authorize(t *testing.T, c *client, group, cidr string) {
	t.Helper()
	must(t, c.ec2.AuthorizeSecurityGroupIngress, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []ec2types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(1), ToPort: aws.Int32(65535), IpRanges: []ec2types.IpRange{{CidrIp: &cidr}}}}})
}

// lodger is a private cluster in the network of another one.
func lodger(t *testing.T, b *Backend, cidr string) (spec serving.Cluster, landlord serving.ObservedCluster) {
	t.Helper()
	owner := smallCluster(serving.Private)
	owner.Name, owner.Network.CIDR = "landlord", cidr
	landlord, err := b.CreateCluster(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	spec = smallCluster(serving.Private)
	spec.Network = serving.Network{VPC: landlord.VPC, Subnets: landlord.PrivateSubnets}
	return spec, landlord
}

// TestExposureInExistingNetwork puts a private cluster into subnets that lead to the
// Internet. These routes are somebody else's: the user is told, nothing is changed,
// and the look at them is one call.
func TestExposureInExistingNetwork(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	// A network may have public addresses of its own, and who is in it is no stranger.
	spec, landlord := lodger(t, b, "198.18.0.0/16")
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	advised := func(what string, want int, got []string, err error) {
		t.Helper()
		if err != nil || len(got) != want || want > 0 && (!strings.Contains(got[0], "leads to the internet gateway igw-") || !strings.Contains(got[0], "Remove the route")) {
			t.Errorf("%s: %q, error %v; want %d of them", what, got, err, want)
		}
	}
	made, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	advised("in subnets that are private", 0, made.Advice, nil)
	must(t, c.ec2.ReplaceRoute, &ec2.ReplaceRouteInput{RouteTableId: aws.String(landlord.Objects[objectPrivateTable+testRegion+"a"]), DestinationCidrBlock: aws.String(anywhere), GatewayId: aws.String(landlord.Objects["internet_gateway"])})

	problems, err := testBackend(sandbox.URL).PreflightCluster(t.Context(), spec)
	var warnings []string
	for _, p := range problems {
		if p.Path != "network.subnets" || p.Severity != serving.SeverityWarning {
			t.Errorf("the plan has the problem %+v", p)
		}
		warnings = append(warnings, p.Detail)
	}
	advised("the plan", 1, warnings, err)

	sandbox.AWS.ResetCalls()
	seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
	advised("a refresh", 1, seen.Advice, err)
	if len(seen.Drift) > 0 || seen.Exposure.Endpoint.InternetReachable {
		t.Errorf("drift %v, exposure %+v", seen.Drift, seen.Exposure)
	}
	if got := strings.Count(actions(sandbox), "DescribeRouteTables "); got != 1 {
		t.Errorf("%d calls for route tables, want one: %s", got, actions(sandbox))
	}
	updated, err := b.UpdateCluster(t.Context(), spec)
	advised("an update", 1, updated.Advice, err)
	if len(updated.Drift) > 0 {
		t.Errorf("drift after an update: %v", updated.Drift)
	}
}

// actions are those that were called since the log began anew.
func actions(s *sandboxtest.Sandbox) string {
	out := ""
	for _, c := range s.AWS.Calls() {
		out += c.Action + " "
	}
	return out
}
