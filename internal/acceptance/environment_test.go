package acceptance_test

import (
	"slices"
	"strings"
	"testing"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

// What is wrong with the environment ends in one error that names the call and
// what to do. Nothing is half recorded, and the same command works afterwards.
func TestAccEnvironment(t *testing.T) {
	fault := func(service, action, code string, status int, message string) func(w *world) {
		return func(w *world) {
			w.AWS.AddFault(sandboxaws.Fault{Service: service, Action: action, Code: code, Status: status, Message: message})
		}
	}
	mended := func(w *world) { w.AWS.ClearFaults() }
	for name, c := range map[string]struct {
		spoil, mend func(w *world)
		says        []string
	}{
		"wrong credentials": {
			func(w *world) { w.withCredentials("AKIAWRONGWRONGWRONGW", "wrong") },
			func(w *world) { w.withCredentials("test", "test") },
			[]string{"ec2:", "AuthFailure", "AWS does not accept the credentials", "AWS_PROFILE"},
		},
		"no credentials": {
			func(w *world) { w.withCredentials("", "") },
			func(w *world) { w.withCredentials("test", "test") },
			[]string{"AWS credentials", "AWS_PROFILE"},
		},
		"an unreachable endpoint": {
			// Port 1 of loopback has no service.
			func(w *world) { w.env["SERVING_SANDBOX"] = "http://127.0.0.1:1" },
			func(w *world) { w.env["SERVING_SANDBOX"] = w.url },
			[]string{"ec2:", "connection refused", "The endpoint cannot be reached"},
		},
		"a region that does not exist": {
			func(w *world) { w.set("region", "us-west-9") },
			func(w *world) { w.set("region", region) },
			[]string{"us-west-9", "region"},
		},
		"a quota": {
			func(w *world) { w.quota("ec2.vpcs", 0) },
			func(w *world) { w.quota("ec2.vpcs", 5) },
			[]string{"create vpc", "ec2:CreateVpc", "VpcLimitExceeded", "Service Quotas"},
		},
		"a quota of certificates": {
			func(w *world) { w.quota("acm.certificates", 0) },
			func(w *world) { w.quota("acm.certificates", 5) },
			[]string{"create certificate", "acm:ImportCertificate", "LimitExceededException", "Service Quotas"},
		},
		"a permission in EC2": {
			fault("ec2", "CreateVpc", "UnauthorizedOperation", 403, "You are not authorized to perform this operation."), mended,
			[]string{"create vpc", "ec2:CreateVpc", "UnauthorizedOperation", "lack permission for ec2:CreateVpc"},
		},
		"a permission in EKS": {
			fault("eks", "CreateCluster", "AccessDeniedException", 403, "User is not authorized to perform: eks:CreateCluster"), mended,
			[]string{"create cluster", "eks:CreateCluster", "AccessDeniedException", "lack permission for eks:CreateCluster"},
		},
		"a permission in IAM": {
			fault("iam", "CreateRole", "AccessDenied", 403, "User is not authorized to perform: iam:CreateRole"), mended,
			[]string{"role/cluster", "iam:CreateRole", "AccessDenied", "lack permission for iam:CreateRole"},
		},
		"a permission to read": {
			fault("ec2", "DescribeAvailabilityZones", "UnauthorizedOperation", 403, "You are not authorized to perform this operation."), mended,
			[]string{"ec2:DescribeAvailabilityZones", "UnauthorizedOperation", "lack permission for ec2:DescribeAvailabilityZones"},
		},
		"throttling without end": {
			fault("eks", "CreateCluster", "ThrottlingException", 429, "Rate exceeded"), mended,
			[]string{"eks:CreateCluster", "ThrottlingException", "aws.max_retries"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.use("region.tf")
				w.serve(issue(t))
				c.spoil(w)
				w.says(w.fails("apply", "-auto-approve"), c.says...)
				if w.attributes(clusterAddress) != nil {
					t.Error("the cluster is in the state")
				}
				// A quota does not grow by asking again.
				refused := slices.DeleteFunc(w.AWS.Calls(), func(call sandboxaws.LoggedCall) bool { return !strings.Contains(call.Code, "LimitExceeded") })
				if want := strings.HasPrefix(name, "a quota"); want != (len(refused) == 1) {
					t.Errorf("the quota was met by %d calls: %v", len(refused), refused)
				}
				c.mend(w)
				w.apply()
				w.plan(0)
				w.finish()
			})
		})
	}
}

// withCredentials reaches the sandbox as one reaches AWS: by an endpoint and
// credentials of the environment.
func (w *world) withCredentials(id, secret string) {
	w.Helper()
	delete(w.env, "SERVING_SANDBOX")
	w.env["AWS_ENDPOINT_URL"] = w.url
	w.env["AWS_ACCESS_KEY_ID"], w.env["AWS_SECRET_ACCESS_KEY"] = id, secret
}

func (w *world) quota(name string, limit int) {
	w.Helper()
	if err := w.AWS.Configure(sandboxaws.Settings{Quotas: map[string]int{name: limit}}); err != nil {
		w.Fatal(err)
	}
}
