import {
  to = serving_model_server.fraud
  id = "aws/us-west-2/prod/fraud"
}
