package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type exposureModel struct {
	Endpoint      types.Object `tfsdk:"endpoint"`
	KubernetesAPI types.Object `tfsdk:"kubernetes_api"`
	Nodes         types.Object `tfsdk:"nodes"`
}

type endpointExposureModel struct {
	Scheme            types.String `tfsdk:"scheme"`
	Addresses         types.Set    `tfsdk:"addresses"`
	SecurityGroups    types.Set    `tfsdk:"security_groups"`
	Sources           types.Set    `tfsdk:"sources"`
	Subnets           types.Map    `tfsdk:"subnets"`
	InternetReachable types.Bool   `tfsdk:"internet_reachable"`
	Hops              types.List   `tfsdk:"hops"`
}

type subnetExposureModel struct {
	RouteTable      types.String `tfsdk:"route_table"`
	InternetGateway types.String `tfsdk:"internet_gateway"`
}

type hopModel struct {
	Name    types.String `tfsdk:"name"`
	Verdict types.String `tfsdk:"verdict"`
	Reason  types.String `tfsdk:"reason"`
}

type kubernetesAPIExposureModel struct {
	PublicAccess  types.Bool `tfsdk:"public_access"`
	PrivateAccess types.Bool `tfsdk:"private_access"`
	Sources       types.Set  `tfsdk:"sources"`
}

type nodesExposureModel struct {
	PublicAddresses types.Bool `tfsdk:"public_addresses"`
}

func writeExposure(ctx context.Context, diags *diag.Diagnostics, found serving.Exposure) types.Object {
	return write(ctx, diags, exposureModel{
		Endpoint: writeEndpointExposure(ctx, diags, found.Endpoint),
		KubernetesAPI: write(ctx, diags, kubernetesAPIExposureModel{
			PublicAccess:  types.BoolValue(found.KubernetesAPI.PublicAccess),
			PrivateAccess: types.BoolValue(found.KubernetesAPI.PrivateAccess),
			Sources:       tf.SetOf(found.KubernetesAPI.Sources),
		}, "exposure", "kubernetes_api"),
		Nodes: write(ctx, diags, nodesExposureModel{
			PublicAddresses: types.BoolValue(found.Nodes.PublicAddresses),
		}, "exposure", "nodes"),
	}, "exposure")
}

func writeEndpointExposure(ctx context.Context, diags *diag.Diagnostics, found serving.EndpointExposure) types.Object {
	text := func(v string) types.String { return tf.Text(types.StringNull(), v) }
	subnets := map[string]subnetExposureModel{}
	for id, s := range found.Subnets {
		subnets[id] = subnetExposureModel{text(s.RouteTable), text(s.InternetGateway)}
	}
	hops := []hopModel{}
	for _, h := range found.Hops {
		hops = append(hops, hopModel{text(h.Name), text(string(h.Verdict)), text(h.Reason)})
	}
	m := endpointExposureModel{
		Scheme: text(found.Scheme), Addresses: tf.SetOf(found.Addresses), SecurityGroups: tf.SetOf(found.SecurityGroups),
		Sources: tf.SetOf(found.Sources), InternetReachable: types.BoolValue(found.InternetReachable),
	}
	var d diag.Diagnostics
	m.Subnets, d = types.MapValueFrom(ctx, types.ObjectType{AttrTypes: fieldTypes("exposure", "endpoint", "subnets")}, subnets)
	diags.Append(d...)
	m.Hops, d = types.ListValueFrom(ctx, types.ObjectType{AttrTypes: fieldTypes("exposure", "endpoint", "hops")}, hops)
	diags.Append(d...)
	return write(ctx, diags, m, "exposure", "endpoint")
}
