resource "serving_certificate" "models" {
  name = "models"
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "prod" {
  name       = "prod"
  visibility = "private"

  network = { cidr = "10.40.0.0/16" }

  node_pools = {
    cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 }
    gpu = {
      machine_type = "g6.2xlarge"
      min_size     = 0
      max_size     = 4
      accelerator  = { count = 1 }
    }
  }

  endpoint = {
    domain         = "models.example.com"
    certificate_id = serving_certificate.models.id
  }

  kubernetes_api = { allowed_cidrs = ["203.0.113.0/24"] }
}

output "exposure" {
  description = "Who has a path to the endpoint, as read back from the cloud."
  value       = serving_cluster.prod.exposure
}

variable "certificate_pem" {
  description = "The certificate for models.example.com in PEM."
  type        = string
}

variable "private_key" {
  description = "The certificate's private key in PEM. It reaches the cloud, and neither the plan nor the state."
  type        = string
  sensitive   = true
  ephemeral   = true
}
