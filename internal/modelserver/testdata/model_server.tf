terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "name" {
  type    = string
  default = "fraud"
}

variable "image" {
  type    = string
  default = "registry.example.com/fraud:v7"
}

variable "path" {
  type    = string
  default = null
}

variable "replicas" {
  type    = object({ min = optional(number), max = optional(number), target_cpu_percent = optional(number) })
  default = null
}

variable "tokens" {
  type      = map(string)
  default   = { app = "app-0123456789abcdef" }
  ephemeral = true
}

variable "names" {
  type    = set(string)
  default = ["app"]
}

variable "secrets" {
  type      = map(string)
  default   = null
  ephemeral = true
}

resource "serving_model_server" "test" {
  cluster_id = "aws/us-west-2/prod"
  name       = var.name
  image      = var.image
  port       = var.image == null ? null : 8000
  path       = var.path
  replicas   = var.replicas
  resources  = var.image == null ? null : { cpu = "1000m", memory = "8Gi" }

  service = var.image == null ? { namespace = "models", name = "triton", port = 8000 } : null

  secret_env_wo = var.secrets

  auth = {
    mode   = "header"
    tokens = { for name in var.names : name => { value_wo = var.tokens[name] } }
  }
}

output "url" {
  value = serving_model_server.test.url
}
