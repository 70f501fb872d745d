# The Authorization header of a caller, for a tool that wants it whole.
output "authorization" {
  value     = provider::serving::basic_token(var.app_token)
  sensitive = true
}

variable "app_token" {
  description = "The token, as the server's auth.tokens has it."
  type        = string
  sensitive   = true
}
