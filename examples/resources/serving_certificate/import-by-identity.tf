import {
  to = serving_certificate.models
  identity = {
    cloud   = "aws"
    account = "123456789012"
    region  = "us-west-2"
    name    = "models"
  }
}
