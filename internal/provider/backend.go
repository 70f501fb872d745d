package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/aws"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// awsBackend is the only place that knows which cloud's code is behind the
// interface.
func awsBackend(s settings, version string) serving.Backend {
	return aws.New(aws.Config{
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
