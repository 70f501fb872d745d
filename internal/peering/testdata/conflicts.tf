terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

variable "cidrs" { type = list(string) }

output "conflicts" {
  value = provider::serving::cidr_conflicts(var.cidrs)
}
