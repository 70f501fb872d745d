terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "name" {
  type    = string
  default = "models"
}

variable "certificate" {
  type = string
}

variable "key" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "domain" {
  type    = string
  default = "models.example.com"
}

variable "cluster" {
  type    = bool
  default = false
}

resource "serving_certificate" "test" {
  name = var.name
  imported = {
    certificate_pem = var.certificate
    private_key_wo  = var.key
  }
}

resource "serving_cluster" "test" {
  count = var.cluster ? 1 : 0

  name       = "prod"
  visibility = "private"
  network    = { cidr = "10.40.0.0/16" }
  node_pools = { cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 } }
  endpoint   = { domain = var.domain, certificate_id = serving_certificate.test.id }
}
