// Package tf is the glue between the rooms and terraform-plugin-framework: three
// bases to embed, diagnostics, values that may be null or unknown, fingerprints
// of secrets, and the plan's notebook.
package tf

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Provider is what the configured provider hands to its resources and data
// sources.
type Provider struct {
	// Backends are the clouds by name. A cloud whose settings are not known yet,
	// which happens only while planning, is in Unsettled instead.
	Backends  map[serving.Cloud]serving.Backend
	Unsettled map[serving.Cloud]bool
	// Configured are the clouds that the provider block has settings for. The others
	// have those of the environment.
	Configured []serving.Cloud
	// DefaultTags are merged under the tags of every resource.
	DefaultTags map[string]string
	// DefaultTagsUnknown says that some default tag is not known yet.
	DefaultTagsUnknown bool
	// KubernetesProxy says that the provider block names a proxy on the way to the
	// Kubernetes APIs.
	KubernetesProxy bool
	// Plans is this process's notebook.
	Plans *Plans
}

// OnlyCloud is the cloud of a resource that names none: the one that the
// provider block configures. It is empty when there is none or a choice.
func (p *Provider) OnlyCloud() serving.Cloud {
	if p == nil || len(p.Configured) != 1 {
		return ""
	}
	return p.Configured[0]
}

// Backend gives the backend of a cloud. It is nil without an error while the
// cloud's settings are not known yet.
func (p *Provider) Backend(cloud serving.Cloud) (serving.Backend, diag.Diagnostics) {
	var diags diag.Diagnostics
	if p == nil {
		diags.AddError("Provider is not configured", "The serving provider was asked for a cloud before it was configured. This is a defect of the provider; please report it.")
		return nil, diags
	}
	if p.Unsettled[cloud] {
		return nil, nil
	}
	backend, ok := p.Backends[cloud]
	if !ok {
		diags.AddError(fmt.Sprintf("Cloud %q is not supported", string(cloud)),
			fmt.Sprintf("The object is in the cloud %q, for which this version of the provider has no backend. Use \"aws\" or \"gcp\", or a newer provider.", string(cloud)))
		return nil, diags
	}
	return backend, nil
}

// NotSettled is the error of an operation that needs a backend which is not
// settled.
func NotSettled(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Provider's settings are not known: "+id,
		"The provider block depends on values that are not known yet, so the cloud cannot be reached. Apply what they come from first, as with -target.")
}

// NotRefreshed is the warning of a refresh that needs one.
func NotRefreshed(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Not refreshed: "+id,
		"The provider block depends on values that are not known yet, so the plan shows the object as it was at the last refresh.")
}

// Unseen is the warning of a read that could not look at everything.
func Unseen(id string, found serving.Observation) diag.Diagnostics {
	var diags diag.Diagnostics
	if found.Unseen != "" {
		diags.AddWarning("Not everything was looked at: "+id, found.Unseen)
	}
	return diags
}

// Advised is a warning for each thing that is not as it should be and that no apply
// changes.
func Advised(id string, found serving.Observation) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, text := range found.Advice {
		diags.AddWarning("Not as it should be, and not changed by an apply: "+id, text)
	}
	return diags
}

// Resource is embedded by every resource.
type Resource struct{ Provider *Provider }

// Configure receives what the provider made of its block.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.Provider = received(req.ProviderData, &resp.Diagnostics)
}

// DataSource is embedded by every data source.
type DataSource struct{ Provider *Provider }

// Configure receives what the provider made of its block.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.Provider = received(req.ProviderData, &resp.Diagnostics)
}

// EphemeralResource is embedded by every ephemeral resource.
type EphemeralResource struct{ Provider *Provider }

// Configure receives what the provider made of its block.
func (e *EphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.Provider = received(req.ProviderData, &resp.Diagnostics)
}

// received is nil before the provider is configured: while validating.
func received(data any, diags *diag.Diagnostics) *Provider {
	if data == nil {
		return nil
	}
	p, ok := data.(*Provider)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("The provider handed over %T. This is a defect of the provider; please report it.", data))
	}
	return p
}
