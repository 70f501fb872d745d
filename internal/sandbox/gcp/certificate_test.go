package gcp

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func TestCertificateLife(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	c := newCertificates(t, url)
	first := goodPair(t, "models.example.com", "*.models.example.com")
	body := first.body()
	body.Labels = map[string]string{"serving-stack": "certificate_models"}
	made, err := createCertificate(t, c, body)
	if err != nil {
		t.Fatal(err)
	}
	if made.Name != testCertificate || len(made.SanDnsnames) != 2 || made.PemCertificate != first.chain || made.ExpireTime == nil || made.GetSelfManaged().GetPemPrivateKey() != "" {
		t.Errorf("certificate = %v", made)
	}
	second := goodPair(t, "models.example.com")
	rotated := second.body()
	rotated.Name, rotated.Description = testCertificate, "not in the mask"
	op, err := c.UpdateCertificate(t.Context(), &certificatemanagerpb.UpdateCertificateRequest{Certificate: rotated, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"self_managed"}}})
	if err != nil {
		t.Fatal(err)
	}
	after, err := op.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if after.PemCertificate != second.chain || len(after.SanDnsnames) != 1 || after.Description != "" || after.Labels["serving-stack"] != "certificate_models" {
		t.Errorf("certificate after rotation = %v", after)
	}

	// The keys are where only the load balancer finds them.
	state, err := cloud.State()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := cloud.Fields()
	if err != nil {
		t.Fatal(err)
	}
	seen, err := json.Marshal([]any{json.RawMessage(state), fields, cloud.Calls()})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{first.key, second.key} {
		if line := strings.Split(key, "\n")[1]; strings.Contains(string(seen), line) {
			t.Error("a private key is in the state, the fields or the log")
		}
	}
	if got := cloud.state.region(homeProject, testRegion).Keys[certificateKey("models", false)]; got != second.key {
		t.Error("the key is not that of the rotated certificate")
	}

	all, err := c.ListCertificates(t.Context(), &certificatemanagerpb.ListCertificatesRequest{Parent: testParent}).Next()
	if err != nil || all.Name != testCertificate {
		t.Errorf("list = %v, %v", all, err)
	}
	remove, err := c.DeleteCertificate(t.Context(), &certificatemanagerpb.DeleteCertificateRequest{Name: testCertificate})
	if err == nil {
		err = remove.Wait(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.GetCertificate(t.Context(), &certificatemanagerpb.GetCertificateRequest{Name: testCertificate})
	wantRefusal(t, err, "was not found")
	if left := cloud.Census(); left.Total != 0 {
		t.Errorf("left: %v", left.Objects)
	}
}

func TestCertificateIsRefused(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	c := newCertificates(t, url)
	good, other := goodPair(t, "models.example.com"), goodPair(t, "models.example.com")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	managed := func(domains ...string) *certificatemanagerpb.Certificate {
		return &certificatemanagerpb.Certificate{Type: &certificatemanagerpb.Certificate_Managed{Managed: &certificatemanagerpb.Certificate_ManagedCertificate{Domains: domains}}}
	}
	tests := map[string]struct {
		body *certificatemanagerpb.Certificate
		want string
	}{
		"no type":          {&certificatemanagerpb.Certificate{}, "Exactly one type"},
		"no certificate":   {pair{"", good.key}.body(), "'self_managed.pem_certificate' is missing"},
		"no key":           {pair{good.chain, ""}.body(), "'self_managed.pem_private_key' is missing"},
		"malformed":        {pair{"-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n", good.key}.body(), "could not be parsed"},
		"malformed key":    {pair{good.chain, "nonsense"}.body(), "private key could not be parsed"},
		"another key":      {pair{good.chain, other.key}.body(), "does not match"},
		"broken chain":     {pair{good.chain + other.chain, good.key}.body(), "chain is broken"},
		"expired":          {newPair(t, ec, now.Add(-2*time.Hour), now.Add(-time.Hour), "models.example.com").body(), "has expired"},
		"not valid yet":    {newPair(t, ec, now.Add(time.Hour), now.Add(2*time.Hour), "models.example.com").body(), "not valid yet"},
		"small key":        {newPair(t, small, now.Add(-time.Hour), now.Add(time.Hour), "models.example.com").body(), "not supported"},
		"ed25519":          {newPair(t, edwards, now.Add(-time.Hour), now.Add(time.Hour), "models.example.com").body(), "not supported"},
		"managed, no DNS":  {managed("models.example.com"), "dns_authorizations"},
		"managed, nothing": {managed(), "between 1 and 100"},
		"reserved label": {func() *certificatemanagerpb.Certificate {
			b := good.body()
			b.Labels = map[string]string{"goog-x": "y"}
			return b
		}(), "reserved"},
		"scope": {func() *certificatemanagerpb.Certificate {
			b := good.body()
			b.Scope = certificatemanagerpb.Certificate_ALL_REGIONS
			return b
		}(), "'global' only"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := createCertificate(t, c, tt.body)
			wantRefusal(t, err, tt.want)
		})
	}
	if _, err := createCertificate(t, c, good.body()); err != nil {
		t.Fatal(err)
	}
	_, err = createCertificate(t, c, good.body())
	wantRefusal(t, err, "already exists")
	for path, want := range map[string]string{"scope": "cannot be updated", "managed": "cannot be updated", "": "update_mask"} {
		mask := &fieldmaskpb.FieldMask{}
		if path != "" {
			mask.Paths = []string{path}
		}
		body := other.body()
		body.Name = testCertificate
		_, err := c.UpdateCertificate(t.Context(), &certificatemanagerpb.UpdateCertificateRequest{Certificate: body, UpdateMask: mask})
		wantRefusal(t, err, want)
	}
}

