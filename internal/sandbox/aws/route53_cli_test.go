package aws_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// TestRoute53CLI is the aws CLI, whose requests are botocore's: other paths, and numbers as text.
func TestRoute53CLI(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("every command takes a second")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("there is no aws CLI")
	}
	w := newWorld(t)
	cli := func(args ...string) (answer map[string]any, failure string) {
		t.Helper()
		var stderr strings.Builder
		command := exec.CommandContext(t.Context(), "aws", append([]string{"route53", "--output", "json"}, args...)...)
		command.Stderr = &stderr
		command.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+w.sandbox.URL, "AWS_ACCESS_KEY_ID=sandbox", "AWS_SECRET_ACCESS_KEY=sandbox",
			"AWS_DEFAULT_REGION=eu-west-1", "AWS_CONFIG_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
		raw, err := command.Output()
		if err != nil {
			return nil, stderr.String()
		}
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &answer); err != nil {
				t.Fatalf("aws route53 %s: %v in %s", args[0], err, raw)
			}
		}
		return answer, ""
	}
	zone := w.zone("example.com")
	batch := func(action string) string {
		return `{"Changes":[{"Action":"` + action + `","ResourceRecordSet":{"Name":"*.example.com","Type":"A","TTL":60,"ResourceRecords":[{"Value":"192.0.2.1"}]}}]}`
	}
	out, failure := cli("change-resource-record-sets", "--hosted-zone-id", "/hostedzone/"+zone, "--change-batch", batch("CREATE"))
	info, _ := out["ChangeInfo"].(map[string]any)
	id, _ := info["Id"].(string)
	if failure != "" || id == "" || info["Status"] != string(route53types.ChangeStatusPending) {
		t.Fatalf("created: %v %s", out, failure)
	}
	if _, failure = cli("wait", "resource-record-sets-changed", "--id", id); failure != "" {
		t.Error(failure)
	}
	if _, failure = cli("change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch", batch("CREATE")); !strings.Contains(failure,
		`(InvalidChangeBatch) when calling the ChangeResourceRecordSets operation: [Tried to create resource record set [name='\052.example.com.', type='A'] but it already exists]`) {
		t.Errorf("created again: %s", failure)
	}
	out, failure = cli("list-resource-record-sets", "--hosted-zone-id", zone, "--page-size", "1")
	if sets, _ := out["ResourceRecordSets"].([]any); failure != "" || len(sets) != 3 {
		t.Errorf("listed: %v %s", out, failure)
	}
	if _, failure = cli("change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch", batch("DELETE")); failure != "" {
		t.Error(failure)
	}
	if out, failure = cli("delete-hosted-zone", "--id", zone); failure != "" || out["ChangeInfo"] == nil {
		t.Errorf("deleted: %v %s", out, failure)
	}
}
