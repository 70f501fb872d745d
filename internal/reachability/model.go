package reachability

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type model struct {
	To             types.String `tfsdk:"to"`
	From           types.Object `tfsdk:"from"`
	Reachable      types.Bool   `tfsdk:"reachable"`
	Partly         types.Bool   `tfsdk:"partly"`
	Hops           types.List   `tfsdk:"hops"`
	Authentication types.Object `tfsdk:"authentication"`
	Servers        types.Map    `tfsdk:"servers"`
}

type fromModel struct {
	Internet      types.Bool   `tfsdk:"internet"`
	CIDR          types.String `tfsdk:"cidr"`
	VPC           types.String `tfsdk:"vpc"`
	AccountID     types.String `tfsdk:"account_id"`
	Region        types.String `tfsdk:"region"`
	AssumeRoleARN types.String `tfsdk:"assume_role_arn"`
	Project       types.String `tfsdk:"project"`
	Impersonate   types.String `tfsdk:"impersonate_service_account"`
}

type hopModel struct {
	Name    types.String `tfsdk:"name"`
	Verdict types.String `tfsdk:"verdict"`
	Reason  types.String `tfsdk:"reason"`
}

type authModel struct {
	Mode      types.String `tfsdk:"mode"`
	Header    types.String `tfsdk:"header"`
	BodyKey   types.String `tfsdk:"body_key"`
	Issuer    types.String `tfsdk:"issuer"`
	Audiences types.Set    `tfsdk:"audiences"`
	Path      types.String `tfsdk:"path"`
}

// target reads whom callers call. What is not known yet has no problem.
func (m model) target() (serving.Target, diag.Diagnostics) {
	var diags diag.Diagnostics
	id := m.To.ValueString()
	if cluster, ok := serving.ParseID(id); ok {
		return serving.Target{Cluster: cluster}, nil
	}
	if server, ok := serving.ParseModelServerID(id); ok {
		return serving.Target{Cluster: server.Cluster, Server: server.Name}, nil
	}
	if !m.To.IsUnknown() {
		diags.AddAttributeError(path.Root("to"), "Invalid id", fmt.Sprintf("%q is neither the id of a cluster, as \"aws/us-west-2/prod\", nor that of a model server, as \"aws/us-west-2/prod/fraud\". Write serving_cluster.<name>.id or serving_model_server.<name>.id.", id))
	}
	return serving.Target{}, diags
}

// source reads where the callers are. What is not known yet has no problem.
func (m model) source(ctx context.Context) (serving.Source, diag.Diagnostics) {
	var f fromModel
	if m.From.IsUnknown() {
		return serving.Source{}, nil
	}
	diags := m.From.As(ctx, &f, basetypes.ObjectAsOptions{})
	at := path.Root("from")
	if diags.HasError() {
		return serving.Source{}, diags
	}
	inVPC := !f.VPC.IsNull()
	switch {
	case f.Internet.IsUnknown() || f.CIDR.IsUnknown() || f.VPC.IsUnknown():
		return serving.Source{}, diags
	case !f.Internet.IsNull() && (inVPC || !f.CIDR.IsNull()):
		diags.AddAttributeError(at, "Callers are named twice", "internet = true is every public address. Write that, or cidr, or vpc.")
	case f.Internet.IsNull() && !inVPC && f.CIDR.IsNull():
		diags.AddAttributeError(at, "No callers are named", "Write internet = true, cidr = \"198.51.100.0/24\" or vpc = \"vpc-...\".")
	case !f.Internet.IsNull() && !f.Internet.ValueBool():
		diags.AddAttributeError(at.AtName("internet"), "No callers are named", "internet = false names nobody. Write internet = true, or cidr or vpc in its place.")
	}
	for name, v := range map[string]types.String{"account_id": f.AccountID, "region": f.Region, "assume_role_arn": f.AssumeRoleARN, "project": f.Project, "impersonate_service_account": f.Impersonate} {
		if !inVPC && !v.IsNull() {
			diags.AddAttributeError(at.AtName(name), "Only a VPC is somewhere", name+" says where a VPC is, or how to read it, and from names none. Add vpc, or remove "+name+".")
		}
	}
	from := serving.Source{
		VPC: f.VPC.ValueString(), AccountID: f.AccountID.ValueString(), Region: f.Region.ValueString(), AssumeRoleARN: f.AssumeRoleARN.ValueString(),
		Project: f.Project.ValueString(), ImpersonateServiceAccount: f.Impersonate.ValueString(),
	}
	to, _ := m.target()
	diags.Append(tf.Problems(dataSourceSchema(), from.Problems(to.Cluster.Cloud))...)
	if !f.CIDR.IsNull() {
		var problem string
		if from.CIDR, problem = readRange(f.CIDR.ValueString(), inVPC); problem != "" {
			diags.AddAttributeError(at.AtName("cidr"), "Invalid address range", problem)
		}
	}
	return from, diags
}

