# A certificate and a cluster, both new, of which a test spoils one thing.

# Not known while planning.
resource "terraform_data" "later" {
  input = {
    cidr            = var.cidr
    domain          = var.domain
    certificate_pem = var.certificate_pem
    most            = 10
    version         = "1.33"
    tags            = { team = "ml" }
  }
}

locals {
  later = var.unknown ? terraform_data.later.output : terraform_data.later.input
}

resource "serving_certificate" "models" {
  name = "models"
  tags = local.later.tags
  imported = {
    certificate_pem = local.later.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "test" {
  name               = "test"
  visibility         = var.visibility
  gateway            = { enabled = false }
  kubernetes_version = local.later.version
  tags               = local.later.tags

  network = {
    cidr         = local.later.cidr
    service_cidr = var.service_cidr
    nat          = "single"
  }

  node_pools = {
    cpu = { machine_type = var.machine_type, min_size = var.least, max_size = local.later.most }
  }

  endpoint = {
    domain         = local.later.domain
    certificate_id = var.certified ? serving_certificate.models.id : null
  }
}

variable "unknown" {
  type    = bool
  default = false
}

variable "certificate_pem" {
  type = string
}

variable "private_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "visibility" {
  type    = string
  default = "private"
}

variable "cidr" {
  type    = string
  default = "10.40.0.0/16"
}

variable "service_cidr" {
  type    = string
  default = null
}

variable "domain" {
  type    = string
  default = "models.example.com"
}

variable "certified" {
  type    = bool
  default = true
}

variable "machine_type" {
  type = string
}

variable "least" {
  type    = number
  default = 2
}
