package modelserver

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// identitySchema is that of a cluster and one more name.
func identitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"cloud":   identityschema.StringAttribute{RequiredForImport: true, Description: "Cloud it is in: aws."},
		"account": identityschema.StringAttribute{OptionalForImport: true, Description: "Account it is in. When it is given, an import refuses credentials of another one."},
		"region":  identityschema.StringAttribute{RequiredForImport: true, Description: "Region it is in."},
		"cluster": identityschema.StringAttribute{RequiredForImport: true, Description: "Name of its cluster."},
		"name":    identityschema.StringAttribute{RequiredForImport: true, Description: "Its name."},
	}}
}

type identityModel struct {
	Cloud   types.String `tfsdk:"cloud"`
	Account types.String `tfsdk:"account"`
	Region  types.String `tfsdk:"region"`
	Cluster types.String `tfsdk:"cluster"`
	Name    types.String `tfsdk:"name"`
}

// setIdentity stores an identity, wherever state is stored. An identity must
// not change, so where the account was not learned this time an earlier one
// stays.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, id serving.ModelServerID, account string) diag.Diagnostics {
	if identity == nil || account == "" && !identity.Raw.IsFullyNull() {
		return nil
	}
	return identity.Set(ctx, identityModel{
		Cloud:   types.StringValue(string(id.Cluster.Cloud)),
		Account: tf.Text(types.StringNull(), account),
		Region:  types.StringValue(id.Cluster.Region),
		Cluster: types.StringValue(id.Cluster.Name),
		Name:    types.StringValue(id.Name),
	})
}

// importedID reads the id or the identity of an import. Account is empty when
// the user did not name one.
func importedID(ctx context.Context, req resource.ImportStateRequest) (id serving.ModelServerID, account string, diags diag.Diagnostics) {
	if req.ID != "" || req.Identity == nil {
		id, ok := serving.ParseModelServerID(req.ID)
		if !ok {
			diags.AddError("Invalid import id", fmt.Sprintf("The id is %q. It has the form <cloud>/<region>/<cluster>/<name>, as in \"aws/us-west-2/prod/fraud\". Write it so.", req.ID))
		}
		return id, "", diags
	}
	var m identityModel
	diags.Append(req.Identity.Get(ctx, &m)...)
	cluster := serving.ID{Cloud: serving.Cloud(m.Cloud.ValueString()), Region: m.Region.ValueString(), Name: m.Cluster.ValueString()}
	return serving.ModelServerID{Cluster: cluster, Name: m.Name.ValueString()}, m.Account.ValueString(), diags
}
