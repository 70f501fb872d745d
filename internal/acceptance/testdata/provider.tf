# The provider on the cloud of a test. All other files are the same on all clouds.

terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws          = var.cloud == "aws" ? { region = var.region, max_retries = var.max_retries } : null
  gcp          = var.cloud == "gcp" ? { region = var.region, max_retries = var.max_retries } : null
  default_tags = { team = "ml" }

  kubernetes_api = { proxy_url = var.proxy_url }
}

variable "cloud" {
  type = string
}

variable "region" {
  type = string
}

variable "max_retries" {
  type    = number
  default = null
}

variable "proxy_url" {
  type    = string
  default = null
}
