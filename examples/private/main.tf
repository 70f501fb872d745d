# A private endpoint, in three zones. Its Kubernetes API is private as well, except for one office.

terraform {
  required_version = ">= 1.11"
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

# What only the cloud decides.
locals {
  region   = { aws = "eu-central-1", gcp = "europe-west4" }[var.cloud]
  zones    = { aws = ["eu-central-1a", "eu-central-1b", "eu-central-1c"], gcp = ["europe-west4-a", "europe-west4-b", "europe-west4-c"] }[var.cloud]
  machines = { aws = { cpu = "m7i.xlarge", gpu = "g6.2xlarge" }, gcp = { cpu = "n2-standard-4", gpu = "g2-standard-8" } }[var.cloud]
}

provider "serving" {
  aws = var.cloud == "aws" ? { region = local.region } : null
  gcp = var.cloud == "gcp" ? { region = local.region } : null
}

resource "serving_certificate" "models" {
  name              = "models"
  renew_before_days = 30
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "private" {
  name                = "private"
  visibility          = "private"
  deletion_protection = var.deletion_protection

  network = {
    cidr  = "10.50.0.0/16"
    zones = local.zones
  }

  node_pools = {
    cpu = { machine_type = local.machines.cpu, min_size = 2, max_size = 10, disk_gb = 100 }
    gpu = {
      machine_type = local.machines.gpu
      min_size     = 0
      max_size     = 4
      spot         = true
      accelerator  = { count = 1 }
      labels       = { workload = "inference" }
    }
  }

  endpoint = {
    domain               = "models.example.com"
    certificate_id       = serving_certificate.models.id
    min_tls_version      = "1.3"
    idle_timeout_seconds = 600 # long enough for a slow model
  }

  kubernetes_api = {
    allowed_cidrs = ["203.0.113.0/24"]
    admins        = var.admins
  }

  tags = { environment = "production" }
}

variable "cloud" {
  description = "Cloud to run on: aws or gcp."
  type        = string
  default     = "aws"
}

variable "admins" {
  description = "ARNs of IAM roles and users that administer Kubernetes, beside whoever runs Terraform: a pipeline's role, say. On GCP IAM alone says who does."
  type        = set(string)
  default     = []
}

variable "deletion_protection" {
  description = "Refuse to destroy the cluster until this is false and applied."
  type        = bool
  default     = false
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
