ephemeral "serving_kubernetes_token" "prod" {
  cluster_id = "aws/us-west-2/prod"
}

provider "kubernetes" {
  host                   = ephemeral.serving_kubernetes_token.prod.host
  cluster_ca_certificate = ephemeral.serving_kubernetes_token.prod.cluster_ca_certificate
  token                  = ephemeral.serving_kubernetes_token.prod.token
}
