# The same cluster in several regions, by one provider process.

terraform {
  required_version = ">= 1.11"
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

# What only the cloud decides. Ranges that do not overlap can be peered later.
locals {
  regions = {
    aws = { us-west-2 = "10.60.0.0/16", eu-central-1 = "10.61.0.0/16" }
    gcp = { us-central1 = "10.60.0.0/16", europe-west4 = "10.61.0.0/16" }
  }[var.cloud]
  machine = { aws = "m7i.xlarge", gcp = "n2-standard-4" }[var.cloud]
}

# The region is that of resources which name none.
provider "serving" {
  aws = var.cloud == "aws" ? { region = "us-west-2" } : null
  gcp = var.cloud == "gcp" ? { region = "us-central1" } : null
}

# Certificates are regional.
resource "serving_certificate" "models" {
  for_each = local.regions

  name   = "models"
  region = each.key
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "models" {
  for_each = local.regions

  name       = "models"
  region     = each.key
  visibility = "public"
  network    = { cidr = each.value }

  node_pools = {
    cpu = { machine_type = local.machine, min_size = 2, max_size = 10 }
  }

  endpoint = {
    domain         = "models.example.com"
    certificate_id = serving_certificate.models[each.key].id
  }

  kubernetes_api = { allowed_cidrs = ["203.0.113.0/24"] }
}

output "urls" {
  description = "Where callers reach each region."
  value       = { for region, cluster in serving_cluster.models : region => cluster.endpoint.url }
}

variable "cloud" {
  description = "Cloud to run on: aws or gcp."
  type        = string
  default     = "aws"
}

variable "certificate_pem" {
  description = "The certificate for models.example.com in PEM."
  type        = string
}

variable "private_key" {
  description = "The certificate's private key in PEM. It reaches the cloud, and neither the plan nor the state."
  type        = string
  sensitive   = true
  ephemeral   = true
}
