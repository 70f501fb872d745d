package aws

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// unownedByPeering lists the fields of a peering's objects that are exempt from
// being seen, as unowned does for the cluster's.
var unownedByPeering = map[string]map[string]string{
	"ec2.vpc_peering_connection": {
		`/VpcPeeringConnectionId`: computed,
		`/(Requester|Accepter)VpcInfo/(OwnerId|Region|VpcId|CidrBlock.*|Ipv6.*)`: immutable,
		`/(Status/.*|ExpirationTime|Forgotten.*)`:                                computed,
	},
	"ec2.route_table":         {`/Routes/\d+/(Origin|State)`: computed},
	"ec2.security_group_rule": unowned["ec2.security_group_rule"],
}

// peeringFields are the fields of what a peering owns: routes and rules live in
// objects of others.
func peeringFields(t *testing.T, sandbox *sandboxtest.Sandbox, spec serving.Peering) (fields []sandboxaws.Field, objects map[sandboxaws.Object]map[string]any) {
	t.Helper()
	everything, err := sandbox.AWS.Fields()
	if err != nil {
		t.Fatal(err)
	}
	objects = map[sandboxaws.Object]map[string]any{}
	for _, f := range everything {
		if objects[f.Object] == nil {
			objects[f.Object] = map[string]any{}
		}
		objects[f.Object][f.Path] = f.Value
	}
	for _, f := range everything {
		route := regexp.MustCompile(`^/Routes/\d+`).FindString(f.Path)
		switch {
		case f.Kind == "ec2.vpc_peering_connection":
		case f.Kind == "ec2.route_table" && route != "" && objects[f.Object][route+"/VpcPeeringConnectionId"] != nil:
		case f.Kind == "ec2.security_group_rule" && objects[f.Object]["/Description"] == peeringOwner(spec).stack:
		default:
			continue
		}
		fields = append(fields, f)
	}
	return fields, objects
}

// TestPeeringDriftOfEveryField changes each field of each object behind the
// provider's back and asserts that it is seen and repaired.
func TestPeeringDriftOfEveryField(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"same account", "other account and another region"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			sandbox, b, _ := clustered(t)
			spec := testPeering(t, b, neighbours[place])
			made, err := b.CreatePeering(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			spec.LastSeen = made.Objects
			fields, objects := peeringFields(t, sandbox, spec)
			reasons, tested := map[string]int{}, 0
			for _, f := range fields {
				reason := ""
				for pattern, why := range unownedByPeering[f.Kind] {
					if regexp.MustCompile(`^` + pattern + `$`).MatchString(f.Path) {
						reason = why
					}
				}
				if reason != "" {
					reasons[reason]++
					continue
				}
				tested++
				f = successor(t, sandbox, objects, f)
				spoilt := spoil(t, f)
				if err := sandbox.AWS.Mutate(spoilt); err != nil {
					t.Errorf("%s %s: %v", f.Kind, f.Path, err)
					continue
				}
				if problem := repairs(t, sandbox, &spec); problem != "" {
					t.Errorf("%s %s %s = %v: %s", f.Kind, f.ID, f.Path, spoilt.Value, problem)
					_ = sandbox.AWS.Mutate(f)
				}
			}
			t.Logf("%d fields: %d tested, exempt: %v", len(fields), tested, reasons)
			if tested < 25 {
				t.Errorf("only %d fields were tested", tested)
			}
		})
	}
}

// repairs refreshes and applies as Terraform does, and says what was wrong.
func repairs(t *testing.T, sandbox *sandboxtest.Sandbox, spec *serving.Peering) string {
	t.Helper()
	seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), *spec)
	switch {
	case err != nil:
		return "observe: " + err.Error()
	case len(seen.Drift) == 0 && seen.Spec.DNS == spec.DNS:
		return "is not seen"
	}
	spec.LastSeen = seen.Objects
	repaired, err := testBackend(sandbox.URL).UpdatePeering(t.Context(), *spec)
	if err != nil {
		return "repair: " + err.Error()
	}
	spec.LastSeen = repaired.Objects
	again, err := testBackend(sandbox.URL).ObservePeering(t.Context(), *spec)
	if err != nil || len(again.Drift) > 0 || again.Spec.DNS != spec.DNS {
		return "after the repair it still shows"
	}
	return ""
}

