# A peering in a configuration of its own, as the callers' team would have it.

terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws     = { region = "us-west-2" }
  sandbox = var.endpoint
}

variable "endpoint" {
  type = string
}

variable "peers" {
  type = list(object({ vpc = string, region = string, assume_role_arn = string }))
}

resource "serving_vpc_peering" "bench" {
  count = length(var.peers)

  cluster_id = "aws/us-west-2/bench"
  peer       = var.peers[count.index]
}
