package certificate

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// step is one change that is being planned. Prior is nil for a create.
type step struct {
	provider     *tf.Provider
	config, plan model
	prior        *model
	private      tf.Private
}

// ModifyPlan settles the computed values, notices another key, judges the
// certificate, and notes it for the clusters that are planned after it.
func (r *certificateResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	s := &step{provider: r.Provider, private: req.Private}
	resp.Diagnostics.Append(req.Config.Get(ctx, &s.config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &s.plan)...)
	if !req.State.Raw.IsNull() {
		s.prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, s.prior)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	s.locate()
	s.keepText(ctx, &resp.Diagnostics)
	spec, diags := s.plan.spec(ctx, r.Provider, s.config.Imported)
	resp.Diagnostics.Append(diags...)
	s.settle(ctx, spec, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, s.plan)...)
	problems := spec.Problems(time.Now())
	if s.prior != nil && s.plan.Imported.Equal(s.prior.Imported) {
		problems = serving.Lenient(problems)
	}
	resp.Diagnostics.Append(tf.Problems(req.Plan.Schema, problems)...)
	if !s.plan.ID.IsUnknown() {
		s.note(spec, req, &resp.Diagnostics)
	}
}

// locate settles cloud, region and id. A certificate that exists stays where it
// is: the schema keeps what state has.
func (s *step) locate() {
	m := &s.plan
	if m.Cloud.IsUnknown() && s.config.Cloud.IsNull() {
		m.Cloud = tf.Text(types.StringNull(), string(s.provider.OnlyCloud()))
	}
	// A cloud that is not supported is for the rules to refuse.
	backend, _ := s.provider.Backend(serving.Cloud(m.Cloud.ValueString()))
	if m.Region.IsUnknown() && s.config.Region.IsNull() && !m.Cloud.IsUnknown() && backend != nil {
		m.Region = tf.Text(types.StringNull(), backend.DefaultRegion())
	}
	m.ID = types.StringUnknown()
	if !m.Cloud.IsUnknown() && !m.Region.IsUnknown() && !m.Name.IsUnknown() {
		m.ID = types.StringValue(m.identity().String())
	}
}

// keepText keeps the PEM text of the state where the configuration's says the
// same, so that line ends are no change.
func (s *step) keepText(ctx context.Context, diags *diag.Diagnostics) {
	if s.prior == nil || s.plan.Imported.IsNull() || s.plan.Imported.IsUnknown() {
		return
	}
	r := tf.NewReader()
	is, _ := tf.Object[importedModel](ctx, r, "", s.plan.Imported)
	was, ok := tf.Object[importedModel](ctx, r, "", s.prior.Imported)
	diags.Append(r.Diags...)
	if !ok {
		return
	}
	is.CertificatePEM = sameText(was.CertificatePEM, is.CertificatePEM)
	is.ChainPEM = sameText(was.ChainPEM, is.ChainPEM)
	object, d := types.ObjectValueFrom(ctx, importedTypes, is)
	diags.Append(d...)
	s.plan.Imported = object
}

func sameText(was, is types.String) types.String {
	// Null is never the same as a text: Terraform would refuse it.
	if is.IsUnknown() || is.IsNull() || was.IsNull() || tf.NormalPEM(was.ValueString()) != tf.NormalPEM(is.ValueString()) {
		return is
	}
	return was
}

// settle says what the change does to the computed values. What a certificate
// says of itself is known as soon as its text is.
func (s *step) settle(ctx context.Context, spec serving.Certificate, diags *diag.Diagnostics) {
	m := &s.plan
	m.Drift = tf.Reasons(nil, nil)
	s.settleKey(ctx, spec, diags)
	if s.prior != nil && m.Imported.Equal(s.prior.Imported) {
		if len(s.prior.Drift.Elements()) > 0 {
			m.ARN, m.Objects = types.StringUnknown(), types.MapUnknown(types.StringType)
		} else {
			m.ARN = s.prior.ARN // Null where there are none, which the schema does not keep.
		}
		return
	}
	info, known := contents(spec)
	if !known {
		m.FingerprintSHA256, m.NotBefore, m.NotAfter, m.KeyAlgorithm = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
		m.Domains = types.SetUnknown(types.StringType)
	} else {
		m.describe(*info)
	}
	// Not every cloud can change the kind of the key: that may be another object.
	if s.prior == nil || !m.KeyAlgorithm.Equal(s.prior.KeyAlgorithm) {
		m.ARN, m.Objects = types.StringUnknown(), types.MapUnknown(types.StringType)
	}
}

// contents reads the certificate, when its text is known and can be read.
func contents(spec serving.Certificate) (*serving.CertificateInfo, bool) {
	if spec.Imported == nil || !spec.Known("imported.certificate_pem") {
		return nil, false
	}
	info, err := serving.ParseCertificate(spec.Imported.CertificatePEM, "")
	if err != nil {
		return nil, false // The rules say why.
	}
	return &info, true
}

// settleKey raises the key's version when the key is another one than what was
// stored last.
func (s *step) settleKey(ctx context.Context, spec serving.Certificate, diags *diag.Diagnostics) {
	switch {
	case s.prior == nil:
		s.plan.PrivateKeyVersion = types.Int64Value(1)
	case !spec.Known("imported.private_key_wo"):
		s.plan.PrivateKeyVersion = types.Int64Unknown()
	case spec.Imported == nil:
	default:
		same, d := tf.SameFingerprint(ctx, s.private, privateKeyFingerprint, spec.Imported.PrivateKeyPEM)
		diags.Append(d...)
		s.plan.PrivateKeyVersion = s.prior.PrivateKeyVersion
		if !same {
			s.plan.PrivateKeyVersion = types.Int64Value(s.prior.PrivateKeyVersion.ValueInt64() + 1)
		}
	}
}

// note tells the notebook of this certificate, and refuses two of one id.
func (s *step) note(spec serving.Certificate, req resource.ModifyPlanRequest, diags *diag.Diagnostics) {
	id := spec.ID().String()
	info, _ := contents(spec)
	s.provider.Plans.NoteCertificate(id, info)
	replace := s.prior != nil && !s.prior.ID.Equal(s.plan.ID)
	if !s.provider.Plans.Claim(kind, id, req.Config.Raw, s.prior == nil, replace) {
		diags.AddAttributeError(path.Root("name"), "Two certificates with one id",
			"Another serving_certificate of this configuration is "+id+" as well. Both would own the same cloud object. Give one of them another name or region.")
	}
}
