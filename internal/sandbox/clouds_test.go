package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// TestBothClouds has one sandbox serve two clouds, with one admin API over them.
func TestBothClouds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := sandboxtest.Start(t, sandboxtest.WithStateDir(dir))
	vpc := must(ec2Client(s.URL).CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: new("10.40.0.0/16")}))(t).Vpc
	networks := s.URL + "/compute/v1/projects/sandbox-project/global/networks"
	if status, text := ask(t, http.MethodPost, networks, `{"name":"main","autoCreateSubnetworks":false}`); status != http.StatusOK {
		t.Fatalf("insert network: %d %s", status, text)
	}
	var census control.Census
	read(t, s.URL, "census", &census)
	clouds := map[string]string{}
	for _, o := range census.Objects {
		clouds[o.Kind] = o.Cloud + " " + o.Account
	}
	if clouds["ec2.vpc"] != "aws 123456789012" || clouds["compute.network"] != "gcp sandbox-project" || census.Total != len(census.Objects) {
		t.Errorf("census = %+v", census)
	}
	var calls []control.LoggedCall
	read(t, s.URL, "calls", &calls)
	if len(calls) != 2 || calls[0].Action != "CreateVpc" || calls[1].Cloud != "gcp" || calls[1].Seq != 2 {
		t.Errorf("calls = %+v", calls)
	}

	// A fault of one cloud's service leaves the other alone.
	write(t, s.URL, "faults", `{"service":"compute","code":"UNAVAILABLE"}`, http.StatusOK)
	write(t, s.URL, "faults", `{"service":"ec2","code":"InternalError","later":true}`, http.StatusBadRequest)
	if status, _ := ask(t, http.MethodGet, networks, ""); status != http.StatusServiceUnavailable {
		t.Errorf("status with a fault = %d", status)
	}
	must(ec2Client(s.URL).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{*vpc.VpcId}}))(t)
	s.ClearFaults()

	// Settings find the cloud that knows their names.
	write(t, s.URL, "config", `{"delays":{"compute.networks.insert":"1m","ec2.vpc.create":"2m"},"quotas":{"compute.networks":1},"disabled":{"peer-project/compute":true}}`, http.StatusOK)
	write(t, s.URL, "config", `{"delays":{"moon.landing":"1m"}}`, http.StatusBadRequest)
	var settings control.Settings
	read(t, s.URL, "config", &settings)
	if settings.Delays["compute.networks.insert"] != control.Duration(time.Minute) || settings.Delays["ec2.vpc.create"] != control.Duration(2*time.Minute) ||
		settings.Quotas["compute.networks"] != 1 || settings.Quotas["ec2.vpcs"] != 5 || !settings.Disabled["peer-project/compute"] {
		t.Errorf("settings = %+v", settings)
	}
	if status, text := ask(t, http.MethodPost, networks, `{"name":"two","autoCreateSubnetworks":false}`); status != http.StatusForbidden {
		t.Errorf("over quota: %d %s", status, text)
	}

	write(t, s.URL, "mutate", `{"cloud":"gcp","account":"sandbox-project","region":"global","kind":"compute.network","id":"main","path":"/mtu","value":1500}`, http.StatusOK)
	if _, text := ask(t, http.MethodGet, networks+"/main", ""); !strings.Contains(text, "1500") {
		t.Errorf("mutated network = %s", text)
	}
	write(t, s.URL, "delete", `{"account":"123456789012","region":"us-west-2","kind":"ec2.vpc","id":"`+*vpc.VpcId+`"}`, http.StatusOK)
	var state map[string]json.RawMessage
	read(t, s.URL, "state", &state)
	if len(state["aws"]) == 0 || len(state["gcp"]) == 0 {
		t.Errorf("state has %d clouds", len(state))
	}

	again := sandboxtest.Start(t, sandboxtest.WithStateDir(dir))
	if left := again.GCP.Census(); left.Total != 1 {
		t.Errorf("after a restart: %+v", left)
	}
	write(t, again.URL, "reset", `{}`, http.StatusOK)
	if left := again.Census(); left.Total != 0 {
		t.Errorf("after a reset: %+v", left)
	}
}

// ask sends a request to Google's APIs.
func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer sandbox")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode, string(must(io.ReadAll(answer.Body))(t))
}

func read(t *testing.T, url, verb string, into any) {
	t.Helper()
	_, text := ask(t, http.MethodGet, url+"/_sandbox/"+verb, "")
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v in %s", verb, err, text)
	}
}

func write(t *testing.T, url, verb, body string, want int) {
	t.Helper()
	if status, text := ask(t, http.MethodPost, url+"/_sandbox/"+verb, body); status != want {
		t.Errorf("POST %s %s: %d %s, want %d", verb, body, status, text, want)
	}
}
