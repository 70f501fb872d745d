# Fails in the plan when two of a company's networks overlap.
locals {
  networks = ["10.40.0.0/16", "10.60.0.0/16", "192.168.0.0/20"]
}

output "networks" {
  value = local.networks

  precondition {
    condition     = length(provider::serving::cidr_conflicts(local.networks)) == 0
    error_message = "These ranges overlap: ${jsonencode(provider::serving::cidr_conflicts(local.networks))}"
  }
}
