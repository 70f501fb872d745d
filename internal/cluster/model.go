package cluster

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// resourceModel is the resource's object.
type resourceModel struct {
	model
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

// model is what resource and data source have in common. Every nested value
// may be unknown as a whole, so none is a struct.
type model struct {
	ID                 types.String `tfsdk:"id"`
	Name               types.String `tfsdk:"name"`
	Cloud              types.String `tfsdk:"cloud"`
	Region             types.String `tfsdk:"region"`
	Visibility         types.String `tfsdk:"visibility"`
	KubernetesVersion  types.String `tfsdk:"kubernetes_version"`
	Network            types.Object `tfsdk:"network"`
	NodePools          types.Map    `tfsdk:"node_pools"`
	Endpoint           types.Object `tfsdk:"endpoint"`
	KubernetesAPI      types.Object `tfsdk:"kubernetes_api"`
	Gateway            types.Object `tfsdk:"gateway"`
	DeletionProtection types.Bool   `tfsdk:"deletion_protection"`
	AWS                types.Object `tfsdk:"aws"`
	GCP                types.Object `tfsdk:"gcp"`
	Tags               types.Map    `tfsdk:"tags"`
	Exposure           types.Object `tfsdk:"exposure"`
	Objects            types.Map    `tfsdk:"objects"`
	Drift              types.Map    `tfsdk:"drift"`
}

type networkModel struct {
	CIDR             types.String `tfsdk:"cidr"`
	VPC              types.String `tfsdk:"vpc"`
	Subnets          types.Set    `tfsdk:"subnets"`
	PublicSubnets    types.Set    `tfsdk:"public_subnets"`
	Zones            types.Set    `tfsdk:"zones"`
	NAT              types.String `tfsdk:"nat"`
	PodCIDR          types.String `tfsdk:"pod_cidr"`
	ServiceCIDR      types.String `tfsdk:"service_cidr"`
	VPCID            types.String `tfsdk:"vpc_id"`
	PrivateSubnetIDs types.Set    `tfsdk:"private_subnet_ids"`
	PublicSubnetIDs  types.Set    `tfsdk:"public_subnet_ids"`
}

type nodePoolModel struct {
	MachineType types.String `tfsdk:"machine_type"`
	MinSize     types.Int64  `tfsdk:"min_size"`
	MaxSize     types.Int64  `tfsdk:"max_size"`
	DiskGB      types.Int64  `tfsdk:"disk_gb"`
	Spot        types.Bool   `tfsdk:"spot"`
	Accelerator types.Object `tfsdk:"accelerator"`
	Labels      types.Map    `tfsdk:"labels"`
	Taints      types.Set    `tfsdk:"taints"`
}

type acceleratorModel struct {
	Type  types.String `tfsdk:"type"`
	Count types.Int64  `tfsdk:"count"`
}

type taintModel struct {
	Key    types.String `tfsdk:"key"`
	Value  types.String `tfsdk:"value"`
	Effect types.String `tfsdk:"effect"`
}

type endpointModel struct {
	Domain             types.String `tfsdk:"domain"`
	DNS                types.Object `tfsdk:"dns"`
	CertificateID      types.String `tfsdk:"certificate_id"`
	AllowedCIDRs       types.Set    `tfsdk:"allowed_cidrs"`
	MinTLSVersion      types.String `tfsdk:"min_tls_version"`
	IdleTimeoutSeconds types.Int64  `tfsdk:"idle_timeout_seconds"`
	Hostname           types.String `tfsdk:"hostname"`
	Address            types.String `tfsdk:"address"`
	ZoneID             types.String `tfsdk:"zone_id"`
	URL                types.String `tfsdk:"url"`
}

type dnsModel struct {
	ZoneID types.String `tfsdk:"zone_id"`
}

type kubernetesAPIModel struct {
	AllowedCIDRs  types.Set    `tfsdk:"allowed_cidrs"`
	Admins        types.Set    `tfsdk:"admins"`
	DNSEndpoint   types.Bool   `tfsdk:"dns_endpoint"`
	URL           types.String `tfsdk:"url"`
	CACertificate types.String `tfsdk:"ca_certificate"`
}

type gatewayModel struct {
	Enabled     types.Bool   `tfsdk:"enabled"`
	MinReplicas types.Int64  `tfsdk:"min_replicas"`
	MaxReplicas types.Int64  `tfsdk:"max_replicas"`
	Image       types.String `tfsdk:"image"`
}

type awsModel struct {
	ClusterRoleARN types.String `tfsdk:"cluster_role_arn"`
	NodeRoleARN    types.String `tfsdk:"node_role_arn"`
	KMSKeyARN      types.String `tfsdk:"kms_key_arn"`
}

type gcpModel struct {
	ReleaseChannel     types.String `tfsdk:"release_channel"`
	NodeServiceAccount types.String `tfsdk:"node_service_account"`
}

// attributeTypes are the types of the top-level attributes, from the schema.
var attributeTypes = sync.OnceValue(func() map[string]attr.Type {
	types := map[string]attr.Type{}
	for name, attribute := range clusterAttributes() {
		types[name] = attribute.GetType()
	}
	return types
})

// fieldTypes are those of an object's attributes, by its path.
func fieldTypes(path ...string) map[string]attr.Type {
	fields := attributeTypes()
	for _, step := range path {
		switch t := fields[step].(type) {
		case types.ObjectType:
			fields = t.AttrTypes
		case attr.TypeWithElementType: // Maps and sets here hold objects.
			if element, ok := t.ElementType().(types.ObjectType); ok {
				fields = element.AttrTypes
			}
		}
	}
	return fields
}

// write makes an object of a model.
func write(ctx context.Context, diags *diag.Diagnostics, fields any, path ...string) types.Object {
	object, d := types.ObjectValueFrom(ctx, fieldTypes(path...), fields)
	diags.Append(d...)
	return object
}

// spec reads the model. Tags have the provider's defaults under them.
func (m model) spec(ctx context.Context, p *tf.Provider) (serving.Cluster, diag.Diagnostics) {
	r := tf.NewReader()
	c := serving.Cluster{
		Cloud:              serving.Cloud(r.String("cloud", m.Cloud)),
		Region:             r.String("region", m.Region),
		Name:               r.String("name", m.Name),
		Visibility:         serving.Visibility(r.String("visibility", m.Visibility)),
		KubernetesVersion:  r.String("kubernetes_version", m.KubernetesVersion),
		Network:            network(ctx, r, m.Network),
		NodePools:          nodePools(ctx, r, m.NodePools),
		Endpoint:           endpoint(ctx, r, m.Endpoint),
		KubernetesAPI:      kubernetesAPI(ctx, r, m.KubernetesAPI),
		Gateway:            gateway(ctx, r, m.Gateway),
		DeletionProtection: r.Bool("deletion_protection", m.DeletionProtection),
		AWS:                onAWS(ctx, r, m.AWS),
		GCP:                onGCP(ctx, r, m.GCP),
		Tags:               r.Tags(p, m.Tags),
		LastSeen:           tf.Texts(m.Objects),
	}
	c.Unknown = r.Unknown
	return c, r.Diags
}

func network(ctx context.Context, r *tf.Reader, v types.Object) serving.Network {
	n, _ := tf.Object[networkModel](ctx, r, "network", v)
	return serving.Network{
		CIDR:          r.String("network.cidr", n.CIDR),
		VPC:           r.String("network.vpc", n.VPC),
		Subnets:       r.Strings("network.subnets", n.Subnets),
		PublicSubnets: r.Strings("network.public_subnets", n.PublicSubnets),
		Zones:         r.Strings("network.zones", n.Zones),
		NAT:           serving.NATMode(r.String("network.nat", n.NAT)),
		PodCIDR:       r.String("network.pod_cidr", n.PodCIDR),
		ServiceCIDR:   r.String("network.service_cidr", n.ServiceCIDR),
	}
}

func endpoint(ctx context.Context, r *tf.Reader, v types.Object) serving.Endpoint {
	e, _ := tf.Object[endpointModel](ctx, r, "endpoint", v)
	return serving.Endpoint{
		Domain:             r.String("endpoint.domain", e.Domain),
		CertificateID:      r.String("endpoint.certificate_id", e.CertificateID),
		AllowedCIDRs:       r.Strings("endpoint.allowed_cidrs", e.AllowedCIDRs),
		MinTLSVersion:      r.String("endpoint.min_tls_version", e.MinTLSVersion),
		IdleTimeoutSeconds: r.Int64("endpoint.idle_timeout_seconds", e.IdleTimeoutSeconds),
		DNS:                dns(ctx, r, e.DNS),
	}
}

func dns(ctx context.Context, r *tf.Reader, v types.Object) *serving.DNS {
	d, ok := tf.Object[dnsModel](ctx, r, "endpoint.dns", v)
	if !ok {
		return nil
	}
	return &serving.DNS{ZoneID: r.String("endpoint.dns.zone_id", d.ZoneID)}
}

func kubernetesAPI(ctx context.Context, r *tf.Reader, v types.Object) serving.KubernetesAPI {
	k, _ := tf.Object[kubernetesAPIModel](ctx, r, "kubernetes_api", v)
	return serving.KubernetesAPI{
		AllowedCIDRs: r.Strings("kubernetes_api.allowed_cidrs", k.AllowedCIDRs),
		Admins:       r.Strings("kubernetes_api.admins", k.Admins),
		DNSEndpoint:  r.Bool("kubernetes_api.dns_endpoint", k.DNSEndpoint),
	}
}

func onAWS(ctx context.Context, r *tf.Reader, v types.Object) serving.ClusterAWS {
	a, _ := tf.Object[awsModel](ctx, r, "aws", v)
	return serving.ClusterAWS{
		ClusterRoleARN: r.String("aws.cluster_role_arn", a.ClusterRoleARN),
		NodeRoleARN:    r.String("aws.node_role_arn", a.NodeRoleARN),
		KMSKeyARN:      r.String("aws.kms_key_arn", a.KMSKeyARN),
	}
}

func onGCP(ctx context.Context, r *tf.Reader, v types.Object) serving.ClusterGCP {
	g, _ := tf.Object[gcpModel](ctx, r, "gcp", v)
	return serving.ClusterGCP{
		ReleaseChannel:     serving.ReleaseChannel(r.String("gcp.release_channel", g.ReleaseChannel)),
		NodeServiceAccount: r.String("gcp.node_service_account", g.NodeServiceAccount),
	}
}
