package aws

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// changedPeering differs in everything that can change on a living peering.
func changedPeering(spec serving.Peering) serving.Peering {
	spec.DNS, spec.Tags = false, map[string]string{"team": "search"}
	spec.CIDRs = []string{"10.60.1.0/24", "10.60.2.0/24"}
	return spec
}

// peeringCrashes are the verbs to die in.
var peeringCrashes = []struct {
	name string
	made bool
	run  func(t *testing.T, b *Backend, spec serving.Peering) error
	// after is what must exist in the end, nil for nothing.
	after func(serving.Peering) serving.Peering
	// least is how many calls there are.
	least int
}{
	{"create", false, func(t *testing.T, b *Backend, spec serving.Peering) error {
		_, err := b.CreatePeering(t.Context(), spec)
		return err
	}, func(spec serving.Peering) serving.Peering { return spec }, 10},
	{"update", true, func(t *testing.T, b *Backend, spec serving.Peering) error {
		_, err := b.UpdatePeering(t.Context(), changedPeering(spec))
		return err
	}, changedPeering, 12},
	{"destroy", true, func(t *testing.T, b *Backend, spec serving.Peering) error {
		return b.DestroyPeering(t.Context(), spec)
	}, nil, 7},
}

// TestPeeringCrashAtEveryMutatingCall lets the provider die at its n-th mutating
// call, with the call refused or carried out and its answer lost; then the same
// verb runs again.
func TestPeeringCrashAtEveryMutatingCall(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"same account", "other account and another region"} {
		for _, c := range peeringCrashes {
			for _, lost := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/lost=%v", place, c.name, lost), func(t *testing.T) {
					t.Parallel()
					sandbox, b, _ := clustered(t)
					for n := 0; ; n++ {
						spec := testPeering(t, b, neighbours[place])
						if c.made {
							made, err := b.CreatePeering(t.Context(), spec)
							if err != nil {
								t.Fatal(err)
							}
							spec.LastSeen = made.Objects
						}
						if n > 0 {
							die(sandbox.AWS, n, lost)
						}
						err := c.run(t, mortal(sandbox.URL), spec)
						sandbox.AWS.ClearFaults()
						if n > 0 && err == nil {
							if n <= c.least {
								t.Errorf("only %d calls were reached", n-1)
							}
							t.Logf("%d mutating calls", n-1)
							return
						}
						if n == 0 && err != nil {
							t.Fatal(err)
						}
						if n > 0 {
							err = c.run(t, testBackend(sandbox.URL), spec)
							var sealed *stack.ExistsError
							if lost && errors.As(err, &sealed) {
								err = nil
							}
							if err != nil {
								t.Errorf("resume after call %d: %v", n, err)
							}
						}
						if c.after != nil {
							spec = c.after(spec)
							settledPeering(t, testBackend(sandbox.URL), spec)
							connections(t, b, spec, 1)
							if err := testBackend(sandbox.URL).DestroyPeering(t.Context(), spec); err != nil {
								t.Errorf("destroy after call %d: %v", n, err)
							}
						}
						connections(t, b, spec, 0)
						noRoutes(t, b, spec)
						if cluster := smallCluster(serving.Private); n%5 == 0 {
							if ok, err := shows(t, testBackend(sandbox.URL), cluster); err != nil || !ok {
								t.Errorf("after call %d the cluster shows a difference, error %v", n, err)
							}
						}
						dropVPC(t, b, spec)
					}
				})
			}
		}
	}
}

// connections asserts how many connections of a peering have not ended.
func connections(t *testing.T, b *Backend, spec serving.Peering, want int) {
	t.Helper()
	c := theirClient(t, b, spec)
	found, err := c.peeringsOf(t.Context(), spec.Peer.VPC)
	if err != nil || len(found) != want {
		t.Errorf("%d connections, want %d, error %v", len(found), want, err)
	}
}

// dropVPC makes room for the next VPC, as a region has few.
func dropVPC(t *testing.T, b *Backend, spec serving.Peering) {
	t.Helper()
	c := theirClient(t, b, spec)
	tables, err := c.readVPCTables(t.Context(), []string{spec.Peer.VPC})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables[spec.Peer.VPC] {
		for subnet, link := range associations(&table) {
			_, err1 := c.ec2.DisassociateRouteTable(t.Context(), &ec2.DisassociateRouteTableInput{AssociationId: &link})
			_, err2 := c.ec2.DeleteSubnet(t.Context(), &ec2.DeleteSubnetInput{SubnetId: &subnet})
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
		}
		if isMain(table) {
			continue
		}
		if _, err := c.ec2.DeleteRouteTable(t.Context(), &ec2.DeleteRouteTableInput{RouteTableId: table.RouteTableId}); err != nil {
			t.Fatal(err)
		}
	}
	subnets, err := c.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range subnets.Subnets {
		if aws.ToString(s.VpcId) == spec.Peer.VPC {
			if _, err := c.ec2.DeleteSubnet(t.Context(), &ec2.DeleteSubnetInput{SubnetId: s.SubnetId}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := c.ec2.DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: &spec.Peer.VPC}); err != nil {
		t.Fatal(err)
	}
}

// TestPeeringOutlivesNothing removes the cluster or the connection first, and then
// the peering: what is left on the peer's side goes.
func TestPeeringOutlivesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"connection", "cluster"} {
		for _, refreshed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/refreshed=%v", name, refreshed), func(t *testing.T) {
				t.Parallel()
				sandbox, b, cluster := clustered(t)
				spec := testPeering(t, b, neighbours["other account and another region"])
				before := kinds(sandbox.AWS.Census())
				made, err := b.CreatePeering(t.Context(), spec)
				if err != nil {
					t.Fatal(err)
				}
				spec.LastSeen = made.Objects
				if _, err := theirClient(t, b, spec).ec2.DeleteVpcPeeringConnection(t.Context(), &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: &made.ConnectionID}); err != nil {
					t.Fatal(err)
				}
				if name == "cluster" {
					if err := b.DestroyCluster(t.Context(), cluster); err != nil {
						t.Fatal(err)
					}
					before = nil
				}
				if refreshed {
					seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec)
					if err != nil || seen.Gone || seen.Objects[objectPeerRoutes] == "" {
						t.Fatalf("gone %v, objects %v, error %v", seen.Gone, seen.Objects, err)
					}
					spec.LastSeen = seen.Objects
				}
				if err := testBackend(sandbox.URL).DestroyPeering(t.Context(), spec); err != nil {
					t.Fatal(err)
				}
				noRoutes(t, b, spec)
				if now := kinds(sandbox.AWS.Census()); before != nil && !maps.Equal(now, before) {
					t.Errorf("left %v, before there was %v", now, before)
				}
				if seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec); err != nil || !seen.Gone {
					t.Errorf("gone %v, objects %v, error %v", seen.Gone, seen.Objects, err)
				}
			})
		}
	}
}
