# Another configuration has the cluster.

terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws = { region = "us-west-2" }
}

locals {
  cluster_id = "aws/us-west-2/test"
}
