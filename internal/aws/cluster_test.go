package aws

import (
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

func TestClusterLifecycle(t *testing.T) {
	t.Parallel()
	for _, visibility := range []serving.Visibility{serving.Private, serving.Public} {
		t.Run(string(visibility), func(t *testing.T) {
			t.Parallel()
			sandbox, b := prepared(t)
			seen, err := b.CreateCluster(t.Context(), testCluster(visibility))
			if err != nil {
				t.Fatal(err)
			}
			if len(seen.Drift) != 0 || seen.Hostname == "" {
				t.Fatalf("after create: drift %v, host name %q", seen.Drift, seen.Hostname)
			}
			if err := b.DestroyCluster(t.Context(), seen.Spec); err != nil {
				t.Fatal(err)
			}
			if err := b.DestroyCertificate(t.Context(), testCertificate(t)); err != nil {
				t.Fatal(err)
			}
			if census := sandbox.AWS.Census(); census.Total != 1 {
				t.Fatalf("left after destroy: %+v", census)
			}
		})
	}
}
