// Package tftest is a provider around a backend in memory, for the tests of the
// rooms: what is tested there is the way from configuration to backend and
// back, not a cloud.
package tftest

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// Provider serves the types of the rooms over a backend.
type Provider struct {
	Backend     serving.Backend
	DefaultTags map[string]string
	// Unsettled is a provider block that depends on values not known yet.
	Unsettled bool
	// KubernetesProxy is a provider block that names a proxy.
	KubernetesProxy bool
	ResourceTypes   []func() resource.Resource
	DataSourceTypes []func() datasource.DataSource
	EphemeralTypes  []func() ephemeral.EphemeralResource
	FunctionTypes   []func() function.Function
}

var (
	_ provider.ProviderWithEphemeralResources = (*Provider)(nil)
	_ provider.ProviderWithFunctions          = (*Provider)(nil)
)

// Factories is what the acceptance test framework asks for.
func (p *Provider) Factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"serving": providerserver.NewProtocol6WithError(p)}
}

// Metadata names the provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "serving"
}

// Schema is empty.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

// Configure hands out the backend.
func (p *Provider) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	cloud := serving.AWS
	if p.Backend != nil {
		cloud = p.Backend.Cloud()
	}
	data := &tf.Provider{DefaultTags: p.DefaultTags, KubernetesProxy: p.KubernetesProxy, Plans: tf.NewPlans(), Configured: []serving.Cloud{cloud}}
	if p.Unsettled {
		data.Unsettled = map[serving.Cloud]bool{cloud: true}
	} else {
		data.Backends = map[serving.Cloud]serving.Backend{cloud: p.Backend}
	}
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = data, data, data
}

// Resources are the given ones.
func (p *Provider) Resources(context.Context) []func() resource.Resource { return p.ResourceTypes }

// DataSources are the given ones.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return p.DataSourceTypes
}

// EphemeralResources are the given ones.
func (p *Provider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return p.EphemeralTypes
}

// Functions are the given ones.
func (p *Provider) Functions(context.Context) []func() function.Function { return p.FunctionTypes }
