package reachability

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func dataSourceSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Who gets to a cluster or a model server, over which hops, and what authentication they need there. " +
			"The answer is computed from routes, peerings, network ACLs, security groups or policies and the load balancer as they are in the cloud; nothing is sent.",
		Attributes: map[string]schema.Attribute{
			"to": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Id of a cluster, `<cloud>/<region>/<cluster>`, or of a model server, `<cloud>/<region>/<cluster>/<name>`.",
			},
			"from": fromAttribute(),
			"reachable": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether every one of the callers gets through: `true` if all do, `false` if one at least certainly does not, null if that cannot be known. " +
					"For a VPC that is about each of its subnets.",
			},
			"partly": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether some of the callers get through, or may, and others do not. That nobody gets through is `reachable == false && !partly`. " +
					"Members of a security group that the load balancer admits count as some.",
			},
			"hops": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What is on the way, in its order.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name":    text("`load_balancer`, `peering`, `route_out`, `network_acl`, `security_group`, `route_back`, `listener` or `gateway`. A way has those that it passes."),
					"verdict": text("`pass`, `block` or `unknown`."),
					"reason":  text("Why, and which of the callers it is about."),
				}},
			},
			"authentication": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What callers of the server must show. Null for a cluster, and where the Kubernetes API cannot be reached.",
				Attributes:          authAttributes(),
			},
			"servers": schema.MapNestedAttribute{
				Computed:            true,
				MarkdownDescription: "What callers must show, by the name of the server: all of a cluster's, or the one that was asked about. Null where the Kubernetes API cannot be reached.",
				NestedObject:        schema.NestedAttributeObject{Attributes: authAttributes()},
			},
		},
	}
}

func fromAttribute() schema.Attribute {
	optional := func(description string) schema.Attribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description}
	}
	return schema.SingleNestedAttribute{
		Required:            true,
		MarkdownDescription: "Where the callers are: one of `internet`, `cidr` and `vpc`, or `cidr` inside of `vpc`.",
		Attributes: map[string]schema.Attribute{
			"internet":        schema.BoolAttribute{Optional: true, MarkdownDescription: "`true` for every public IPv4 address."},
			"cidr":            optional("IPv4 range or address: public ones, as `198.51.100.0/24`, or with `vpc` some of its addresses."),
			"vpc":             optional("Id of a VPC, on GCP the name of a network: the cluster's own, a peered one, or any other."),
			"account_id":      optional("Account of the VPC, AWS only. By default what its peering with the cluster says, or the account of the role, or the cluster's."),
			"region":          optional("Region of the VPC, AWS only. By default what its peering with the cluster says, or the cluster's."),
			"assume_role_arn": optional("Role to take for reading the VPC, AWS only. Without one, a VPC of another account is judged as far as the cluster's side tells, and the rest is `unknown`."),
			"project":         optional("Project of the network, GCP only. By default the cluster's."),

			"impersonate_service_account": optional("Service account to act as for reading the network, GCP only. What may not be read is judged as far as the cluster's side tells, and the rest is `unknown`."),
		},
	}
}

func authAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"mode":     text("`none`, `body`, `header` or `jwt`."),
		"header":   text("Header that carries the credential in modes `header` and `jwt`."),
		"body_key": text("Key of the JSON body that holds the token in mode `body`."),
		"issuer":   text("Issuer of the tokens in mode `jwt`."),
		"audiences": schema.SetAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Audiences, one of which a token of mode `jwt` must have.",
		},
		"path": text("Prefix of the server's URLs."),
	}
}

func text(description string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}
