package gcp

import (
	"maps"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

func TestClusterLifecycle(t *testing.T) {
	t.Parallel()
	for _, visibility := range []serving.Visibility{serving.Private, serving.Public} {
		t.Run(string(visibility), func(t *testing.T) {
			t.Parallel()
			sandbox, b := prepared(t)
			before := kinds(sandbox.Census())
			seen, err := b.CreateCluster(t.Context(), testCluster(visibility))
			if err != nil {
				t.Fatal(err)
			}
			if len(seen.Drift) != 0 || seen.Hostname == "" || seen.KubernetesURL == "" {
				t.Fatalf("after create: drift %v, host name %q, Kubernetes at %q", seen.Drift, seen.Hostname, seen.KubernetesURL)
			}
			clean, err := shows(t, testBackend(sandbox.URL), inZones(testCluster(visibility)))
			if err != nil || !clean {
				t.Errorf("a plan after create is not empty, error %v", err)
			}
			imported, err := testBackend(sandbox.URL).ReadCluster(t.Context(), seen.Spec.ID())
			if err != nil || len(imported.Drift) != 0 {
				t.Errorf("import: drift %v, error %v", imported.Drift, err)
			}
			imported.Spec.Gateway = seen.Spec.Gateway // There is no Kubernetes API to ask.
			if !sameSpec(imported.Spec, seen.Spec) {
				t.Errorf("import gives\n%+v, want\n%+v", imported.Spec, seen.Spec)
			}
			if err := b.DestroyCluster(t.Context(), seen.Spec); err != nil {
				t.Fatal(err)
			}
			if now := kinds(sandbox.Census()); !maps.Equal(now, before) {
				t.Fatalf("left after destroy: %v, before %v", now, before)
			}
			if err := b.DestroyCertificate(t.Context(), testCertificate(t)); err != nil {
				t.Fatal(err)
			}
			if census := sandbox.Census(); census.Total != 0 {
				t.Fatalf("left after destroy: %+v", census)
			}
		})
	}
}
