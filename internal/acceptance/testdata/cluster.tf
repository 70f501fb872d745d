# A certificate and a cluster of which a test changes what it needs to.

resource "serving_certificate" "models" {
  name = var.certificate_name
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "test" {
  name                = var.name
  visibility          = var.visibility
  kubernetes_version  = var.kubernetes_version
  deletion_protection = var.deletion_protection
  network             = { cidr = var.cidr, nat = "single" }
  node_pools          = var.node_pools
  kubernetes_api      = { allowed_cidrs = var.api_cidrs }
  gateway             = { enabled = var.gateway }

  endpoint = {
    domain               = "models.example.com"
    certificate_id       = serving_certificate.models.id
    allowed_cidrs        = var.allowed_cidrs
    min_tls_version      = var.min_tls_version
    idle_timeout_seconds = var.idle_timeout_seconds
    dns                  = var.dns
  }
}

variable "certificate_name" {
  type    = string
  default = "models"
}

variable "certificate_pem" {
  type = string
}

variable "private_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "name" {
  type    = string
  default = "test"
}

variable "visibility" {
  type    = string
  default = "private"
}

variable "kubernetes_version" {
  type    = string
  default = null
}

variable "deletion_protection" {
  type    = bool
  default = false
}

variable "cidr" {
  type    = string
  default = "10.40.0.0/16"
}

variable "node_pools" {
  type = any
}

variable "api_cidrs" {
  type    = set(string)
  default = null
}

# A gateway wants a real Kubernetes API server, which most of these tests do without.
variable "gateway" {
  type    = bool
  default = false
}

variable "allowed_cidrs" {
  type    = set(string)
  default = null
}

variable "min_tls_version" {
  type    = string
  default = null
}

variable "idle_timeout_seconds" {
  type    = number
  default = null
}

variable "dns" {
  type    = object({ zone_id = string })
  default = null
}
