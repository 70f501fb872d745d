terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

resource "serving_model_server" "test" {
  count = 2

  cluster_id = "aws/us-west-2/prod"
  name       = "fraud"
  image      = "registry.example.com/fraud:v7"
  port       = 8000
  auth       = { mode = "none" }
}
