package provider

import (
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/aws"
	"github.com/modelserving/terraform-provider-serving/internal/gcp"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// backends makes them. This file is the only place that knows which cloud's code
// is behind the interface.
var backends = map[serving.Cloud]func(s settings, version string) serving.Backend{
	serving.AWS: awsBackend,
	serving.GCP: gcpBackend,
}

// sandboxLinger is how long callers hold on to an old load balancer of the
// sandbox, where nobody remembers names: as long as a request takes.
const sandboxLinger = time.Second

// linger is that of a backend, zero for what is right in a cloud.
func (s settings) linger() time.Duration {
	if s.sandbox != "" {
		return sandboxLinger
	}
	return 0
}

func awsBackend(s settings, version string) serving.Backend {
	return aws.New(aws.Config{
		Linger:                s.linger(),
		Region:                s.aws.region,
		Profile:               s.aws.profile,
		AssumeRoleARN:         s.aws.roleARN,
		AssumeRoleExternalID:  s.aws.externalID,
		AssumeRoleSessionName: s.aws.sessionName,
		MaxRetries:            int(s.aws.maxRetries),
		KubernetesProxyURL:    s.kubernetesProxy,
		Sandbox:               strings.TrimSuffix(s.sandbox, "/"),
		Version:               version,
		Log:                   tflog.Info,
	})
}

func gcpBackend(s settings, version string) serving.Backend {
	return gcp.New(gcp.Config{
		Linger:                    s.linger(),
		Project:                   s.gcp.project,
		Region:                    s.gcp.region,
		Credentials:               s.gcp.credentialsFile,
		ImpersonateServiceAccount: s.gcp.serviceAccount,
		MaxRetries:                int(s.gcp.maxRetries),
		KubernetesProxyURL:        s.kubernetesProxy,
		Sandbox:                   strings.TrimSuffix(s.sandbox, "/"),
		Version:                   version,
		Log:                       tflog.Info,
	})
}
