data "serving_cluster" "prod" {
  name   = "prod"
  region = "us-west-2"
}

# A name of your own for the endpoint.
output "dns_alias" {
  value = {
    name    = "models.example.com"
    target  = data.serving_cluster.prod.endpoint.hostname
    zone_id = data.serving_cluster.prod.endpoint.zone_id
  }
}
