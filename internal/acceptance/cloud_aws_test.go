package acceptance_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

var onAWS = cloud{
	key: "aws", account: "123456789012", region: "us-west-2", unserved: "us-west-9",
	machine: "m7i.xlarge", bigger: "m7i.2xlarge", gpu: "g6.2xlarge", unoffered: "m7i.3xlarge",
	vpc:   "vpc-0123456789abcdef0",
	words: strings.NewReplacer(),

	clusterKind: "eks.cluster", poolKind: "eks.nodegroup", certificateKind: "acm.certificate",
	managed:  []string{"eks.", "autoscaling."},
	endpoint: "/Endpoint", born: []string{"/Arn", "/CreatedAt"},
	balancerKind: "elb.load_balancer", scheme: "/Scheme", internal: "internal", external: "internet-facing",

	placeIn: func(vpc string) string { return vpc },
	open:    openOnAWS,
	record:  recordOnAWS,
	late: map[string]control.Duration{
		"autoscaling.traffic_source.attach": control.Duration(5 * time.Second),
		"elb.target.register":               control.Duration(time.Second),
		"route53.change.sync":               control.Duration(2 * time.Second),
	},
	drifts: map[string]drift{
		"the load balancer is opened": {
			func(w *world) { w.mutate("ec2.security_group_rule", w.ingress(), "/CidrIpv4", "0.0.0.0/0") },
			[]string{"security_group/load_balancer", "0.0.0.0/0", "exposure", "answers to 0.0.0.0/0, which is not private, and the cluster is private"},
		},
		"a pool grows": {
			(*world).growPool,
			[]string{"max_size = 30 -> 10"},
		},
		"the load balancer waits for less": {
			func(w *world) {
				w.mutate("elb.load_balancer", "", "/Attributes/idle_timeout.timeout_seconds", "60")
			},
			[]string{"idle_timeout_seconds = 60 -> 300"},
		},
		"the VPC is renamed": {
			func(w *world) { w.mutate("ec2.vpc", "", "/Tags/0/Value", "something else") },
			[]string{"vpc", "something else"},
		},
	},
	troubles: map[string]trouble{
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
		"a quota":                 scarce("ec2.vpcs", "create vpc", "ec2:CreateVpc", "VpcLimitExceeded", "Service Quotas"),
		"a quota of certificates": scarce("acm.certificates", "create certificate", "acm:ImportCertificate", "LimitExceededException", "Service Quotas"),
		"a permission in EC2": faulty(control.Fault{Service: "ec2", Action: "CreateVpc", Code: "UnauthorizedOperation", Status: 403, Message: "You are not authorized to perform this operation."},
			"create vpc", "ec2:CreateVpc", "UnauthorizedOperation", "lack permission for ec2:CreateVpc"),
		"a permission in EKS": faulty(control.Fault{Service: "eks", Action: "CreateCluster", Code: "AccessDeniedException", Status: 403, Message: "User is not authorized to perform: eks:CreateCluster"},
			"create cluster", "eks:CreateCluster", "AccessDeniedException", "lack permission for eks:CreateCluster"),
		"a permission in IAM": faulty(control.Fault{Service: "iam", Action: "CreateRole", Code: "AccessDenied", Status: 403, Message: "User is not authorized to perform: iam:CreateRole"},
			"role/cluster", "iam:CreateRole", "AccessDenied", "lack permission for iam:CreateRole"),
		"a permission to read": faulty(control.Fault{Service: "ec2", Action: "DescribeAvailabilityZones", Code: "UnauthorizedOperation", Status: 403, Message: "You are not authorized to perform this operation."},
			"ec2:DescribeAvailabilityZones", "UnauthorizedOperation", "lack permission for ec2:DescribeAvailabilityZones"),
		"throttling without end": faulty(control.Fault{Service: "eks", Action: "CreateCluster", Code: "ThrottlingException", Status: 429, Message: "Rate exceeded"},
			"eks:CreateCluster", "ThrottlingException", "aws.max_retries"),
	},
	mistakes: map[string]mistake{
		"a machine type that is not offered": {
			func(w *world) { w.set("machine_type", w.unoffered) },
			[]string{"Machine type is not offered", "m7i.3xlarge", "us-west-2"}, "node_pools.cpu.machine_type",
		},
	},
	broken:  control.Fault{Mutating: true, Onward: true, Code: "InternalFailure", Status: 400, Message: "the cloud is out of order"},
	crowded: control.Fault{Service: "acm", Action: "ImportCertificate", Code: "LimitExceededException", Status: 400, Message: "You have reached the maximum number of certificates."},
	rekeyed: rekeyedOnAWS,
	reach: map[string][]string{
		"peer": {"load_balancer pass: load balancer serving-private-private is internal", "peering pass: VPC peering connection pcx-", "route_out pass: routes lead through pcx-",
			"network_acl pass", "security_group pass: security group sg-", "route_back pass: routes lead through pcx-", "listener pass: HTTPS on port 443"},
		"unpeered": {"load_balancer pass", "peering block: there is no VPC peering of vpc-", "listener pass"},
		"internet": {"load_balancer block: load balancer serving-private-private is internal", "network_acl pass", "security_group block: no rule of security group sg-", "route_back block", "listener pass"},
	},
	withNetwork: networkOnAWS,
	withPeer:    peerOnAWS,
	permitted:   permittedOnAWS,

	peeringDrifts: peeringDriftsOnAWS,
}

