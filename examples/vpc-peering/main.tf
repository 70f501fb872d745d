# A private endpoint, and one other VPC that reaches it.

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

# The connection, its acceptance, the routes of both VPCs and the load balancer's rule.
resource "serving_vpc_peering" "apps" {
  cluster_id = serving_cluster.private.id
  peer       = var.peer
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
  value = serving_cluster.private.endpoint.url
}

output "peering" {
  value = {
    connection = serving_vpc_peering.apps.connection_id
    status     = serving_vpc_peering.apps.status
  }
}
