#!/usr/bin/env bash
# Runs the conformance tests against moto's server: a simulation of AWS that was not written here. Tests find it in
# SERVING_CONFORMANCE_ENDPOINT. What moto does not emulate is skipped by name; every skip is listed at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools=$(go -C internal/tools run ./install cli moto)
{ read -r cli && read -r moto; } <<<"$tools"
work=$(mktemp -d)
server= host=registry.terraform.io
[[ $(TF_CLI_CONFIG_FILE=/dev/null "$cli" version) != OpenTofu* ]] || host=registry.opentofu.org
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

# AWS's own policies are in every account.
MOTO_IAM_LOAD_MANAGED_POLICIES=true "$moto" -H 127.0.0.1 -p 0 >"$work/moto.log" 2>&1 &
server=$!
for _ in $(seq 300); do
  endpoint=$(sed -n 's/.*Running on \(http:[^ ]*\).*/\1/p' "$work/moto.log" | head -n 1)
  [[ -z $endpoint ]] || break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
[[ -n $endpoint ]] || { cat "$work/moto.log" >&2 && echo "conformance: moto did not start" >&2 && exit 1; }
echo "== moto answers at $endpoint"

status=0
SERVING_CONFORMANCE_ENDPOINT=$endpoint AWS_EC2_METADATA_DISABLED=true \
  TF_ACC=1 TF_ACC_TERRAFORM_PATH=$cli TF_ACC_PROVIDER_HOST=$host TF_ACC_PROVIDER_NAMESPACE=modelserving \
  TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 \
  go test -count 1 -timeout 40m -v -run '^Test(Acc)?Conformance' "$@" ./internal/... >"$work/test.log" 2>&1 || status=$?
grep -E '^(\s*--- |ok|FAIL|panic|\s+\S+_test\.go:)' "$work/test.log" || cat "$work/test.log"
echo "== skipped against moto"
grep -oE 'moto: .+' "$work/test.log" | sort -u || echo "nothing"
grep -qE '"(GET|POST|PUT|DELETE) ' "$work/moto.log" || { echo "conformance: no test talked to moto" >&2 && exit 1; }
exit "$status"
