# Another configuration has the cluster.

locals {
  cluster_id = "${var.cloud}/${var.region}/test"
}
