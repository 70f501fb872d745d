package tf

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// IdentitySchema is the identity of everything that has an id of the form
// <cloud>/<region>/<name>.
func IdentitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"cloud":   identityschema.StringAttribute{RequiredForImport: true, Description: "Cloud it is in: aws or gcp."},
		"account": identityschema.StringAttribute{OptionalForImport: true, Description: "Account or project it is in. When it is given, an import refuses credentials of another one."},
		"region":  identityschema.StringAttribute{RequiredForImport: true, Description: "Region it is in."},
		"name":    identityschema.StringAttribute{RequiredForImport: true, Description: "Its name."},
	}}
}

type identityModel struct {
	Cloud   types.String `tfsdk:"cloud"`
	Account types.String `tfsdk:"account"`
	Region  types.String `tfsdk:"region"`
	Name    types.String `tfsdk:"name"`
}

// SetIdentity stores an identity, wherever state is stored. An identity must
// not change, so where the account was not learned this time an earlier one
// stays.
func SetIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, id serving.ID, account string) diag.Diagnostics {
	if identity == nil || account == "" && !identity.Raw.IsFullyNull() {
		return nil
	}
	return identity.Set(ctx, identityModel{
		Cloud:   types.StringValue(string(id.Cloud)),
		Account: Text(types.StringNull(), account),
		Region:  types.StringValue(id.Region),
		Name:    types.StringValue(id.Name),
	})
}

// Imported is what an import asks for. Account is empty when the user did not
// name one.
type Imported struct {
	ID      serving.ID
	Account string
}

// ImportedID reads the id or the identity of an import.
func ImportedID(ctx context.Context, req resource.ImportStateRequest) (Imported, diag.Diagnostics) {
	var diags diag.Diagnostics
	if req.ID != "" || req.Identity == nil {
		id, ok := serving.ParseID(req.ID)
		if !ok {
			diags.AddError("Invalid import id", fmt.Sprintf("The id is %q. It has the form <cloud>/<region>/<name>, as in \"aws/us-west-2/prod\". Write it so.", req.ID))
		}
		return Imported{ID: id}, diags
	}
	var model identityModel
	diags.Append(req.Identity.Get(ctx, &model)...)
	return Imported{
		ID:      serving.ID{Cloud: serving.Cloud(model.Cloud.ValueString()), Region: model.Region.ValueString(), Name: model.Name.ValueString()},
		Account: model.Account.ValueString(),
	}, diags
}

// Found judges what an import found.
func (i Imported) Found(do Doing, found serving.Observation) diag.Diagnostics {
	var diags diag.Diagnostics
	switch {
	case found.Gone:
		diags.AddError(fmt.Sprintf("Cannot import %s %s", do.Kind, do.ID),
			"There is none of this name that the provider made. Check cloud, region and name, and that the credentials are those of its account.")
	case i.Account != "" && found.Account != i.Account:
		diags.AddError(fmt.Sprintf("Cannot import %s %s", do.Kind, do.ID),
			fmt.Sprintf("The identity names the account %s and the credentials are of %s. Use credentials of the former.", i.Account, found.Account))
	}
	return diags
}
