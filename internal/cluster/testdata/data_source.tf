terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

data "serving_cluster" "by_name" {
  name = "prod"
}

data "serving_cluster" "by_id" {
  id = "aws/us-west-2/prod"
}
