terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "dns_endpoint" {
  type    = bool
  default = null
}

variable "gcp" {
  type    = object({ release_channel = optional(string), node_service_account = optional(string) })
  default = null
}

variable "pod_cidr" {
  type    = string
  default = null
}

resource "serving_cluster" "test" {
  name       = "prod"
  visibility = "private"

  network = { cidr = "10.40.0.0/16", pod_cidr = var.pod_cidr }

  node_pools = {
    cpu = { machine_type = "n2-standard-4", min_size = 2, max_size = 10 }
    gpu = { machine_type = "g2-standard-8", min_size = 0, max_size = 4, accelerator = { count = 1 } }
    old = { machine_type = "n1-standard-4", min_size = 0, max_size = 1, accelerator = { type = "nvidia-tesla-t4", count = 1 } }
  }

  endpoint = {
    certificate_id = "gcp/us-central1/models"
  }

  gcp = var.gcp

  kubernetes_api = var.dns_endpoint == null ? null : { dns_endpoint = var.dns_endpoint }
}
