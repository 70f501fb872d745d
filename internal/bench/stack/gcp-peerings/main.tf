# A private cluster, and as many networks of another project that are peered with it as the benchmark says.

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

variable "peers" {
  type    = list(object({ vpc = string, project = string, impersonate_service_account = string }))
  default = []
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
  name = "bench"
  imported = {
    certificate_pem = var.certificate
    private_key_wo  = var.key
  }
}

resource "serving_cluster" "bench" {
  name       = "bench"
  visibility = "private"
  gateway    = { enabled = false }
  network    = { cidr = "10.40.0.0/16" }
  node_pools = {
    cpu = { machine_type = "n2-standard-4", min_size = 2, max_size = 10 }
    gpu = { machine_type = "g2-standard-8", min_size = 0, max_size = 4, accelerator = { count = 1 } }
  }
  endpoint = {
    domain         = "models.example.com"
    certificate_id = serving_certificate.bench.id
  }
}

resource "serving_vpc_peering" "bench" {
  count = length(var.peers)

  cluster_id = serving_cluster.bench.id
  peer       = var.peers[count.index]
}
