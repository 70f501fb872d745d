import {
  to = serving_cluster.prod
  identity = {
    cloud   = "aws"
    account = "123456789012"
    region  = "us-west-2"
    name    = "prod"
  }
}
