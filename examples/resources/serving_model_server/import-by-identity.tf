import {
  to = serving_model_server.fraud
  identity = {
    cloud   = "aws"
    account = "123456789012"
    region  = "us-west-2"
    cluster = "prod"
    name    = "fraud"
  }
}
