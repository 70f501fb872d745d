locals {
  cluster_id = serving_cluster.test.id
}
