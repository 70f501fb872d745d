data "serving_model_server" "fraud" {
  cluster_id = "aws/us-west-2/prod"
  name       = "fraud"
}

# What an application needs to know, beside its token.
output "fraud" {
  value = {
    url    = data.serving_model_server.fraud.url
    header = data.serving_model_server.fraud.auth.header
  }
}