// readRange reads a range or an address; a problem says what is wrong with it.
func readRange(text string, inVPC bool) (p netip.Prefix, problem string) {
	p, err := netip.ParsePrefix(text)
	if a, e := netip.ParseAddr(text); e == nil {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	switch {
	case err != nil:
		return p, fmt.Sprintf("%q is neither a range, as \"198.51.100.0/24\", nor an address. Write one of these.", text)
	case !p.Addr().Is4():
		return p, fmt.Sprintf("%s is IPv6, and clusters are IPv4 only. Give the IPv4 range.", text)
	case p.Masked() != p:
		return p, fmt.Sprintf("%s has address bits to the right of its prefix length. Write %s.", text, p.Masked())
	case !inVPC && !serving.OnInternet(p):
		return p, fmt.Sprintf("Nobody on the Internet has an address of %s. Give a public range, or say with vpc in which network the callers are.", text)
	}
	return p, ""
}

// observe takes the answer over.
func (m *model) observe(ctx context.Context, to serving.Target, found serving.Reachability) diag.Diagnostics {
	var diags diag.Diagnostics
	m.Reachable = types.BoolNull()
	if found.Reachable != serving.VerdictUnknown {
		m.Reachable = types.BoolValue(found.Reachable == serving.VerdictPass)
	}
	m.Partly = types.BoolValue(found.Partly)
	hops := []hopModel{}
	for _, h := range found.Hops {
		hops = append(hops, hopModel{types.StringValue(h.Name), types.StringValue(string(h.Verdict)), types.StringValue(h.Reason)})
	}
	attributes := dataSourceSchema().Attributes
	var d diag.Diagnostics
	m.Hops, d = types.ListValueFrom(ctx, elementType(attributes["hops"]), hops)
	diags.Append(d...)
	auth := elementType(attributes["servers"])
	m.Authentication, m.Servers = types.ObjectNull(auth.AttrTypes), types.MapNull(auth)
	if found.AuthenticationUnknown != "" {
		return diags
	}
	servers := map[string]authModel{}
	for name, a := range found.Authentication {
		servers[name] = authOf(a)
	}
	m.Servers, d = types.MapValueFrom(ctx, auth, servers)
	diags.Append(d...)
	if one, ok := servers[to.Server]; ok {
		m.Authentication, d = types.ObjectValueFrom(ctx, auth.AttrTypes, one)
		diags.Append(d...)
	}
	return diags
}

// elementType is the object in a list or map.
func elementType(a interface{ GetType() attr.Type }) types.ObjectType {
	collection, _ := a.GetType().(attr.TypeWithElementType)
	object, _ := collection.ElementType().(types.ObjectType)
	return object
}

func authOf(a serving.CallerAuth) authModel {
	optional := func(v string) types.String {
		if v == "" {
			return types.StringNull()
		}
		return types.StringValue(v)
	}
	out := authModel{
		Mode: types.StringValue(string(a.Mode)), Header: optional(a.Header), BodyKey: optional(a.BodyKey), Issuer: optional(a.Issuer),
		Audiences: types.SetNull(types.StringType), Path: types.StringValue(a.Path),
	}
	if a.Mode == serving.AuthJWT {
		out.Audiences = tf.SetOf(a.Audiences)
	}
	return out
}
