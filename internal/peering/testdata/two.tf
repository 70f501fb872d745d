terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

resource "serving_vpc_peering" "test" {
  cluster_id = "aws/us-west-2/prod"
  peer       = { vpc = "vpc-0123456789abcdef0" }
}

resource "serving_vpc_peering" "twin" {
  cluster_id = "aws/us-west-2/prod"
  peer       = { vpc = "vpc-0123456789abcdef0", region = "us-west-2" }
}
