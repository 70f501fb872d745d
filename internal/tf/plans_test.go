package tf_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type call struct {
	config          string
	create, replace bool
}

func TestClaim(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		calls []call
		want  bool
	}{
		{"created", []call{{"a", true, false}}, true},
		{"updated", []call{{"a", false, false}}, true},
		{"replaced", []call{{"a", false, true}, {"a", true, false}}, true},
		{"replacement is forced by the user", []call{{"a", false, false}, {"a", true, false}}, true},
		{"two are created", []call{{"a", true, false}, {"b", true, false}}, false},
		{"two are created of one configuration, as by count", []call{{"a", true, false}, {"a", true, false}}, false},
		{"one exists and another is created", []call{{"a", false, false}, {"b", true, false}}, false},
		{"two exist", []call{{"a", false, false}, {"b", false, false}}, false},
		{"one is replaced and another is created", []call{{"a", false, true}, {"a", true, false}, {"b", true, false}}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			plans, ok := tf.NewPlans(), true
			for _, c := range tc.calls {
				ok = plans.Claim("serving_cluster", "aws/us-west-2/prod", tftypes.NewValue(tftypes.String, c.config), c.create, c.replace) && ok
			}
			if ok != tc.want {
				t.Errorf("got %t, want %t", ok, tc.want)
			}
			if !plans.Claim("serving_certificate", "aws/us-west-2/prod", tftypes.NewValue(tftypes.String, "a"), true, false) {
				t.Error("a resource of another type was refused the id")
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	plans := tf.NewPlans()
	plans.NoteCertificate("known", &serving.CertificateInfo{SHA256: "ab"})
	plans.NoteCertificate("unknown", nil)
	if info, planned := plans.Certificate("known"); !planned || info.SHA256 != "ab" {
		t.Errorf("known: got %v %t", info, planned)
	}
	if info, planned := plans.Certificate("unknown"); !planned || info != nil {
		t.Errorf("unknown: got %v %t", info, planned)
	}
	if _, planned := plans.Certificate("elsewhere"); planned {
		t.Error("elsewhere: got one, want none")
	}
}
