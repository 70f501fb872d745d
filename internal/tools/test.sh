#!/usr/bin/env bash
# Runs the tests with the Terraform command that TF_ACC_TERRAFORM_PATH names, else terraform on PATH, else OpenTofu.
#
#   test.sh all         [go test arguments]   every test, then the acceptance tests again with OpenTofu
#   test.sh acceptance  [go test arguments]   the acceptance tests only
set -euo pipefail
cd "$(dirname "$0")/../.."

what=$1
shift
tools=$(go -C internal/tools run ./install cli tofu)
go -C internal/tools run ./install kubernetes envoy >/dev/null # the tests find them in the cache
{ read -r cli && read -r tofu; } <<<"$tools"

# acceptance COMMAND ARGUMENTS... runs go test with the acceptance tests switched on.
acceptance() {
  local command=$1 host=registry.terraform.io version
  shift
  version=$(TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 "$command" version)
  version=${version%%$'\n'*}
  # Both know the provider by its source "modelserving/serving", each in a registry of its own.
  [[ $version == OpenTofu* ]] && host=registry.opentofu.org
  echo "== go test with $version"
  TF_ACC=1 TF_ACC_TERRAFORM_PATH=$command TF_ACC_PROVIDER_HOST=$host TF_ACC_PROVIDER_NAMESPACE=modelserving \
    TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 go test -timeout 40m "$@" ./...
}

case $what in
all)
  acceptance "$cli" "$@"
  [[ $(readlink -f "$cli") == "$(readlink -f "$tofu")" ]] || acceptance "$tofu" -run '^TestAcc[A-Z]' "$@"
  ;;
acceptance) acceptance "$cli" -run '^TestAcc[A-Z]' "$@" ;;
*) echo "test.sh: $what is neither all nor acceptance" >&2 && exit 2 ;;
esac
