package certificate

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type model struct {
	ID                types.String   `tfsdk:"id"`
	Name              types.String   `tfsdk:"name"`
	Cloud             types.String   `tfsdk:"cloud"`
	Region            types.String   `tfsdk:"region"`
	Imported          types.Object   `tfsdk:"imported"`
	RenewBeforeDays   types.Int64    `tfsdk:"renew_before_days"`
	Tags              types.Map      `tfsdk:"tags"`
	Timeouts          timeouts.Value `tfsdk:"timeouts"`
	ARN               types.String   `tfsdk:"arn"`
	FingerprintSHA256 types.String   `tfsdk:"fingerprint_sha256"`
	NotBefore         types.String   `tfsdk:"not_before"`
	NotAfter          types.String   `tfsdk:"not_after"`
	KeyAlgorithm      types.String   `tfsdk:"key_algorithm"`
	Domains           types.Set      `tfsdk:"domains"`
	PrivateKeyVersion types.Int64    `tfsdk:"private_key_version"`
	Objects           types.Map      `tfsdk:"objects"`
	Drift             types.Map      `tfsdk:"drift"`
}

// importedModel has a key in the configuration only.
type importedModel struct {
	CertificatePEM types.String `tfsdk:"certificate_pem"`
	ChainPEM       types.String `tfsdk:"chain_pem"`
	PrivateKeyWO   types.String `tfsdk:"private_key_wo"`
}

var importedTypes = map[string]attr.Type{
	"certificate_pem": types.StringType,
	"chain_pem":       types.StringType,
	"private_key_wo":  types.StringType,
}

func (m model) identity() serving.ID {
	return serving.ID{Cloud: serving.Cloud(m.Cloud.ValueString()), Region: m.Region.ValueString(), Name: m.Name.ValueString()}
}

// spec reads the model. The private key is that of the configuration, the only
// place that has it; a null object leaves it out.
func (m model) spec(ctx context.Context, p *tf.Provider, config types.Object) (serving.Certificate, diag.Diagnostics) {
	r := tf.NewReader()
	c := serving.Certificate{
		Cloud:           serving.Cloud(r.String("cloud", m.Cloud)),
		Region:          r.String("region", m.Region),
		Name:            r.String("name", m.Name),
		RenewBeforeDays: r.Int64("renew_before_days", m.RenewBeforeDays),
		Tags:            r.Tags(p, m.Tags),
		LastSeen:        tf.Texts(m.Objects),
	}
	if imported, ok := tf.Object[importedModel](ctx, r, "imported", m.Imported); ok {
		c.Imported = &serving.ImportedCertificate{
			CertificatePEM: r.String("imported.certificate_pem", imported.CertificatePEM),
			ChainPEM:       r.String("imported.chain_pem", imported.ChainPEM),
		}
		if secret, ok := tf.Object[importedModel](ctx, r, "imported", config); ok {
			c.Imported.PrivateKeyPEM = r.String("imported.private_key_wo", secret.PrivateKeyWO)
		}
	}
	c.Unknown = r.Unknown
	return c, r.Diags
}

// observe replaces the model by what was found. The key's version is the
// caller's, as no cloud gives a key back.
func (m *model) observe(ctx context.Context, p *tf.Provider, found serving.ObservedCertificate) diag.Diagnostics {
	var diags diag.Diagnostics
	c := found.Spec
	m.Drift = tf.Reasons(found.Drift, p.DriftOfTags(m.Tags, c.Tags))
	m.ID = types.StringValue(c.ID().String())
	m.Name = types.StringValue(c.Name)
	m.Cloud = types.StringValue(string(c.Cloud))
	m.Region = types.StringValue(c.Region)
	m.RenewBeforeDays = types.Int64Value(c.RenewBeforeDays)
	m.Tags = p.OwnTags(m.Tags, c.Tags)
	m.Objects = tf.MapOf(found.Objects)
	m.ARN = arnOf(found.Objects)
	info := found.Info
	if c.Imported != nil {
		m.Imported = writeImported(ctx, &diags, m.Imported, *c.Imported)
		// What the certificate says of itself is the authority, also on how it is
		// written: clouds spell some of it in their own way.
		if own, err := serving.ParseCertificate(c.Imported.CertificatePEM, ""); err == nil {
			info = own
		}
	}
	m.describe(info)
	return diags
}

// describe writes what a certificate says of itself.
func (m *model) describe(info serving.CertificateInfo) {
	m.FingerprintSHA256 = tf.Text(m.FingerprintSHA256, info.SHA256)
	m.NotBefore = instant(info.NotBefore)
	m.NotAfter = instant(info.NotAfter)
	m.KeyAlgorithm = tf.Text(m.KeyAlgorithm, info.KeyAlgorithm)
	m.Domains = tf.SetOf(info.DNSNames)
}

func instant(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339))
}

// arnOf finds the certificate among its objects: the one in ACM.
func arnOf(objects map[string]string) types.String {
	for _, id := range objects {
		if strings.Contains(id, ":acm:") {
			return types.StringValue(id)
		}
	}
	return types.StringNull()
}

func writeImported(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.ImportedCertificate) types.Object {
	r := tf.NewReader()
	was, _ := tf.Object[importedModel](ctx, r, "", prior)
	object, d := types.ObjectValueFrom(ctx, importedTypes, importedModel{
		CertificatePEM: samePEM(was.CertificatePEM, found.CertificatePEM),
		ChainPEM:       samePEM(was.ChainPEM, found.ChainPEM),
		PrivateKeyWO:   types.StringNull(),
	})
	diags.Append(r.Diags...)
	diags.Append(d...)
	return object
}

// samePEM keeps the text that says the same as what was found.
func samePEM(prior types.String, found string) types.String {
	if !prior.IsUnknown() && tf.NormalPEM(prior.ValueString()) == tf.NormalPEM(found) {
		return prior
	}
	return tf.Text(types.StringNull(), found)
}
