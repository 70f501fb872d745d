terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

data "serving_model_server" "by_id" {
  id = "aws/us-west-2/prod/fraud"
}

data "serving_model_server" "by_name" {
  cluster_id = "aws/us-west-2/prod"
  name       = "fraud"
}