// TestPeeringDriftOfEveryObject removes or adds what somebody could, with the
// calls that somebody would use.
func TestPeeringDriftOfEveryObject(t *testing.T) {
	t.Parallel()
	sandbox, b, cluster := clustered(t)
	home, there := neighbours["same account"], neighbours["other account and another region"]
	spec := testPeering(t, b, there)
	made, err := b.CreatePeering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	ours, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	theirs := theirClient(t, b, spec)
	seen, err := b.ObserveCluster(t.Context(), cluster)
	if err != nil {
		t.Fatal(err)
	}
	drop := func(c *client, object string) error {
		r := routesSeen(spec.LastSeen[object])[0]
		_, err := c.ec2.DeleteRoute(t.Context(), &ec2.DeleteRouteInput{RouteTableId: &r.Table, DestinationCidrBlock: &r.Destination})
		return err
	}
	widen := func(n neighbour, vpc, cidr string) error {
		_, err := ec2.NewFromConfig(somebody(t, b, n)).AssociateVpcCidrBlock(t.Context(), &ec2.AssociateVpcCidrBlockInput{VpcId: &vpc, CidrBlock: &cidr})
		return err
	}
	for _, change := range []struct {
		name string
		do   func() error
	}{
		{"a route of the cluster", func() error { return drop(ours, objectClusterRoutes) }},
		{"a route of the peer", func() error { return drop(theirs, objectPeerRoutes) }},
		{"a route leads elsewhere", func() error {
			r := routesSeen(spec.LastSeen[objectClusterRoutes])[0]
			_, err := ours.ec2.ReplaceRoute(t.Context(), &ec2.ReplaceRouteInput{RouteTableId: &r.Table, DestinationCidrBlock: &r.Destination, NatGatewayId: aws.String(seen.Objects[objectNAT+"us-west-2a"])})
			return err
		}},
		{"all routes of the cluster", func() error {
			for _, r := range routesSeen(spec.LastSeen[objectClusterRoutes]) {
				if _, err := ours.ec2.DeleteRoute(t.Context(), &ec2.DeleteRouteInput{RouteTableId: &r.Table, DestinationCidrBlock: &r.Destination}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"another route through the connection", func() error {
			r := routesSeen(spec.LastSeen[objectPeerRoutes])[0]
			_, err := theirs.ec2.CreateRoute(t.Context(), &ec2.CreateRouteInput{RouteTableId: &r.Table, DestinationCidrBlock: aws.String("10.99.0.0/16"), VpcPeeringConnectionId: &r.Connection})
			return err
		}},
		{"the rule of the load balancer", func() error {
			group := strings.Fields(spec.LastSeen[objectIngress])[0]
			_, err := ours.ec2.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, CidrIp: aws.String("10.60.0.0/16"), IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443)})
			return err
		}},
		{"a further range of the peer", func() error { return widen(there, spec.Peer.VPC, "10.61.0.0/16") }},
		{"a further range of the cluster", func() error { return widen(home, seen.VPC, "10.41.0.0/16") }},
		{"the connection, by the peer", func() error {
			id := spec.LastSeen[objectConnection]
			_, err := theirs.ec2.DeleteVpcPeeringConnection(t.Context(), &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: &id})
			return err
		}},
	} {
		if err := change.do(); err != nil {
			t.Errorf("%s: %v", change.name, err)
			continue
		}
		if problem := repairs(t, sandbox, &spec); problem != "" {
			t.Errorf("%s: %s", change.name, problem)
		}
	}
}

// TestPeeringFollowsTheLoadBalancer changes the cluster's visibility, which
// replaces the security group: the peering finds its rule in the new one.
func TestPeeringFollowsTheLoadBalancer(t *testing.T) {
	t.Parallel()
	sandbox, b, cluster := clustered(t)
	spec := testPeering(t, b, neighbours["same account"])
	made, err := b.CreatePeering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	for _, visibility := range []serving.Visibility{serving.Public, serving.Private} {
		cluster.Visibility = visibility
		changed, err := b.UpdateCluster(t.Context(), cluster)
		if err != nil {
			t.Fatal(err)
		}
		cluster.LastSeen = changed.Objects
		seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec)
		if err != nil || len(seen.Drift) > 0 {
			t.Errorf("after the change to %s the peering shows %v, error %v", visibility, seen.Drift, err)
		}
		spec.LastSeen = seen.Objects
		if group := changed.Objects[objectSecurityGroup]; !strings.HasPrefix(spec.LastSeen[objectIngress], group) {
			t.Errorf("the rule is at %q and the group is %s", spec.LastSeen[objectIngress], group)
		}
		if ok, err := shows(t, testBackend(sandbox.URL), cluster); err != nil || !ok {
			t.Errorf("the cluster shows a difference, error %v", err)
		}
	}
}
