package cluster

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func networkAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Required:            true,
		MarkdownDescription: "Where the cluster lives: in a VPC of its own (`cidr`), or in one that exists (`vpc`, `subnets`, `public_subnets`).",
		Attributes: map[string]schema.Attribute{
			"cidr": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Range of a VPC to make, /16 to /21 (on GCP from /13), as `10.40.0.0/16`. On AWS it gets private and public subnets in each zone; on GCP ranges for nodes, the load balancer's proxies, services and pods. A change makes a new cluster.",
			},
			"vpc": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Id of an existing VPC; on GCP the name of a network of the same project. Another cluster may share it. A change makes a new cluster.",
			},
			"subnets": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: noNulls(),
				MarkdownDescription: "Ids of private subnets of `vpc` in two zones or more, for the nodes, the Kubernetes API, and the load balancer of a private cluster. On GCP the name of the one subnetwork; another one makes a new cluster there.",
			},
			"public_subnets": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: noNulls(),
				MarkdownDescription: "Ids of subnets of `vpc` with a route to an Internet gateway in two zones or more, for the load balancer of a public cluster. Not on GCP.",
			},
			"zones": schema.SetAttribute{
				Optional: true, Computed: true, ElementType: types.StringType, PlanModifiers: keptSet(), Validators: noNulls(),
				MarkdownDescription: "Zones of the nodes: on AWS 2 to 6 of the cluster's own VPC, on GCP one or more. By default some that the cloud has.",
			},
			"nat": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("per_zone"),
				MarkdownDescription: "NAT gateways of the cluster's own VPC. `per_zone`: one in each zone. `single`: one for all, cheaper, and lost with its zone. On GCP both are the one of the region, which is in all zones. " +
					"`none`: nodes reach only what you bring. Default `per_zone`.",
			},
			"pod_cidr": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Range for pods, GCP only: each node takes a /24 of it. By default half of `cidr`, or what GKE adds to the subnetwork. Not on AWS, where pods have addresses of the nodes' subnets. A change makes a new cluster.",
			},
			"service_cidr": schema.StringAttribute{
				Optional: true, Computed: true, PlanModifiers: keptString(),
				MarkdownDescription: "Range for Kubernetes services, which the VPC does not have: a private one of /12 to /24, on GCP of /16 to /27. By default the cloud chooses. A change makes a new cluster.",
			},
			"vpc_id": schema.StringAttribute{
				Computed: true, PlanModifiers: keptString(),
				MarkdownDescription: "Id of the VPC, whoever made it.",
			},
			"private_subnet_ids": schema.SetAttribute{
				Computed: true, ElementType: types.StringType, PlanModifiers: keptSet(),
				MarkdownDescription: "Ids of the private subnets, whoever made them.",
			},
			"public_subnet_ids": schema.SetAttribute{
				Computed: true, ElementType: types.StringType, PlanModifiers: keptSet(),
				MarkdownDescription: "Ids of the public subnets, whoever made them.",
			},
		},
	}
}

func endpointAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Required:            true,
		MarkdownDescription: "The load balancer's side towards callers.",
		Attributes: map[string]schema.Attribute{
			"domain": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Host name that callers use, which the certificate must cover. Point a DNS record of that name at `hostname`, or let the cluster keep it with `dns`. Without it any name is accepted.",
			},
			"dns": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "Lets the cluster keep the DNS record of `domain`: an alias record (type A) in Route 53, which is moved without a gap when a change of `visibility` replaces the load balancer. " +
					"A record of that name that somebody else made is never overwritten.",
				Attributes: map[string]schema.Attribute{
					"zone_id": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "Id of the Route 53 hosted zone that `domain` lies in, in the account of the cluster.",
					},
				},
			},
			"certificate_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Id of a `serving_certificate`, or the cloud's name of one that is managed elsewhere: the ARN of an ACM certificate, or `projects/<project>/locations/<region>/certificates/<name>`. Required: every endpoint is HTTPS.",
			},
			"allowed_cidrs": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: noNulls(),
				MarkdownDescription: "Ranges that the load balancer answers to. By default everywhere when public, and the VPC's own ranges when private.",
			},
			"min_tls_version": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("1.2"),
				MarkdownDescription: "Oldest TLS version that callers may use: `1.2` or `1.3`. Default `1.2`.",
			},
			"idle_timeout_seconds": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(300),
				MarkdownDescription: "How long a connection may be silent, 1 to 4000 seconds: the longest that a model thinks before its first byte. Default `300`.",
			},
			"hostname": schema.StringAttribute{
				Computed: true, PlanModifiers: keptString(),
				MarkdownDescription: "Host name of the load balancer, for an alias or CNAME record of `domain`. On GCP it is the address. A change of `visibility` makes another.",
			},
			"address": schema.StringAttribute{
				Computed: true, PlanModifiers: keptString(),
				MarkdownDescription: "Address of the load balancer, for an A record of `domain`. Null on AWS, where addresses change: use `hostname`.",
			},
			"zone_id": schema.StringAttribute{
				Computed: true, PlanModifiers: keptString(),
				MarkdownDescription: "Route 53 hosted zone of `hostname`, for an alias record. Null on GCP.",
			},
			"url": schema.StringAttribute{
				Computed: true, PlanModifiers: keptString(),
				MarkdownDescription: "`https://` and the domain, or the host name or address when there is no domain.",
			},
		},
	}
}

// kubernetesAPIAttribute is computed as a whole, so that its computed parts
// are there when the configuration leaves it out.
func kubernetesAPIAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "The Kubernetes API. It is always reachable from the VPC.",
		Attributes: map[string]schema.Attribute{
			"allowed_cidrs": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: noNulls(),
				MarkdownDescription: "Public ranges that may also reach it, at most 40, on GCP 50. None by default: then it has no public endpoint.",
			},
			"admins": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: noNulls(),
				MarkdownDescription: "ARNs of IAM roles and users with administrator access, beside whoever runs Terraform. Not on GCP, where the role `roles/container.admin` says it.",
			},
			"dns_endpoint": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether there is an endpoint on Google's front end too, which whoever has credentials reaches from anywhere: with it Terraform runs outside of the network of a private cluster. GCP only. None by default.",
			},
			"url": schema.StringAttribute{
				Computed: true, PlanModifiers: keptString(),
				MarkdownDescription: "URL of the API server.",
			},
			"ca_certificate": schema.StringAttribute{
				Computed: true, PlanModifiers: keptString(),
				MarkdownDescription: "PEM certificate of the authority that signed the API server's certificate.",
			},
		},
	}
}
