variable "cloud" {
  description = "Cloud to run on: aws or gcp."
  type        = string
  default     = "aws"
}

variable "region" {
  description = "Region of the cloud. By default us-west-2 or us-central1."
  type        = string
  default     = null
}

variable "visibility" {
  description = "Whether the endpoint faces the Internet: private or public."
  type        = string
  default     = "private"
}

variable "domain" {
  description = "Name that callers use; the certificate must cover it."
  type        = string
  default     = "models.example.com"
}

variable "certificate_pem" {
  description = "The certificate in PEM."
  type        = string
}

variable "private_key" {
  description = "The certificate's private key in PEM. It reaches the cloud, and neither the plan nor the state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "runner_cidr" {
  description = "Where Terraform runs, as seen by the Kubernetes API."
  type        = string
  default     = "203.0.113.0/24"
}

variable "callers" {
  description = "Who may call the models. Two of them overlap while a token is rotated."
  type        = list(string)
  default     = ["app"]
}

variable "tokens" {
  description = "The token of each caller. They reach the cluster, and neither the plan nor the state."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}
