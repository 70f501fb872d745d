# Model servers that a test describes. Where their cluster is, another file says.

resource "serving_model_server" "test" {
  for_each = var.servers

  cluster_id            = local.cluster_id
  name                  = each.key
  image                 = lookup(each.value, "image", "registry.example.com/echo:v1")
  port                  = 8000
  health_path           = "/health"
  replicas              = lookup(each.value, "replicas", null)
  resources             = lookup(each.value, "resources", { cpu = "100m", memory = "128Mi" })
  secret_env_wo         = contains(keys(each.value), "secret_env") ? { for name in each.value.secret_env : name => var.secrets[name] } : null
  allow_unauthenticated = lookup(each.value, "allow_unauthenticated", null)

  auth = {
    mode   = each.value.mode
    header = lookup(each.value, "header", null)
    tokens = contains(keys(each.value), "tokens") ? { for name in each.value.tokens : name => { value_wo = var.secrets[name] } } : null
  }

  timeouts = { create = var.patience, update = var.patience }
}

variable "servers" {
  type    = any
  default = {}
}

# Tokens and secret variables, by the names that servers have for them.
variable "secrets" {
  type      = map(string)
  sensitive = true
  ephemeral = true
  default   = {}
}

variable "patience" {
  type    = string
  default = "2m"
}

output "urls" {
  value = { for name, server in serving_model_server.test : name => server.url }
}
