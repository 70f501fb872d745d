package gcp

import "github.com/modelserving/terraform-provider-serving/internal/serving"

// words are what Google calls what is between callers and a cluster.
var words = serving.Words{
	Network: "network", Subnet: "subnetwork", Guard: "security policy", Guards: "security policies", Listener: "target HTTPS proxy",
	Facing: "external", Private: "its address is a private one", Internet: "the default Internet gateway", NAT: "Cloud NAT gateway",
	Back: "Google's network answers callers on the Internet", NoBack: "an internal load balancer answers callers in networks only, and none on the Internet",
}
