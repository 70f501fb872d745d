# A container image that is run on the GPU nodes, for two applications.
resource "serving_model_server" "fraud" {
  cluster_id  = data.serving_cluster.prod.id
  name        = "fraud"
  image       = "registry.example.com/fraud:v7"
  port        = 8000
  health_path = "/health"
  node_pool   = "gpu"
  replicas    = { min = 2, max = 10 }
  resources   = { cpu = "2", memory = "8Gi", gpus = 1 }

  auth = {
    mode = "header"
    tokens = {
      app = { value_wo = var.app_token }
      ci  = { value_wo = var.ci_token }
    }
  }
}

# A service of the cluster that runs already, whose callers write the token into the JSON body.
resource "serving_model_server" "triton" {
  cluster_id = data.serving_cluster.prod.id
  name       = "triton"
  service    = { namespace = "models", name = "triton", port = 8000 }

  auth = {
    mode   = "body"
    tokens = { app = { value_wo = var.app_token } }
  }
}

output "url" {
  value = serving_model_server.fraud.url
}

data "serving_cluster" "prod" {
  name   = "prod"
  region = "us-west-2"
}

variable "app_token" {
  description = "A token of at least 16 visible ASCII characters, as \"openssl rand -hex 32\" makes."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "ci_token" {
  description = "Another one, for the pipeline."
  type        = string
  sensitive   = true
  ephemeral   = true
}
