import {
  to = serving_certificate.models
  id = "aws/us-west-2/models"
}
