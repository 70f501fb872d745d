# The same on Google Cloud, of either visibility: clusters with a network of their own, two node pools and a certificate each.

terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  gcp     = { region = "us-central1" }
  sandbox = var.endpoint
}

variable "endpoint" {
  type = string
}

variable "stacks" {
  type = number
}

variable "visibility" {
  type = string
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
  count = var.stacks

  name = "bench-${count.index}"
  imported = {
    certificate_pem = var.certificate
    private_key_wo  = var.key
  }
}

resource "serving_cluster" "bench" {
  count = var.stacks

  name       = "bench-${count.index}"
  visibility = var.visibility
  gateway    = { enabled = false }
  network    = { cidr = "10.40.0.0/16" }
  node_pools = {
    cpu = { machine_type = "n2-standard-4", min_size = 2, max_size = 10 }
    gpu = { machine_type = "g2-standard-8", min_size = 0, max_size = 4, accelerator = { count = 1 } }
  }
  endpoint = {
    domain         = "models.example.com"
    certificate_id = serving_certificate.bench[count.index].id
  }
}
