# Two model servers behind a private endpoint with a network of its own. make demo applies it to the sandbox.

terraform {
  required_version = ">= 1.11"
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws          = { region = var.region }
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
    cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 }
    gpu = { machine_type = "g6.2xlarge", min_size = 0, max_size = 4, accelerator = { count = 1 } }
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
