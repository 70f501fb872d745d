# A peering in a configuration of its own, as the callers' team would have it.

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
  type = list(object({ vpc = string, project = string, impersonate_service_account = string }))
}

resource "serving_vpc_peering" "bench" {
  count = length(var.peers)

  cluster_id = "gcp/us-central1/bench"
  peer       = var.peers[count.index]
}
