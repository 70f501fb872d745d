# The same names once more.

variable "twin" {
  description = "Which of the two: cluster or certificate."
  type        = string
}

resource "serving_certificate" "again" {
  count = var.twin == "certificate" ? 1 : 0
  name  = "models"
  imported = {
    certificate_pem = var.certificate_pem
    private_key_wo  = var.private_key
  }
}

resource "serving_cluster" "again" {
  count      = var.twin == "cluster" ? 1 : 0
  name       = "test"
  visibility = "private"
  gateway    = { enabled = false }
  network    = { cidr = "10.42.0.0/16" }
  node_pools = var.node_pools
  endpoint   = { certificate_id = serving_certificate.models.id }
}
