terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

resource "serving_cluster" "test" {
  count = 2

  name       = "prod"
  visibility = "private"
  network    = { cidr = "10.40.0.0/16" }
  node_pools = { cpu = { machine_type = "m7i.xlarge", min_size = 2, max_size = 10 } }
  endpoint   = { certificate_id = "aws/us-west-2/models" }
}
