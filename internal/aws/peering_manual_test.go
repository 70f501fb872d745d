package aws

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestPeeringByHand leaves the acceptance to the peer's owner.
func TestPeeringByHand(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"accepted", "rejected"} {
		for _, role := range []string{peerRole, ""} {
			t.Run(fmt.Sprintf("%s/role=%v", answer, role != ""), func(t *testing.T) {
				t.Parallel()
				sandbox, b, _ := clustered(t)
				spec := testPeering(t, b, here)
				theirs := theirClient(t, b, spec)
				whole := spec
				spec.Accept, spec.Peer.AccountID, spec.Peer.AssumeRoleARN = serving.AcceptManual, peerAccount, role
				made, err := b.CreatePeering(t.Context(), spec)
				if err != nil || made.Status != serving.PeeringPending || made.ConnectionID == "" || len(made.Drift) > 0 || len(made.Objects) != 1 {
					t.Fatalf("%+v, error %v", made, err)
				}
				spec.LastSeen = made.Objects
				settledPeering(t, testBackend(sandbox.URL), spec)
				if again, err := testBackend(sandbox.URL).UpdatePeering(t.Context(), spec); err != nil || again.ConnectionID != made.ConnectionID {
					t.Errorf("%+v, error %v", again, err)
				}
				if answer == "rejected" {
					must(t, ec2.NewFromConfig(somebody(t, b, here)).RejectVpcPeeringConnection, &ec2.RejectVpcPeeringConnectionInput{VpcPeeringConnectionId: &made.ConnectionID})
					seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec)
					if err != nil || !seen.Gone || !strings.Contains(seen.Ended, made.ConnectionID+" is rejected") {
						t.Errorf("gone %v, ended %q, error %v", seen.Gone, seen.Ended, err)
					}
					spec.LastSeen = nil
					if again, err := testBackend(sandbox.URL).CreatePeering(t.Context(), spec); err != nil || again.Status != serving.PeeringPending || again.ConnectionID == made.ConnectionID {
						t.Errorf("%+v, error %v", again, err)
					}
					return
				}
				if _, err := theirs.ec2.AcceptVpcPeeringConnection(t.Context(), &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: &made.ConnectionID}); err != nil {
					t.Fatal(err)
				}
				if problem := repairs(t, sandbox, &spec); problem != "" {
					t.Error(problem)
				}
				seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec)
				if err != nil || seen.Status != serving.PeeringActive || seen.Objects[objectClusterRoutes] == "" || (seen.Objects[objectPeerRoutes] != "") != (role != "") {
					t.Errorf("%+v, error %v", seen, err)
				}
				// Ended by the peer's owner and asked for again: nothing of before stays.
				if _, err := theirs.ec2.DeleteVpcPeeringConnection(t.Context(), &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: &made.ConnectionID}); err != nil {
					t.Fatal(err)
				}
				if problem := repairs(t, sandbox, &spec); problem != "" {
					t.Error(problem)
				}
				if role != "" {
					noRoutes(t, b, whole)
				}
				if len(spec.LastSeen) != 1 || spec.LastSeen[objectConnection] == made.ConnectionID {
					t.Errorf("objects %v", spec.LastSeen)
				}
				if err := testBackend(sandbox.URL).DestroyPeering(t.Context(), spec); err != nil {
					t.Error(err)
				}
				connections(t, b, serving.Peering{Cluster: spec.Cluster, Peer: serving.Peer{VPC: spec.Peer.VPC, AssumeRoleARN: peerRole}}, 0)
			})
		}
	}
}
