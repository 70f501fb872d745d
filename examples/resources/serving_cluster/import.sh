# <cloud>/<region>/<name>
terraform import serving_cluster.prod aws/us-west-2/prod
