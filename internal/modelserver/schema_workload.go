package modelserver

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// workloadAttributes are what runs behind the gateway.
func workloadAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"image": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Container image to run, as `registry.example.com/fraud:v7` or with a digest. Either this or `service`.",
		},
		"service": serviceAttribute(),
		"command": schema.ListAttribute{
			Optional: true, ElementType: types.StringType, Validators: noNullElements(),
			MarkdownDescription: "Command to run instead of the image's entrypoint.",
		},
		"args": schema.ListAttribute{
			Optional: true, ElementType: types.StringType, Validators: noNullElements(),
			MarkdownDescription: "Arguments instead of the image's own.",
		},
		"env": schema.MapAttribute{
			Optional: true, ElementType: types.StringType, Validators: noNullValues(),
			MarkdownDescription: "Environment variables.",
		},
		"secret_env_wo": schema.MapAttribute{
			Optional: true, WriteOnly: true, Sensitive: true, ElementType: types.StringType, Validators: noNullValues(),
			MarkdownDescription: "Environment variables whose values are secrets. Write-only: in neither the plan nor the state, but in a Kubernetes Secret. That one changed is noticed by a salted fingerprint, and the pods are replaced.",
		},
		"port": schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: "Port that the container listens on. Required with `image`.",
		},
		"health_path": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Path that answers 2xx or 3xx once the model can serve. By default a pod serves as soon as its port is open.",
		},
		"replicas":  replicasAttribute(),
		"resources": resourcesAttribute(),
		"node_pool": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Node pool of the cluster to run on, whose taints are tolerated. By default any without taints.",
		},
	}
}

// What an object must have is Optional here and demanded by the rules, which
// say what it is for.
func serviceAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "A Kubernetes Service that runs already (KServe, Ray Serve, Triton), to put the gateway in front of. Either this or `image`.",
		Attributes: map[string]schema.Attribute{
			"namespace": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Required. Namespace of the service; not `serving-system`, `serving-models` or `kube-system`.",
			},
			"name": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Required. Name of the service.",
			},
			"port": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Required. Port of the service.",
			},
		},
	}
}

// replicasAttribute is computed as a whole: with an image there always are
// numbers, and with a service there are none.
func replicasAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Number of pods. Where `max` is above `min`, an autoscaler moves between them, and `resources.cpu` is required. " +
			"It counts on the cluster's metrics API: GKE has one, EKS wants its `metrics-server` add-on; without it the number stays at what it is.",
		Attributes: map[string]schema.Attribute{
			"min": schema.Int64Attribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Least number, from 1. Default `1`.",
			},
			"max": schema.Int64Attribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Greatest number, up to 1000. By default the same as `min`.",
			},
			"target_cpu_percent": schema.Int64Attribute{
				Optional: true, Computed: true, Validators: positive(),
				MarkdownDescription: "Share of the requested CPU that the autoscaler aims at, 1 to 100. Default `70`, and null without an autoscaler.",
			},
		},
	}
}

func resourcesAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "What each pod is promised.",
		Attributes: map[string]schema.Attribute{
			"cpu": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "CPU, as `500m` (half a core) or `2`.",
			},
			"memory": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Memory, as `8Gi`; a pod that uses more is stopped.",
			},
			"gpus": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "GPUs, none by default. A node of `node_pool` must have as many.",
			},
		},
	}
}
