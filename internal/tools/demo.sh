#!/usr/bin/env bash
# A serving cluster's whole life in the sandbox: apply, requests, drift, repair, rotation, destroy, and nothing left. No
# account, no network. The first run builds a Kubernetes API server, which takes some minutes. CLOUD is aws or gcp.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD cloud=${CLOUD:-aws} domain=models.example.com

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { echo "demo: $*" >&2 && exit 1; }

# What only the cloud decides: a region, what guards a load balancer, and how the simulation calls places in a network.
case $cloud in
aws) region=us-west-2 guard=security_group/load_balancer place='' ;;
gcp) region=us-central1 guard=security_policy place=network-sandbox-project. ;;
*) fail "CLOUD is $cloud, want aws or gcp" ;;
esac

work=$(mktemp -d)
sandbox='' calls=''
finish() {
  [[ -z $calls ]] || { kill "$calls" 2>/dev/null && wait "$calls" 2>/dev/null; } || true
  [[ -z $sandbox ]] || { kill "$sandbox" 2>/dev/null && wait "$sandbox" 2>/dev/null; } || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

say "Building the provider and the sandbox"
cli=$(go -C internal/tools run ./install cli)
go -C internal/tools run ./install kubernetes envoy >/dev/null
go build -o "$work/bin/terraform-provider-serving" .
go build -o "$work/sandbox" ./internal/sandbox/cmd/sandbox
go -C internal/tools build -o "$work/" ./outsider ./selfsigned ./caller

say "Starting a cloud on loopback"
"$work/sandbox" --listen 127.0.0.1:0 --time-scale 0 --state "$work/cloud" >"$work/sandbox.log" 2>&1 &
sandbox=$!
for _ in $(seq 200); do
  url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/sandbox.log" | head -n 1) || true
  [[ -z $url ]] || break
  kill -0 "$sandbox" 2>/dev/null || break
  sleep 0.05
done
[[ -n $url ]] || { cat "$work/sandbox.log" >&2 && fail "the sandbox did not start"; }
echo "$url"

# The command takes the provider from where it was just built; there is nothing to init.
cat >"$work/cli.tfrc" <<EOF
provider_installation {
  dev_overrides {
    "registry.terraform.io/modelserving/serving" = "$work/bin"
    "registry.opentofu.org/modelserving/serving" = "$work/bin"
  }
  direct {}
}
EOF
"$work/selfsigned" -domain "$domain" -days 90 -certificate "$work/tls.crt" -key "$work/tls.key"
TF_VAR_certificate_pem=$(<"$work/tls.crt")
TF_VAR_private_key=$(<"$work/tls.key")
# Two callers: "app" is there from the beginning, "next" takes over.
for caller in app next; do head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$work/$caller.token"; done
TF_VAR_tokens=$(printf '{"app":"%s","next":"%s"}' "$(<"$work/app.token")" "$(<"$work/next.token")")
export TF_VAR_tokens TF_VAR_certificate_pem TF_VAR_private_key TF_VAR_cloud=$cloud TF_VAR_region=$region TF_VAR_domain=$domain
export TF_CLI_CONFIG_FILE=$work/cli.tfrc SERVING_SANDBOX=$url TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
unset TF_CLI_ARGS TF_DATA_DIR TF_WORKSPACE TF_LOG TF_LOG_CORE TF_LOG_PROVIDER

mkdir "$work/quickstart"
cp "$root"/examples/quickstart/*.tf "$work/quickstart"

# terraform COMMAND... shows what a user types and runs it, without the notice about the development build.
terraform() {
  printf '\n$ %s %s\n' "$(basename "$cli")" "$*"
  local status=0
  "$cli" -chdir="$work/quickstart" "$@" -no-color >"$work/out" 2>&1 || status=$?
  sed '/^Warning: Provider development overrides/,/releases\.$/d' "$work/out" | cat -s
  return "$status"
}

# plan EXIT-CODE checks -detailed-exitcode: 0 is empty, 2 is a difference.
plan() {
  local status=0
  terraform plan -input=false -detailed-exitcode || status=$?
  [[ $status == "$1" ]] || fail "the plan's exit code is $status, want $1"
}

# call WANT PLACE SERVER [TOKEN-FILE] makes a request and checks its status: the token is in the body for chat, in a
# header for fraud.
call() {
  local want=$1 place=$2 server=$3 token=${4-} flags=() got
  [[ -z $token ]] || flags+=(-token "$token")
  [[ $server != chat ]] || flags+=(-body)
  got=$("$work/caller" -sandbox "$url" -from "$place" -to "$hostname" -ca "$work/tls.crt" -url "https://$domain/$server/predict" "${flags[@]}")
  printf '  %-9s %-6s %-15s %s\n' "${place%%-*}" "$server" "$([[ -z $token ]] && echo 'no token' || basename "$token")" "$got"
  [[ $got == "$want"* ]] || fail "got \"$got\", want $want"
}

output() { "$cli" -chdir="$work/quickstart" output -raw "$1"; }

say "A page of HCL becomes two models behind a private load balancer"
cat "$work/quickstart/main.tf"
terraform apply -input=false -auto-approve

say "The second plan is empty"
plan 0

say "The network lets in only its own, and the gateway only who has the token"
hostname=$(output hostname) vpc=$place$(output vpc)
echo "a-token-that-nobody-was-given" >"$work/stranger.token"
call "no answer" internet fraud "$work/app.token"
for server in fraud chat; do
  call 401 "$vpc" "$server"
  call 401 "$vpc" "$server" "$work/stranger.token"
  call 200 "$vpc" "$server" "$work/app.token"
done
call 404 "$vpc" unknown "$work/app.token"

say "A new token joins the old one, callers change over, the old one goes: not one request is lost"
cp "$work/app.token" "$work/current.token"
"$work/caller" -sandbox "$url" -from "$vpc" -to "$hostname" -ca "$work/tls.crt" -url "https://$domain/fraud/predict" -token "$work/current.token" -until-terminated >"$work/calls" 2>&1 &
calls=$!
export TF_VAR_callers='["app","next"]'
terraform apply -input=false -auto-approve
for server in fraud chat; do
  call 200 "$vpc" "$server" "$work/app.token"
  call 200 "$vpc" "$server" "$work/next.token"
done
cp "$work/next.token" "$work/then.token" && mv "$work/then.token" "$work/current.token"
sleep 0.2
export TF_VAR_callers='["next"]'
terraform apply -input=false -auto-approve
for server in fraud chat; do
  call 401 "$vpc" "$server" "$work/app.token"
  call 200 "$vpc" "$server" "$work/next.token"
done
kill "$calls"
wait "$calls" && lost=0 || lost=1
calls=
cat "$work/calls"
[[ $lost == 0 ]] || fail "requests were lost during the rotation"
plan 0

say "Somebody opens the load balancer to the Internet, behind Terraform's back"
"$work/outsider" open -sandbox "$url" -cloud "$cloud" -region "$region" -object "$guard" -cidr 0.0.0.0/0

say "The plan names what was opened"
plan 2
grep -q "$guard" "$work/out" || fail "the plan does not name $guard"

say "Apply closes it again"
terraform apply -input=false -auto-approve
plan 0

say "Nobody finds a token in the state"
for caller in app next; do
  ! grep -rqF "$(<"$work/$caller.token")" "$work/quickstart" || fail "the token of $caller is in the working directory"
done

say "Destroy leaves nothing behind"
terraform destroy -input=false -auto-approve
"$work/outsider" census -sandbox "$url"
