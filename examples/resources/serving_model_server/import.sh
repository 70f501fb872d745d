# <cloud>/<region>/<cluster>/<name>
terraform import serving_model_server.fraud aws/us-west-2/prod/fraud
