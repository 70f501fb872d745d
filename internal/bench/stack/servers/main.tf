# A cluster with a gateway, and as many servers behind it as the benchmark says. They stand for Services that are there
# already, since the figures are of the gateway's configuration and not of pods.

terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws     = { region = "us-west-2" }
  sandbox = var.endpoint
}

variable "endpoint" {
  type = string
}

variable "servers" {
  type = number
}

variable "certificate" {
  type = string
}

variable "key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "serving_certificate" "bench" {
  name = "bench"
  imported = {
    certificate_pem = var.certificate
    private_key_wo  = var.key
  }
}

resource "serving_cluster" "bench" {
  name       = "bench"
  visibility = "private"
  network    = { cidr = "10.40.0.0/16" }
  node_pools = {
    cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 }
  }
  endpoint = {
    domain         = "models.example.com"
    certificate_id = serving_certificate.bench.id
  }
  kubernetes_api = { allowed_cidrs = ["203.0.113.0/24"] }
}

resource "serving_model_server" "bench" {
  count = var.servers

  cluster_id = serving_cluster.bench.id
  name       = "server-${count.index}"
  service    = { namespace = "default", name = "kubernetes", port = 443 }
  auth = {
    mode   = "header"
    tokens = { app = { value_wo = "a-token-of-the-benchmark-${count.index}" } }
  }
}
