# A public endpoint in a network that exists already. Another cluster may share it.

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

resource "serving_cluster" "shared" {
  name       = "shared"
  visibility = "public"

  network = {
    vpc            = var.vpc
    subnets        = var.subnets
    public_subnets = var.public_subnets
  }

  node_pools = {
    cpu = { machine_type = local.machine, min_size = 2, max_size = 10 }
  }

  endpoint = {
    domain         = "models.example.com"
    certificate_id = serving_certificate.models.id
    allowed_cidrs  = ["198.51.100.0/24"]
  }

  kubernetes_api = { allowed_cidrs = ["203.0.113.0/24"] }
}

variable "cloud" {
  description = "Cloud to run on: aws or gcp."
  type        = string
  default     = "aws"
}

variable "vpc" {
  description = "Id of the VPC, on GCP the name of the network, which has a subnetwork for the load balancers' proxies."
  type        = string
}

variable "subnets" {
  description = "Ids of private subnets in two zones or more: nodes, and the load balancer of a private cluster. On GCP the name of one subnetwork, with ranges for pods and services."
  type        = set(string)
}

variable "public_subnets" {
  description = "Ids of public subnets in two zones or more: the load balancer of a public cluster. On GCP there are none."
  type        = set(string)
  default     = null
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
