output "url" {
  description = "Where callers reach the endpoint."
  value       = serving_cluster.quickstart.endpoint.url
}

output "exposure" {
  description = "Who has a path to it, as read back from the cloud."
  value       = serving_cluster.quickstart.exposure
}
