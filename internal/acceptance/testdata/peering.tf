# A peering of the cluster with a VPC that a test has made.

resource "serving_vpc_peering" "test" {
  cluster_id = serving_cluster.test.id
  peer       = var.peer
}

variable "peer" {
  type = any
}
