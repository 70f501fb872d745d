# A certificate and a cluster in a region that a test chooses.

terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws = { region = var.region, max_retries = 2 }
}

resource "serving_certificate" "models" {
  name = "models"
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "test" {
  name       = "test"
  visibility = "private"
  gateway    = { enabled = false }
  network    = { cidr = "10.40.0.0/16", nat = "single" }
  node_pools = { cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 } }
  endpoint   = { domain = "models.example.com", certificate_id = serving_certificate.models.id }
}

variable "region" {
  type    = string
  default = "us-west-2"
}

variable "certificate_pem" {
  type = string
}

variable "private_key" {
  type      = string
  sensitive = true
  ephemeral = true
}
