import {
  to = serving_vpc_peering.apps
  identity = {
    cloud   = "aws"
    account = "123456789012"
    region  = "us-west-2"
    cluster = "prod"
    vpc     = "vpc-0123456789abcdef0"
  }
}