func TestCertificateOperationFails(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	c := newCertificates(t, url)
	cloud.AddFault(control.Fault{Service: "certificatemanager", Later: true, Mutating: true, Code: "RESOURCE_EXHAUSTED", Message: "no more of these"})
	_, err := createCertificate(t, c, goodPair(t, "models.example.com").body())
	wantRefusal(t, err, "no more of these")
	if left := cloud.Census(); left.Total != 0 || len(cloud.state.region(homeProject, testRegion).Keys) != 0 {
		t.Errorf("left: %v", left.Objects)
	}
}

func TestManagedCertificate(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	c := newCertificates(t, url)
	op, err := c.CreateDnsAuthorization(t.Context(), &certificatemanagerpb.CreateDnsAuthorizationRequest{
		Parent: testParent, DnsAuthorizationId: "models", DnsAuthorization: &certificatemanagerpb.DnsAuthorization{Domain: "models.example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := op.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.DnsResourceRecord.GetType() != "CNAME" || !strings.HasSuffix(a.DnsResourceRecord.GetName(), ".models.example.com.") {
		t.Errorf("record = %v", a.DnsResourceRecord)
	}
	made, err := createCertificate(t, c, &certificatemanagerpb.Certificate{Type: &certificatemanagerpb.Certificate_Managed{
		Managed: &certificatemanagerpb.Certificate_ManagedCertificate{Domains: []string{"models.example.com", "*.models.example.com"}, DnsAuthorizations: []string{a.Name}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if made.GetManaged().State != certificatemanagerpb.Certificate_ManagedCertificate_PROVISIONING || made.PemCertificate != "" {
		t.Errorf("certificate = %v", made)
	}
	_, err = c.DeleteDnsAuthorization(t.Context(), &certificatemanagerpb.DeleteDnsAuthorizationRequest{Name: a.Name})
	wantRefusal(t, err, "still in use")
	object := control.Object{Account: homeProject, Region: testRegion, Kind: "certificatemanager.certificate", ID: "models"}
	if err := cloud.Mutate(control.Field{Object: object, Path: "/managed/state", Value: "ACTIVE"}); err != nil {
		t.Fatal(err)
	}
	if got := must(c.GetCertificate(t.Context(), &certificatemanagerpb.GetCertificateRequest{Name: testCertificate}))(t); got.GetManaged().State != certificatemanagerpb.Certificate_ManagedCertificate_ACTIVE {
		t.Errorf("state = %s", got.GetManaged().State)
	}
}
