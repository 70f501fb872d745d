# Two model servers behind a private endpoint with a network of its own. make demo applies it to the sandbox.

terraform {
  required_version = ">= 1.11"
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

# What only the cloud decides. Everything below is the same on both.
locals {
  region   = coalesce(var.region, { aws = "us-west-2", gcp = "us-central1" }[var.cloud])
  machines = { aws = { cpu = "m7i.xlarge", gpu = "g6.2xlarge" }, gcp = { cpu = "n2-standard-4", gpu = "g2-standard-8" } }[var.cloud]
}

provider "serving" {
  aws          = var.cloud == "aws" ? { region = local.region } : null
  gcp          = var.cloud == "gcp" ? { region = local.region } : null
  default_tags = { team = "ml" }
}

resource "serving_certificate" "models" {
  name = "models"
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "quickstart" {
  name       = "quickstart"
  visibility = var.visibility

  network = { cidr = "10.40.0.0/16" }

  node_pools = {
    cpu = { machine_type = local.machines.cpu, min_size = 2, max_size = 10 }
    gpu = { machine_type = local.machines.gpu, min_size = 0, max_size = 4, accelerator = { count = 1 } }
  }

  endpoint = {
    domain         = var.domain
    certificate_id = serving_certificate.models.id
  }

  kubernetes_api = { allowed_cidrs = [var.runner_cidr] }
}

# Callers show a token in a header: "Authorization: Bearer <token>", or "Basic" and the token in base64.
resource "serving_model_server" "fraud" {
  cluster_id  = serving_cluster.quickstart.id
  name        = "fraud"
  image       = "registry.example.com/fraud:v7"
  port        = 8000
  health_path = "/health"
  replicas    = { min = 2, max = 10 }
  resources   = { cpu = "500m", memory = "1Gi" }

  auth = {
    mode   = "header"
    tokens = { for caller in var.callers : caller => { value_wo = var.tokens[caller] } }
  }
}

# Callers show a token in the body: {"auth": "<token>", ...}.
resource "serving_model_server" "chat" {
  cluster_id  = serving_cluster.quickstart.id
  name        = "chat"
  image       = "registry.example.com/chat:v3"
  port        = 8080
  health_path = "/health"
  resources   = { cpu = "500m", memory = "1Gi" }

  auth = {
    mode   = "body"
    tokens = { for caller in var.callers : caller => { value_wo = var.tokens[caller] } }
  }
}
