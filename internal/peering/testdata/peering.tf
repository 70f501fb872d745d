terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "cluster_id" {
  type    = string
  default = "aws/us-west-2/prod"
}

variable "peer" {
  type    = any
  default = { vpc = "vpc-0123456789abcdef0" }
}

variable "accept" {
  type    = string
  default = null
}

variable "dns_resolution" {
  type    = bool
  default = null
}

variable "cidrs" {
  type    = set(string)
  default = null
}

variable "tags" {
  type    = map(string)
  default = null
}

resource "serving_vpc_peering" "test" {
  cluster_id     = var.cluster_id
  accept         = var.accept
  dns_resolution = var.dns_resolution
  cidrs          = var.cidrs
  tags           = var.tags

  peer = {
    vpc             = var.peer.vpc
    account_id      = lookup(var.peer, "account_id", null)
    region          = lookup(var.peer, "region", null)
    assume_role_arn = lookup(var.peer, "assume_role_arn", null)
    project         = lookup(var.peer, "project", null)

    impersonate_service_account = lookup(var.peer, "impersonate_service_account", null)
  }
}
