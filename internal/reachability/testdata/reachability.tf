terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "to" {
  type    = string
  default = "aws/us-west-2/prod"
}

variable "from" {
  type = object({
    internet        = optional(bool)
    cidr            = optional(string)
    vpc             = optional(string)
    account_id      = optional(string)
    region          = optional(string)
    assume_role_arn = optional(string)
  })
  default = { internet = true }
}

data "serving_reachability" "test" {
  to   = var.to
  from = var.from
}
