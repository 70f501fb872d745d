package sandboxtest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// eks is the access of the account's own credentials to an EKS cluster.
func (s *Sandbox) eks(region, cluster string) (*access, error) {
	cfg := sdkaws.Config{Region: region, BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider("sandbox", "sandbox", "")}
	found, err := eks.NewFromConfig(cfg).DescribeCluster(context.Background(), &eks.DescribeClusterInput{Name: &cluster})
	if err != nil {
		return nil, err
	}
	if found.Cluster.Endpoint == nil || found.Cluster.CertificateAuthority == nil {
		return nil, fmt.Errorf("cluster %s has no endpoint yet", cluster)
	}
	ca, err := base64.StdEncoding.DecodeString(*found.Cluster.CertificateAuthority.Data)
	if err != nil {
		return nil, err
	}
	signed, err := sts.NewPresignClient(sts.NewFromConfig(cfg)).PresignGetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("x-k8s-aws-id", cluster), smithyhttp.AddHeaderValue("X-Amz-Expires", "60"))
		})
	})
	if err != nil {
		return nil, err
	}
	return &access{url: *found.Cluster.Endpoint, ca: ca, dial: s.AWS.Connect, token: "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(signed.URL))}, nil
}

// gke is the access of the project's own credentials to a GKE cluster.
func (s *Sandbox) gke(region, cluster string) (*access, error) {
	const token = "sandbox"
	r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/v1/projects/sandbox-project/locations/%s/clusters/%s", s.URL, region, cluster), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get cluster %s: %s", cluster, response.Status)
	}
	var found struct {
		Endpoint   string
		MasterAuth struct{ ClusterCaCertificate []byte }
	}
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		return nil, err
	}
	if found.Endpoint == "" {
		return nil, fmt.Errorf("cluster %s has no endpoint yet", cluster)
	}
	return &access{url: "https://" + found.Endpoint, ca: found.MasterAuth.ClusterCaCertificate, dial: s.GCP.Connect, token: token}, nil
}
