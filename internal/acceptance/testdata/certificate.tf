resource "serving_certificate" "models" {
  name = "models"
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

variable "certificate_pem" {
  type = string
}

variable "private_key" {
  type      = string
  sensitive = true
  ephemeral = true
}
