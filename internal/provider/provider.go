// Package provider is the provider block: its schema, what it makes of it, and
// the lists of everything that it serves. A function lives in the room of what it
// is about.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/modelserving/terraform-provider-serving/internal/certificate"
	"github.com/modelserving/terraform-provider-serving/internal/cluster"
	"github.com/modelserving/terraform-provider-serving/internal/modelserver"
	"github.com/modelserving/terraform-provider-serving/internal/peering"
	"github.com/modelserving/terraform-provider-serving/internal/reachability"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var (
	_ provider.ProviderWithEphemeralResources = (*servingProvider)(nil)
	_ provider.ProviderWithFunctions          = (*servingProvider)(nil)
	_ provider.ProviderWithValidateConfig     = (*servingProvider)(nil)
)

type servingProvider struct{ version string }

// New makes the provider. Version is what users see in the cloud's logs.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &servingProvider{version: version} }
}

func (p *servingProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "serving"
	resp.Version = p.version
}

func (p *servingProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

func (p *servingProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.problems(ctx)...)
	}
}

// Configure does no I/O: backends make their clients when they are first used.
func (p *servingProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &tf.Provider{
		Backends:  map[serving.Cloud]serving.Backend{},
		Unsettled: map[serving.Cloud]bool{},
		Plans:     tf.NewPlans(),
	}
	settings, diags := config.settings(ctx)
	resp.Diagnostics.Append(diags...)
	for cloud, backend := range backends {
		if settings.settled(cloud) {
			data.Backends[cloud] = backend(settings, p.version)
		} else {
			data.Unsettled[cloud] = true
		}
	}
	data.Configured = config.configured()
	data.KubernetesProxy = settings.kubernetesProxy != ""
	data.DefaultTags, data.DefaultTagsUnknown = config.defaultTags()
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.EphemeralResourceData = data
}

func (p *servingProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		certificate.NewResource,
		cluster.NewResource,
		modelserver.NewResource,
		peering.NewResource,
	}
}

func (p *servingProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		cluster.NewDataSource,
		modelserver.NewDataSource,
		reachability.NewDataSource,
	}
}

func (p *servingProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		cluster.NewKubernetesToken,
	}
}

func (p *servingProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		certificate.NewCertificateInfo,
		modelserver.NewBasicToken,
		peering.NewCIDRConflicts,
	}
}
