package peering

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// identitySchema is that of a cluster and the other VPC. The role is no part of
// it: an identity never changes.
func identitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"cloud":   identityschema.StringAttribute{RequiredForImport: true, Description: "Cloud it is in: aws or gcp."},
		"account": identityschema.StringAttribute{OptionalForImport: true, Description: "Account or project of the cluster. When it is given, an import refuses credentials of another one."},
		"region":  identityschema.StringAttribute{RequiredForImport: true, Description: "Region of the cluster."},
		"cluster": identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the cluster."},
		"vpc":     identityschema.StringAttribute{RequiredForImport: true, Description: "Id of the other VPC; on GCP the name of the network, with its project and a slash before it where that is not the cluster's."},
	}}
}

type identityModel struct {
	Cloud   types.String `tfsdk:"cloud"`
	Account types.String `tfsdk:"account"`
	Region  types.String `tfsdk:"region"`
	Cluster types.String `tfsdk:"cluster"`
	VPC     types.String `tfsdk:"vpc"`
}

// setIdentity stores an identity, wherever state is stored. Where the account was
// not learned this time, an earlier identity stays.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, id serving.PeeringID, account string) diag.Diagnostics {
	if identity == nil || account == "" && !identity.Raw.IsFullyNull() {
		return nil
	}
	return identity.Set(ctx, identityModel{
		Cloud:   types.StringValue(string(id.Cluster.Cloud)),
		Account: tf.Text(types.StringNull(), account),
		Region:  types.StringValue(id.Cluster.Region),
		Cluster: types.StringValue(id.Cluster.Name),
		VPC:     types.StringValue(id.VPC),
	})
}

// imported is what an import asks for. The principal, a role or a service account,
// is for the peer's side.
type imported struct {
	id                 serving.PeeringID
	principal, account string
}

// The options of an import id, of which one at most is given.
const (
	roleKey           = "assume_role_arn"
	serviceAccountKey = "impersonate_service_account"
)

// importedID reads the id or the identity of an import.
func importedID(ctx context.Context, req resource.ImportStateRequest) (imported, diag.Diagnostics) {
	var diags diag.Diagnostics
	if req.ID != "" || req.Identity == nil {
		text, options, _ := strings.Cut(req.ID, "?")
		id, ok := serving.ParsePeeringID(text)
		values, err := url.ParseQuery(options)
		for key := range values {
			ok = ok && (key == roleKey || key == serviceAccountKey) && len(values) == 1
		}
		if !ok || err != nil {
			diags.AddError("Invalid import id", fmt.Sprintf("The id is %q. It has the form <cloud>/<region>/<cluster>/<peer vpc>, as in \"aws/us-west-2/prod/vpc-0123456789abcdef0\", "+
				"and for a peer that is reached as somebody else ?%s=<arn> or ?%s=<e-mail> at its end. Write it so.", req.ID, roleKey, serviceAccountKey))
		}
		return imported{id: id, principal: values.Get(roleKey) + values.Get(serviceAccountKey)}, diags
	}
	var m identityModel
	diags.Append(req.Identity.Get(ctx, &m)...)
	cluster := serving.ID{Cloud: serving.Cloud(m.Cloud.ValueString()), Region: m.Region.ValueString(), Name: m.Cluster.ValueString()}
	return imported{id: serving.PeeringID{Cluster: cluster, VPC: m.VPC.ValueString()}, account: m.Account.ValueString()}, diags
}
