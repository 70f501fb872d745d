# Does the applications' VPC get through, and with what?
data "serving_reachability" "apps" {
  to = "aws/us-west-2/prod/fraud"
  from = {
    vpc             = "vpc-0123456789abcdef0"
    assume_role_arn = "arn:aws:iam::210987654321:role/network-reader"
  }
}

output "apps" {
  value = {
    reachable = data.serving_reachability.apps.reachable
    hops      = data.serving_reachability.apps.hops
    header    = try(data.serving_reachability.apps.authentication.header, null)
  }
}

# Nobody on the Internet may.
data "serving_reachability" "internet" {
  to   = "aws/us-west-2/prod"
  from = { internet = true }
}

check "private" {
  assert {
    condition     = data.serving_reachability.internet.reachable == false && !data.serving_reachability.internet.partly
    error_message = "There is a path from the Internet, or nobody knows: ${join("; ", [for h in data.serving_reachability.internet.hops : "${h.name}: ${h.reason}" if h.verdict != "block"])}"
  }
}
