# A token of the cluster goes where an ephemeral value may go.

ephemeral "serving_kubernetes_token" "prod" {
  cluster_id = "${var.cloud}/${var.region}/prod"
}

resource "serving_model_server" "token" {
  cluster_id = "${var.cloud}/${var.region}/prod"
  name       = "token"
  image      = "registry.example.com/echo:v1"
  port       = 8000
  auth       = { mode = "none" }

  secret_env_wo = {
    HOST  = ephemeral.serving_kubernetes_token.prod.host
    CA    = ephemeral.serving_kubernetes_token.prod.cluster_ca_certificate
    TOKEN = ephemeral.serving_kubernetes_token.prod.token
  }
}
