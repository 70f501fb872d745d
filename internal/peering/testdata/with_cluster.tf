terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "visibility" {
  type    = string
  default = "private"
}

variable "name" {
  type    = string
  default = "prod"
}

resource "serving_cluster" "test" {
  name       = var.name
  cloud      = "aws"
  region     = "us-west-2"
  visibility = var.visibility
  network    = { cidr = "10.40.0.0/16" }
  node_pools = { cpu = { machine_type = "m7i.xlarge", min_size = 1, max_size = 2 } }
  endpoint = {
    domain         = "models.example.com"
    certificate_id = "arn:aws:acm:us-west-2:123456789012:certificate/11111111-2222-3333-4444-555555555555"
  }
}

resource "serving_vpc_peering" "test" {
  cluster_id = serving_cluster.test.id
  peer       = { vpc = "vpc-0123456789abcdef0" }
}
