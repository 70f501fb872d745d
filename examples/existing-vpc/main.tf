# A public endpoint in a network that exists already. Another cluster may share it.

terraform {
  required_version = ">= 1.11"
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws = { region = "us-west-2" }
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
    cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 }
  }

  endpoint = {
    domain         = "models.example.com"
    certificate_id = serving_certificate.models.id
    allowed_cidrs  = ["198.51.100.0/24"]
  }

  kubernetes_api = { allowed_cidrs = ["203.0.113.0/24"] }
}

variable "vpc" {
  description = "Id of the VPC."
  type        = string
}

variable "subnets" {
  description = "Ids of private subnets in two zones or more: nodes, and the load balancer of a private cluster."
  type        = set(string)
}

variable "public_subnets" {
  description = "Ids of public subnets in two zones or more: the load balancer of a public cluster."
  type        = set(string)
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