// openOnAWS are load balancers that face the Internet, and internal ones whose
// security group lets it in.
func openOnAWS(w *world) []string {
	groups := map[any]bool{}
	for _, rule := range w.fields("ec2.security_group_rule") {
		if rule["/CidrIpv4"] == "0.0.0.0/0" && rule["/IsEgress"] == false {
			groups[rule["/GroupId"]] = true
		}
	}
	var open []string
	for _, f := range w.fields("elb.load_balancer") {
		if f["/Scheme"] != "internal" || groups[f["/SecurityGroups/0"]] {
			open = append(open, fmt.Sprint(f["/DNSName"]))
		}
	}
	return open
}

// growPool changes the size of the Auto Scaling group, as EC2's console would.
func (w *world) growPool() {
	w.Helper()
	for _, f := range w.fields("eks.nodegroup") {
		// The census does not have it: it is EKS's.
		group := control.Object{Account: w.account, Region: w.region, Kind: "autoscaling.auto_scaling_group", ID: fmt.Sprint(f["/Resources/AutoScalingGroups/0/Name"])}
		if err := w.Mutate(control.Field{Object: group, Path: "/MaxSize", Value: 30}); err != nil {
			w.Fatal(err)
		}
	}
}

// ingress is the id of the rule that lets callers into the load balancer.
func (w *world) ingress() string {
	w.Helper()
	for id, f := range w.fields("ec2.security_group_rule") {
		// The rules that have tags are in groups of EKS's making.
		if fmt.Sprint(f["/FromPort"]) == "443" && f["/IsEgress"] == false && f["/Tags/0/Key"] == nil {
			return id
		}
	}
	w.Fatal("there is no rule for callers")
	return ""
}

// withCredentials reaches the sandbox as one reaches AWS: by an endpoint and
// credentials of the environment.
func (w *world) withCredentials(id, secret string) {
	w.Helper()
	delete(w.env, "SERVING_SANDBOX")
	w.env["AWS_ENDPOINT_URL"] = w.url
	w.env["AWS_ACCESS_KEY_ID"], w.env["AWS_SECRET_ACCESS_KEY"] = id, secret
}

// rekeyedOnAWS: ACM cannot change the kind of a certificate's key, so there is a new
// certificate, which the listener serves, and the old one is gone.
func rekeyedOnAWS(w *world, before, after map[string]any) {
	w.Helper()
	if after["arn"] == before["arn"] {
		w.Errorf("the ARN is still %v, want another one", after["arn"])
	}
	if w.fields("acm.certificate")[fmt.Sprint(after["arn"])] == nil {
		w.Errorf("the cloud does not have %v", after["arn"])
	}
	for id, listener := range w.fields("elb.listener") {
		if got := listener["/Certificates/0/CertificateArn"]; got != after["arn"] {
			w.Errorf("%s serves %v, want %v", id, got, after["arn"])
		}
	}
}

// networkOnAWS is that of another cluster, with a state of its own.
func networkOnAWS(w *world) {
	landlord := w.beside()
	landlord.use("cluster.tf")
	landlord.set("name", "landlord").set("certificate_name", "landlord").set("cidr", "10.70.0.0/16").apply()
	made := landlord.attributes(clusterAddress)
	w.set("vpc", at(made, "network.vpc_id"))
	w.set("subnets", at(made, "network.private_subnet_ids"))
	w.set("public_subnets", at(made, "network.public_subnet_ids"))
}

// peerRole gets into an account that nobody has used yet.
const (
	peerRole   = "arn:aws:iam::210987654321:role/OrganizationAccountAccessRole"
	peerRegion = "eu-central-1"
)

// peerOnAWS is a VPC of another account and region, beside one that is no peer.
func peerOnAWS(w *world) {
	w.set("peer", map[string]any{"vpc": w.VPC(w.TB, peerRole, peerRegion, "10.70.0.0/16"), "region": peerRegion, "assume_role_arn": peerRole})
	w.set("unpeered", map[string]any{"vpc": w.VPC(w.TB, "", w.region, "10.80.0.0/16")})
}

// permittedOnAWS holds every call so far against the policy that users are given.
func permittedOnAWS(w *world) {
	w.Helper()
	var policy struct{ Statement []struct{ Action []string } }
	w.read(w.text(filepath.Join(examplesFolder, "aws-permissions/policy.json")), &policy)
	allowed := []string{"sts:GetCallerIdentity"} // It needs no permission.
	for _, s := range policy.Statement {
		allowed = append(allowed, s.Action...)
	}
	refused := map[string]bool{}
	for _, call := range w.Calls() {
		if name := call.Service + ":" + call.Action; !slices.Contains(allowed, name) && !refused[name] {
			refused[name] = true
			w.Errorf("examples/aws-permissions does not allow %s, which was called", name)
		}
	}
}
