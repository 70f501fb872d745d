# A VPC in another account and region, accepted with a role there.
resource "serving_vpc_peering" "apps" {
  cluster_id = serving_cluster.prod.id

  peer = {
    vpc             = "vpc-0123456789abcdef0"
    region          = "eu-central-1"
    assume_role_arn = "arn:aws:iam::111122223333:role/serving-peering"
  }

  # Only these subnets of the peer may call.
  cidrs = ["10.60.8.0/24", "10.60.9.0/24"]
}

# A VPC of somebody who accepts by hand and sets up that side. connection_id is what they have to know.
resource "serving_vpc_peering" "partner" {
  cluster_id     = serving_cluster.prod.id
  accept         = "manual"
  dns_resolution = false

  peer = {
    vpc        = "vpc-0fedcba9876543210"
    account_id = "444455556666"
  }
}
