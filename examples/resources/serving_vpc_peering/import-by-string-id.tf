import {
  to = serving_vpc_peering.apps
  id = "aws/us-west-2/prod/vpc-0123456789abcdef0?assume_role_arn=arn:aws:iam::111122223333:role/serving-peering"
}
