package provider

import (
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/aws"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// sandboxLinger is how long callers hold on to an old load balancer of the
// sandbox, where nobody remembers names: as long as a request takes.
const sandboxLinger = time.Second

// awsBackend is the only place that knows which cloud's code is behind the
// interface.
func awsBackend(s settings, version string) serving.Backend {
	var linger time.Duration
	if s.sandbox != "" {
		linger = sandboxLinger
	}
	return aws.New(aws.Config{
		Linger:                linger,
		Region:                s.region,
		Profile:               s.profile,
		AssumeRoleARN:         s.roleARN,
		AssumeRoleExternalID:  s.externalID,
		AssumeRoleSessionName: s.sessionName,
		MaxRetries:            int(s.maxRetries),
		KubernetesProxyURL:    s.kubernetesProxy,
		Sandbox:               strings.TrimSuffix(s.sandbox, "/"),
		Version:               version,
		Log:                   tflog.Info,
	})
}
