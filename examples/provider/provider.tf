terraform {
  required_version = ">= 1.11"
  required_providers {
    serving = {
      source  = "modelserving/serving"
      version = "~> 0.1"
    }
  }
}

provider "serving" {
  aws          = { region = "us-west-2" }
  default_tags = { team = "ml" }
}
