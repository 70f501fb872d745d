terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "name" {
  type    = string
  default = "prod"
}

variable "visibility" {
  type    = string
  default = "private"
}

variable "max_size" {
  type    = number
  default = 4
}

variable "cidr" {
  type    = string
  default = "10.40.0.0/16"
}

variable "allowed_cidrs" {
  type    = set(string)
  default = null
}

variable "deletion_protection" {
  type    = bool
  default = false
}

variable "dns" {
  type    = object({ zone_id = string })
  default = null
}

variable "tags" {
  type    = map(string)
  default = null
}

variable "gateway" {
  type    = object({ enabled = optional(bool), min_replicas = optional(number), max_replicas = optional(number) })
  default = null
}

resource "serving_cluster" "test" {
  name                = var.name
  visibility          = var.visibility
  deletion_protection = var.deletion_protection
  tags                = var.tags

  network = { cidr = var.cidr }

  node_pools = {
    cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 }
    gpu = {
      machine_type = "g6.2xlarge"
      min_size     = 0
      max_size     = var.max_size
      accelerator  = { count = 1 }
      labels       = { "example.com/team" = "ml" }
      taints       = [{ key = "nvidia.com/gpu", effect = "NoSchedule" }]
    }
  }

  endpoint = {
    domain         = "models.example.com"
    certificate_id = "aws/us-west-2/models"
    dns            = var.dns
  }

  gateway = var.gateway

  kubernetes_api = var.allowed_cidrs == null ? null : { allowed_cidrs = var.allowed_cidrs }
}

output "url" {
  value = serving_cluster.test.endpoint.url
}

output "exposure" {
  value = serving_cluster.test.exposure
}
