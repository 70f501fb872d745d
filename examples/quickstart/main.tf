# A private model endpoint with a network of its own: more than two dozen cloud objects. make demo applies it to the sandbox.

terraform {
  required_version = ">= 1.11"
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws          = { region = var.region }
  default_tags = { team = "ml" }
}

resource "serving_certificate" "models" {
  name = "models"
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "quickstart" {
  name       = "quickstart"
  visibility = var.visibility

  network = { cidr = "10.40.0.0/16" }

  node_pools = {
    cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 }
    gpu = { machine_type = "g6.2xlarge", min_size = 0, max_size = 4, accelerator = { count = 1 } }
  }

  endpoint = {
    domain         = var.domain
    certificate_id = serving_certificate.models.id
  }
}
