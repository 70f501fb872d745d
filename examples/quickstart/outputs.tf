output "urls" {
  description = "Where callers reach the models."
  value       = { for server in [serving_model_server.fraud, serving_model_server.chat] : server.name => server.url }
}

output "hostname" {
  description = "What the domain is a DNS alias of."
  value       = serving_cluster.quickstart.endpoint.hostname
}

output "vpc" {
  description = "The network from which a private endpoint can be reached."
  value       = serving_cluster.quickstart.network.vpc_id
}

output "exposure" {
  description = "Who has a path to it, as read back from the cloud."
  value       = serving_cluster.quickstart.exposure
}
