# When the certificate ends, before it is stored anywhere.
output "not_after" {
  value = provider::serving::certificate_info(file("tls.crt")).not_after
}
