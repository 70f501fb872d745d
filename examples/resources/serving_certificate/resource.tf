resource "serving_certificate" "models" {
  name              = "models"
  renew_before_days = 21

  imported = {
    certificate_pem = var.certificate_pem
    chain_pem       = var.chain_pem
    private_key_wo  = var.private_key
  }
}

variable "certificate_pem" {
  description = "The certificate in PEM, without its chain."
  type        = string
}

variable "chain_pem" {
  description = "Intermediate certificates in PEM, the issuer of the certificate first. None for a certificate that a root signed."
  type        = string
  default     = null
}

variable "private_key" {
  description = "The certificate's private key in PEM. It reaches the cloud, and neither the plan nor the state."
  type        = string
  sensitive   = true
  ephemeral   = true
}
