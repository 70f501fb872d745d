terraform {
  required_providers {
    serving = { source = "modelserving/serving" }
  }
}

provider "serving" {
  aws = { region = "us-west-2" }
}
