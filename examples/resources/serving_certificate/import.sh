# <cloud>/<region>/<name>
terraform import serving_certificate.models aws/us-west-2/models
