import {
  to = serving_cluster.prod
  id = "aws/us-west-2/prod"
}
