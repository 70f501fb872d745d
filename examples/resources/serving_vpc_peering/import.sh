# <cloud>/<region>/<cluster>/<peer vpc>
terraform import serving_vpc_peering.apps aws/us-west-2/prod/vpc-0123456789abcdef0

# A peer in another account is read with a role there.
terraform import serving_vpc_peering.apps 'aws/us-west-2/prod/vpc-0123456789abcdef0?assume_role_arn=arn:aws:iam::111122223333:role/serving-peering'
