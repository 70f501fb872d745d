terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "visibility" {
  type    = string
  default = "private"
}

variable "domain" {
  type    = string
  default = null
}

variable "cidr" {
  type    = string
  default = "10.40.0.0/16"
}

variable "gateway" {
  type    = bool
  default = true
}

variable "allow" {
  type    = bool
  default = false
}

variable "node_pool" {
  type    = string
  default = "cpu"
}

variable "other_path" {
  type    = string
  default = "/other"
}

resource "serving_cluster" "test" {
  name           = "prod"
  visibility     = var.visibility
  network        = { cidr = var.cidr }
  node_pools     = { cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 } }
  endpoint       = { domain = var.domain, certificate_id = "aws/us-west-2/models" }
  kubernetes_api = { allowed_cidrs = ["203.0.113.0/24"] }
  gateway        = { enabled = var.gateway }
}

resource "serving_model_server" "test" {
  cluster_id            = serving_cluster.test.id
  name                  = "fraud"
  image                 = "registry.example.com/fraud:v7"
  port                  = 8000
  node_pool             = var.node_pool
  auth                  = { mode = "none" }
  allow_unauthenticated = var.allow
}

resource "serving_model_server" "other" {
  cluster_id = serving_cluster.test.id
  name       = "other"
  service    = { namespace = "models", name = "triton", port = 8000 }
  path       = var.other_path
  auth       = { mode = "body", tokens = { app = { value_wo = "app-0123456789abcdef" } } }
}

output "url" {
  value = serving_model_server.test.url
}
