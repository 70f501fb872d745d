package gcp

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGcloud has Google's own command line make a load balancer's objects and take them away: a client that was not written here.
func TestGcloud(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("gcloud")
	if err != nil {
		t.Skip("gcloud is not installed: the official REST clients are the only outsiders of this run")
	}
	if testing.Short() {
		t.Skip("gcloud takes more than a second for every command")
	}
	cloud, url := serve(t)
	plant(cloud)
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("sandbox"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(),
		"CLOUDSDK_CONFIG="+dir, "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE="+url+"/compute/v1/", "CLOUDSDK_API_ENDPOINT_OVERRIDES_CERTIFICATEMANAGER="+url+"/", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE="+token,
		"CLOUDSDK_CORE_PROJECT="+homeProject, "CLOUDSDK_CORE_DISABLE_PROMPTS=1", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1",
		"CLOUDSDK_CORE_CHECK_GCE_METADATA=false", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1", "CLOUDSDK_COMPUTE_REGION="+testRegion)
	gcloud := func(words string) (string, error) {
		command := exec.CommandContext(t.Context(), program, append([]string{"compute"}, strings.Fields(words)...)...)
		command.Env = environment
		text, err := command.CombinedOutput()
		return string(text), err
	}
	for _, words := range []string{
		"networks create main --subnet-mode=custom",
		"networks subnets create nodes --network=main --range=10.0.0.0/22 --secondary-range=pods=10.4.0.0/14",
		"networks subnets update nodes --add-secondary-ranges=services=10.8.0.0/20",
		"networks subnets create proxies --network=main --range=10.1.0.0/23 --purpose=REGIONAL_MANAGED_PROXY --role=ACTIVE",
		"routers create way --network=main",
		"routers nats create nat --router=way --auto-allocate-nat-external-ips --nat-all-subnet-ip-ranges",
		"firewall-rules create probes --network=main --allow=tcp:30080 --source-ranges=35.191.0.0/16 --target-tags=serving",
		"firewall-rules update probes --source-ranges=35.191.0.0/16,130.211.0.0/22",
		"addresses create ext --region=us-central1",
		"health-checks create http hc --region=us-central1 --port=30080 --request-path=/healthz",
		"instance-groups set-named-ports pool --zone=us-central1-a --named-ports=serving-gateway:30080",
		"backend-services create bs --region=us-central1 --load-balancing-scheme=EXTERNAL_MANAGED --protocol=HTTP --port-name=serving-gateway " +
			"--health-checks=hc --health-checks-region=us-central1",
		"backend-services add-backend bs --region=us-central1 --instance-group=pool --instance-group-zone=us-central1-a",
		"security-policies create armor --region=us-central1 --type=CLOUD_ARMOR",
		"security-policies rules update 2147483647 --security-policy=armor --region=us-central1 --action=deny-403",
		"backend-services update bs --region=us-central1 --security-policy=armor",
		"url-maps create hosts --region=us-central1 --default-service=bs",
		"url-maps add-path-matcher hosts --region=us-central1 --path-matcher-name=all --default-service=bs --new-hosts=models.example.com",
		"ssl-policies create tls --region=us-central1 --profile=MODERN --min-tls-version=1.2",
		"target-http-proxies create proxy --region=us-central1 --url-map=hosts --url-map-region=us-central1",
		"target-https-proxies create secure --region=us-central1 --url-map=hosts --url-map-region=us-central1 --certificate-manager-certificates=models",
		"forwarding-rules create fr --region=us-central1 --load-balancing-scheme=EXTERNAL_MANAGED --network=main --network-tier=PREMIUM " +
			"--address=ext --ports=80 --target-http-proxy=proxy --target-http-proxy-region=us-central1",
		"forwarding-rules update fr --region=us-central1 --update-labels=team=ml",
	} {
		if text, err := gcloud(words); err != nil {
			t.Fatalf("gcloud compute %s: %v\n%s", words, err, text)
		}
	}
	if text, err := gcloud("networks delete main"); err == nil || !strings.Contains(text, "is already being used by") {
		t.Errorf("the deletion of a network in use: %v\n%s", err, text)
	}
	if text, err := gcloud("backend-services list --format=value(name,backends[0].group)"); err != nil || !strings.Contains(text, "instanceGroups/pool") {
		t.Errorf("backend services: %v\n%s", err, text)
	}
	for kind, want := range map[string]string{"health-checks": "hc", "target-https-proxies": "secure", "networks subnets list-usable": "nodes"} {
		if !strings.Contains(kind, " ") {
			kind += " list"
		}
		if text, err := gcloud(kind); err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %v\n%s", kind, err, text)
		}
	}
	rule := fetch(t, regionURL(url)+"/forwardingRules/fr")
	if rule["portRange"] != "80-80" || rule["labels"].(map[string]any)["team"] != "ml" {
		t.Errorf("rule = %v", rule)
	}
}
