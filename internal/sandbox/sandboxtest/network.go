package sandboxtest

import (
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/peer"
)

// VPC makes a network that no provider under test has made. The role says in whose account, empty is that of the sandbox's own
// credentials.
func (s *Sandbox) VPC(t testing.TB, role, region, cidr string) (id string) {
	t.Helper()
	id, err := peer.VPC(t.Context(), s.URL, role, region, cidr)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
