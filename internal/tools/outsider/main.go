// Command outsider plays the part of the demonstration that Terraform must not know of.
//
//	outsider open   -sandbox URL -cloud CLOUD -region REGION -object OBJECT -cidr 0.0.0.0/0
//	outsider census -sandbox URL
//
// open admits a range to what guards a load balancer and has that mark of ownership, as a colleague would in the
// console: on AWS to a security group by the EC2 API, on GCP to a security policy by the Compute Engine API. census prints the objects that are left in the sandbox, and fails when there are any.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// The sandbox's built-in key.
const accessKey, secretKey = "sandbox", "sandbox"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "outsider:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("say open or census")
	}
	flags := flag.NewFlagSet("outsider", flag.ContinueOnError)
	sandbox := flags.String("sandbox", "", "address of the sandbox")
	cloud := flags.String("cloud", "aws", "aws or gcp")
	region := flags.String("region", "us-west-2", "region of the cloud")
	object := flags.String("object", "security_group/load_balancer", "object of the mark of ownership")
	cidr := flags.String("cidr", "0.0.0.0/0", "range to admit")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "open":
		if *cloud == "gcp" {
			return openPolicy(*sandbox, *region, *object, *cidr)
		}
		return openGroup(*sandbox, *region, *object, *cidr)
	case "census":
		return census(*sandbox)
	default:
		return fmt.Errorf("%s is neither open nor census", args[0])
	}
}

// openGroup adds a rule to a security group.
func openGroup(sandbox, region, object, cidr string) error {
	answer, err := ec2(sandbox, region, url.Values{
		"Action":           {"DescribeSecurityGroups"},
		"Filter.1.Name":    {"tag:serving:object"},
		"Filter.1.Value.1": {object},
	})
	if err != nil {
		return err
	}
	var found struct {
		Groups []struct {
			ID string `xml:"groupId"`
		} `xml:"securityGroupInfo>item"`
	}
	if err := xml.Unmarshal(answer, &found); err != nil {
		return fmt.Errorf("reading the security groups: %w", err)
	}
	if len(found.Groups) != 1 {
		return fmt.Errorf("%d security groups are tagged serving:object = %s, want 1", len(found.Groups), object)
	}
	_, err = ec2(sandbox, region, url.Values{
		"Action":                                 {"AuthorizeSecurityGroupIngress"},
		"GroupId":                                {found.Groups[0].ID},
		"IpPermissions.1.IpProtocol":             {"tcp"},
		"IpPermissions.1.FromPort":               {"443"},
		"IpPermissions.1.ToPort":                 {"443"},
		"IpPermissions.1.IpRanges.1.CidrIp":      {cidr},
		"IpPermissions.1.IpRanges.1.Description": {"temporary, for debugging"},
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s now admits %s to port 443\n", found.Groups[0].ID, cidr)
	return nil
}

func census(sandbox string) error {
	response, err := http.Get(strings.TrimSuffix(sandbox, "/") + "/_sandbox/census")
	if err != nil {
		return err
	}
	body, err := read(response)
	if err != nil {
		return fmt.Errorf("census: %w", err)
	}
	var left struct {
		Total   *int
		Objects []struct{ Kind, ID string }
	}
	if err := json.Unmarshal(body, &left); err != nil {
		return fmt.Errorf("reading the census: %w", err)
	}
	if left.Total == nil {
		return fmt.Errorf("the census has no total: %s", body)
	}
	fmt.Printf("%d objects in the sandbox\n", *left.Total)
	for _, o := range left.Objects {
		fmt.Printf("  %s %s\n", o.Kind, o.ID)
	}
	if *left.Total != 0 {
		return errors.New("something is left behind")
	}
	return nil
}

// ec2 sends one request of the EC2 query API, signed by Signature Version 4.
func ec2(sandbox, region string, form url.Values) ([]byte, error) {
	form.Set("Version", "2016-11-15")
	body := form.Encode()
	request, err := http.NewRequest(http.MethodPost, strings.TrimSuffix(sandbox, "/")+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	const contentType = "application/x-www-form-urlencoded; charset=utf-8"
	now := time.Now().UTC()
	stamp, day := now.Format("20060102T150405Z"), now.Format("20060102")
	scope := day + "/" + region + "/ec2/aws4_request"
	canonical := strings.Join([]string{
		"POST", "/", "",
		"content-type:" + contentType, "host:" + request.URL.Host, "x-amz-date:" + stamp, "",
		"content-type;host;x-amz-date", digest(body),
	}, "\n")
	key := []byte("AWS4" + secretKey)
	for _, part := range strings.Split(scope, "/") {
		key = sign(key, part)
	}
	signature := hex.EncodeToString(sign(key, strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, digest(canonical)}, "\n")))
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("X-Amz-Date", stamp)
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=content-type;host;x-amz-date, Signature=%s", accessKey, scope, signature))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := read(response)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", form.Get("Action"), err)
	}
	return answer, nil
}

func read(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", response.Status, bytes.TrimSpace(body))
	}
	return body, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
