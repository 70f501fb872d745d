package certificate_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-testing/config"
	acc "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/modelserving/terraform-provider-serving/internal/certificate"
	"github.com/modelserving/terraform-provider-serving/internal/cluster"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

const (
	address = "serving_certificate.test"
	id      = "aws/us-west-2/models"
	domain  = "models.example.com"
)

func world() (*tftest.Backend, *tftest.Provider) {
	backend := &tftest.Backend{Region: "us-west-2", Fail: map[string]func(context.Context) error{}}
	return backend, &tftest.Provider{
		Backend:       backend,
		DefaultTags:   map[string]string{"team": "ml"},
		ResourceTypes: []func() resource.Resource{certificate.NewResource, cluster.NewResource},
		FunctionTypes: []func() function.Function{certificate.NewCertificateInfo},
	}
}

func step(certificate, key string, change ...func(*acc.TestStep)) acc.TestStep {
	s := acc.TestStep{ConfigFile: config.StaticFile("testdata/certificate.tf"), ConfigVariables: config.Variables{
		"certificate": config.StringVariable(certificate), "key": config.StringVariable(key),
	}}
	for _, c := range change {
		c(&s)
	}
	return s
}

func with(name string, value config.Variable) func(*acc.TestStep) {
	return func(s *acc.TestStep) { s.ConfigVariables[name] = value }
}

func plans(checks ...plancheck.PlanCheck) func(*acc.TestStep) {
	return func(s *acc.TestStep) {
		s.ConfigPlanChecks.PreApply = checks
		s.ConfigPlanChecks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
	}
}

func stores(name string, value knownvalue.Check) func(*acc.TestStep) {
	return func(s *acc.TestStep) {
		s.ConfigStateChecks = append(s.ConfigStateChecks, statecheck.ExpectKnownValue(address, tfjsonpath.New(name), value))
	}
}

func fails(pattern string) func(*acc.TestStep) {
	return func(s *acc.TestStep) { s.ExpectError = regexp.MustCompile(pattern) }
}

func before(run func()) func(*acc.TestStep) { return func(s *acc.TestStep) { s.PreConfig = run } }

func planned(name string, value knownvalue.Check) plancheck.PlanCheck {
	return plancheck.ExpectKnownValue(address, tfjsonpath.New(name), value)
}

func run(t *testing.T, p *tftest.Provider, steps ...acc.TestStep) {
	t.Helper()
	acc.Test(t, acc.TestCase{ProtoV6ProviderFactories: p.Factories(), Steps: steps})
}

func TestAccCertificateRotation(t *testing.T) {
	t.Parallel()
	first, firstKey := tftest.SelfSigned(t, domain)
	second, secondKey := tftest.SelfSigned(t, domain)
	_, p := world()
	run(t, p,
		step(first, firstKey, plans(
			planned("id", knownvalue.StringExact(id)),
			planned("private_key_version", knownvalue.Int64Exact(1)),
			planned("key_algorithm", knownvalue.StringExact("EC_prime256v1")),
			planned("domains", knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact(domain)})),
		), stores("arn", knownvalue.StringExact("arn:aws:acm:us-west-2:123456789012:certificate/models"))),
		// The same text in another form is no change.
		step("\n"+strings.ReplaceAll(first, "\n", "\r\n")+"\n\n", firstKey+"\n", plans(plancheck.ExpectEmptyPlan())),
		step(second, secondKey, plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			planned("private_key_version", knownvalue.Int64Exact(2)),
			planned("arn", knownvalue.NotNull()),
			planned("fingerprint_sha256", knownvalue.NotNull()),
		)),
		step(second, firstKey, fails("Private key does not match")),
		step(second, secondKey, with("name", config.StringVariable("other")), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
		)),
	)
}

func TestAccCertificateDrift(t *testing.T) {
	t.Parallel()
	first, key := tftest.SelfSigned(t, domain)
	foreign, _ := tftest.SelfSigned(t, "stranger.example.com")
	backend, p := world()
	run(t, p,
		step(first, key, plans()),
		step(first, key, before(func() {
			backend.ChangeCertificate(id, func(c *tftest.Certificate) { c.Spec.Imported.CertificatePEM = foreign })
		}), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			plancheck.ExpectKnownValue(address, tfjsonpath.New("imported").AtMapKey("certificate_pem"), knownvalue.StringExact(first)),
		), stores("domains", knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact(domain)}))),
		step(first, key, before(func() {
			backend.ChangeCertificate(id, func(c *tftest.Certificate) { c.Drift = map[string][]string{"certificate": {"tags"}} })
		}), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			planned("drift", knownvalue.MapSizeExact(0)),
		)),
		step(first, key, before(func() {
			backend.Fail["UpdateCertificate"] = func(context.Context) error { return errors.New("LimitExceeded: too many") }
		}), with("name", config.StringVariable("models")), plans(plancheck.ExpectEmptyPlan())),
	)
}

// A key that could not be stored is noticed again.
func TestAccCertificateFailedRotation(t *testing.T) {
	t.Parallel()
	first, firstKey := tftest.SelfSigned(t, domain)
	second, secondKey := tftest.SelfSigned(t, domain)
	backend, p := world()
	run(t, p,
		step(first, firstKey, plans()),
		step(second, secondKey, before(func() {
			backend.Fail["UpdateCertificate"] = func(context.Context) error { return errors.New("LimitExceeded: too many") }
		}), fails("LimitExceeded")),
		step(second, secondKey, before(func() { clear(backend.Fail) }), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			planned("private_key_version", knownvalue.Int64Exact(2)),
		)),
	)
}

func TestAccCertificateOfCluster(t *testing.T) {
	t.Parallel()
	certificate, key := tftest.SelfSigned(t, domain)
	backend, p := world()
	yes := with("cluster", config.BoolVariable(true))
	run(t, p,
		step(certificate, key, yes, with("domain", config.StringVariable("other.example.com")), fails("Certificate does not cover the domain")),
		step(certificate, key, yes, plans()),
	)
	for _, spec := range backend.Preflights() {
		// The cloud is not asked for a certificate that the same plan makes.
		if spec.Known("endpoint.certificate_id") {
			t.Errorf("preflight was asked for the certificate %s", spec.Endpoint.CertificateID)
		}
	}
}

func TestAccCertificateImport(t *testing.T) {
	t.Parallel()
	certificate, key := tftest.SelfSigned(t, domain)
	_, p := world()
	run(t, p,
		step(certificate, key, plans()),
		step(certificate, key, func(s *acc.TestStep) {
			s.ResourceName, s.ImportState, s.ImportStateId, s.ImportStateVerify = address, true, id, true
			s.ImportStateVerifyIgnore = []string{"private_key_version"}
		}),
	)
}
