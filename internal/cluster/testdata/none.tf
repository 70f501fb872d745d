terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}
