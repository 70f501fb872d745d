package sandboxtest

import (
	"strings"
	"testing"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

// HostedZone makes a public zone in the account of the sandbox's own credentials, and gives its id and what removes it, which
// Route 53 refuses while there are records of anybody's in it.
func (s *Sandbox) HostedZone(t testing.TB, name string) (id string, remove func() error) {
	t.Helper()
	client := route53.NewFromConfig(sdkaws.Config{Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	out, err := client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: &name, CallerReference: &name})
	if err != nil {
		t.Fatal(err)
	}
	id = strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
	return id, func() error {
		_, err := client.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: &id})
		return err
	}
}
