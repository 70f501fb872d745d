# A private endpoint, and a VPC of another account and region that reaches it. Nobody else does, and the outputs say why.

terraform {
  required_version = ">= 1.11"
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

# What only the cloud decides.
locals {
  region  = { aws = "us-west-2", gcp = "us-central1" }[var.cloud]
  machine = { aws = "m7i.xlarge", gcp = "n2-standard-4" }[var.cloud]
}

provider "serving" {
  aws = var.cloud == "aws" ? { region = local.region } : null
  gcp = var.cloud == "gcp" ? { region = local.region } : null
}

resource "serving_certificate" "models" {
  name = "models"
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "private" {
  name       = "private"
  visibility = "private"
  network    = { cidr = "10.40.0.0/16" }
  node_pools = { cpu = { machine_type = local.machine, min_size = 2, max_size = 4 } }
  endpoint = {
    domain         = "models.example.com"
    certificate_id = serving_certificate.models.id
  }

  # Where Terraform runs: the gateway is made through this API.
  kubernetes_api = { allowed_cidrs = ["203.0.113.0/24"] }
}

# Callers show a token: the network alone is one way to keep strangers out, and this is another.
resource "serving_model_server" "fraud" {
  cluster_id  = serving_cluster.private.id
  name        = "fraud"
  image       = "registry.example.com/fraud:v7"
  port        = 8000
  health_path = "/health"
  resources   = { cpu = "500m", memory = "1Gi" }

  auth = {
    mode   = "header"
    tokens = { app = { value_wo = var.app_token } }
  }
}

# The connection, its acceptance, the routes of both VPCs and the load balancer's rule.
resource "serving_vpc_peering" "apps" {
  cluster_id = serving_cluster.private.id
  peer       = var.peer
}

# Who gets through now? The answer is computed from what is in the cloud, on both sides.
data "serving_reachability" "vpc" {
  for_each = { for name, vpc in { peer = var.peer, unpeered = var.unpeered } : name => vpc if vpc != null }

  to         = serving_model_server.fraud.id
  from       = each.value
  depends_on = [serving_vpc_peering.apps]
}

data "serving_reachability" "internet" {
  to         = serving_model_server.fraud.id
  from       = { internet = true }
  depends_on = [serving_vpc_peering.apps]
}

variable "cloud" {
  description = "Cloud to run on: aws or gcp."
  type        = string
  default     = "aws"
}

variable "peer" {
  description = "The VPC of the callers. In another account, assume_role_arn is a role there that may accept a peering and change route tables. In another project of GCP, impersonate_service_account may peer networks there."
  type = object({
    vpc                         = string
    region                      = optional(string)
    assume_role_arn             = optional(string)
    project                     = optional(string)
    impersonate_service_account = optional(string)
  })
}

variable "unpeered" {
  description = "Any other VPC, to see that it has no path. A role in its account needs to read only."
  type = object({
    vpc                         = string
    region                      = optional(string)
    assume_role_arn             = optional(string)
    project                     = optional(string)
    impersonate_service_account = optional(string)
  })
  default = null
}

variable "app_token" {
  description = "The callers' token. It reaches the cluster, and neither the plan nor the state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "certificate_pem" {
  description = "The certificate of models.example.com in PEM."
  type        = string
}

variable "private_key" {
  description = "Its private key in PEM. It reaches the cloud, and neither the plan nor the state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

output "url" {
  value = serving_model_server.fraud.url
}

output "peering" {
  value = {
    connection = serving_vpc_peering.apps.connection_id
    status     = serving_vpc_peering.apps.status
  }
}

output "callers" {
  description = "Who gets through, what decides that on the way, and the header that then carries the token. The health of the gateway is left out: it may change at any time."
  value = { for name, answer in merge(data.serving_reachability.vpc, { internet = data.serving_reachability.internet }) : name => {
    reachable = answer.reachable
    partly    = answer.partly
    hops      = [for hop in answer.hops : "${hop.name} ${hop.verdict}: ${hop.reason}" if hop.name != "gateway"]
    header    = try(answer.authentication.header, null)
  } }
}
