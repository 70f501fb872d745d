package serving

import (
	"net/netip"
	"strings"
	"testing"
)

// goodGCPCluster is the design's own example on GCP, complete.
func goodGCPCluster() Cluster {
	return Cluster{
		Cloud: GCP, Region: "us-central1", Name: "prod", Visibility: Private, KubernetesVersion: "1.33",
		Network: Network{CIDR: "10.40.0.0/16", PodCIDR: "10.128.0.0/14", ServiceCIDR: "10.100.0.0/20", NAT: NATPerZone, Zones: []string{"us-central1-a", "us-central1-f"}},
		NodePools: map[string]NodePool{
			"cpu": {MachineType: "n2-standard-4", MinSize: 2, MaxSize: 10, DiskGB: 50},
			"gpu": {
				MachineType: "g2-standard-8", MaxSize: 4, DiskGB: 100, Accelerator: &Accelerator{Count: 1},
				Taints: []Taint{{Key: "nvidia.com/gpu", Value: "present", Effect: "NoSchedule"}},
			},
		},
		Endpoint: Endpoint{
			Domain: "models.example.com", CertificateID: "gcp/us-central1/models", AllowedCIDRs: []string{"10.50.0.0/16"},
			MinTLSVersion: "1.2", IdleTimeoutSeconds: 300,
		},
		KubernetesAPI: KubernetesAPI{AllowedCIDRs: []string{"203.0.113.0/24"}, DNSEndpoint: true},
		GCP:           ClusterGCP{ReleaseChannel: ChannelStable, NodeServiceAccount: "nodes@ml-prod.iam.gserviceaccount.com"},
		Tags:          map[string]string{"team": "ml", "cost_center": "42"},
	}
}

func gcpCase(c clusterCase) clusterCase {
	change := c.spec
	c.name = "gcp, " + c.name
	c.spec = func(c *Cluster) {
		*c = goodGCPCluster()
		change(c)
	}
	return c
}

// named moves a cluster into a network of the user's.
func named(c *Cluster) { c.Network = Network{VPC: "main", Subnets: []string{"models"}} }

// attach gives the pool "gpu" a machine of a family, and a GPU to it.
func attach(machineType, kind string, count int64) func(*Cluster) {
	return pool(func(p *NodePool) { p.MachineType, p.Accelerator = machineType, &Accelerator{Type: kind, Count: count} })
}

func gcpCases() []clusterCase {
	var cases []clusterCase
	for _, group := range [][]clusterCase{gcpPlaceCases, gcpNetworkCases, gcpMachineCases, gcpOtherCases} {
		for _, c := range group {
			cases = append(cases, gcpCase(c))
		}
	}
	return cases
}

var gcpPlaceCases = []clusterCase{
	{"good", func(*Cluster) {}, nil},
	{"no region", func(c *Cluster) { c.Region = "" }, []want{{"region", "Invalid region", "none for gcp"}}},
	{"region of AWS", func(c *Cluster) { c.Region = "us-west-2" }, []want{{"region", "Invalid region", `"us-west-2" is not the name of a Google Cloud region`}}},
	{"zone as region", func(c *Cluster) { c.Region = "us-central1-a" }, []want{{"region", "Invalid region", `Write "us-central1"`}}},
	{"region of a long name", func(c *Cluster) {
		c.Region, c.Network.Zones, c.Endpoint.CertificateID = "northamerica-northeast1", nil, "projects/example.com:ml/locations/northamerica-northeast1/certificates/models"
	}, nil},

	{"oldest version", version("1.29"), nil},
	{"version too old", version("1.28"), []want{{"kubernetes_version", "Kubernetes version is not supported", "GKE clusters here start at 1.29"}}},
	{"API for 50 ranges", func(c *Cluster) { c.KubernetesAPI.AllowedCIDRs = nets(50, "203.0.") }, nil},
	{"API for 51 ranges", func(c *Cluster) { c.KubernetesAPI.AllowedCIDRs = nets(51, "203.0.") },
		[]want{{"kubernetes_api.allowed_cidrs", "Too many ranges for the Kubernetes API", "51 ranges are listed. GKE takes 50, a limit"}}},
	{"API for a private range", callers("10.0.0.0/8"), []want{{"kubernetes_api.allowed_cidrs.0", "Range cannot reach the Kubernetes API", "10.0.0.0/8"}}},
	{"admins", admin("user:jo@example.com"), []want{{"kubernetes_api.admins", "GKE's administrators are IAM's", "roles/container.admin"}}},
}

var gcpNetworkCases = []clusterCase{
	{"laid out", func(c *Cluster) { c.Network = Network{CIDR: "10.40.0.0/16"} }, nil},
	{"largest network", func(c *Cluster) { c.Network = Network{CIDR: "10.0.0.0/13"} }, nil},
	{"network too large", func(c *Cluster) { c.Network.CIDR = "10.0.0.0/12" }, []want{{"network.cidr", "Network has the wrong size", "is a /12. A cluster's own network is /13"}}},
	{"network too small", func(c *Cluster) { c.Network.CIDR = "10.40.0.0/22" }, []want{{"network.cidr", "Network has the wrong size", "is a /22"}}},
	{"one zone", func(c *Cluster) { c.Network.Zones = c.Network.Zones[:1] }, nil},
	{"zones of AWS", func(c *Cluster) { c.Network.Zones[0] = "us-central1a" }, []want{{"network.zones.0", "Zone is not in the region", `as "us-central1-a" would be`}}},
	{"zone elsewhere", func(c *Cluster) { c.Network.Zones[1] = "us-east1-b" }, []want{{"network.zones.1", "Zone is not in the region", `"us-east1-b" is not a zone of us-central1`}}},

	{"existing network", named, nil},
	{"existing network, public", all(named, public), nil},
	{"existing network with ranges", func(c *Cluster) {
		named(c)
		c.Network.PodCIDR, c.Network.ServiceCIDR = "10.128.0.0/14", "10.100.0.0/20"
	}, nil},
	{"no subnetwork", func(c *Cluster) { named(c); c.Network.Subnets = nil }, []want{{"network.subnets", "Subnets are missing", "The network main is given without its subnetwork"}}},
	{"two subnetworks", func(c *Cluster) { named(c); c.Network.Subnets = []string{"a", "b"} }, []want{{"network.subnets", "Too many subnetworks", "2 subnetworks are listed"}}},
	{"public subnets", func(c *Cluster) { named(c); c.Network.PublicSubnets = []string{"web"} }, []want{{"network.public_subnets", "No public subnets on GCP", "Remove public_subnets"}}},
	{"names of AWS", func(c *Cluster) { named(c); c.Network.VPC, c.Network.Subnets = "Main", []string{"10.0.0.0/8"} }, []want{
		{"network.vpc", "Invalid network name", `"Main" is not the name of a network. A name has`}, {"network.subnets.0", "Invalid subnetwork name", "10.0.0.0/8"},
	}},
	{"links", func(c *Cluster) {
		named(c)
		c.Network.VPC, c.Network.Subnets = "projects/ml-prod/global/networks/main", []string{"https://www.googleapis.com/compute/v1/projects/ml-prod/regions/us-central1/subnetworks/models"}
	}, []want{
		{"network.vpc", "Invalid network name", `the project ml-prod as the cluster is. Write vpc with "main"`}, {"network.subnets.0", "Invalid subnetwork name", `with "models"`},
	}},

	{"services too large", func(c *Cluster) { c.Network.ServiceCIDR = "10.96.0.0/15" }, []want{{"network.service_cidr", "Service range has the wrong size", "GKE takes a /16 to a /27"}}},
	{"services on loopback", func(c *Cluster) { c.Network.ServiceCIDR = "127.0.0.0/20" }, []want{{"network.service_cidr", "Network range cannot be used", "no service"}}},
	{"services of a shared range", func(c *Cluster) { c.Network.ServiceCIDR = "100.64.0.0/20" }, nil},
	{"services where they are laid out", func(c *Cluster) { c.Network.ServiceCIDR = "10.40.96.0/19" }, nil},
	{"services in another part", func(c *Cluster) { c.Network.ServiceCIDR = "10.40.64.0/19" },
		[]want{{"network.service_cidr", "Service range overlaps the network", "share 10.40.64.0/19"}}},
	{"pods on loopback", func(c *Cluster) { c.Network.PodCIDR = "127.0.0.0/16" }, []want{{"network.pod_cidr", "Network range cannot be used", "no pod"}}},
	{"pods too large", func(c *Cluster) { c.Network.PodCIDR = "172.0.0.0/8" }, []want{{"network.pod_cidr", "Pod range has the wrong size", "is a /8. It is a /9"}}},
	{"pods too small", func(c *Cluster) { c.Network.PodCIDR = "172.16.0.0/25" }, []want{{"network.pod_cidr", "Pod range has the wrong size", "to a /24"}}},
	{"pods are no range", func(c *Cluster) { c.Network.PodCIDR = "pods" }, []want{{"network.pod_cidr", "Invalid address range", `"pods"`}}},
	{"pods in the network", func(c *Cluster) { c.Network.PodCIDR = "10.40.128.0/17" }, []want{{"network.pod_cidr", "Pod range overlaps another one", "network.cidr (10.40.0.0/16) share 10.40.128.0/17"}}},
	{"pods and services", func(c *Cluster) { c.Network.PodCIDR = "10.100.0.0/16" }, []want{{"network.pod_cidr", "Pod range overlaps another one", "network.service_cidr"}}},
	{"pods that fit", func(c *Cluster) { c.Network.PodCIDR = "172.16.0.0/20" }, nil},
	{"pods that do not fit", func(c *Cluster) { c.Network.PodCIDR = "172.16.0.0/21" },
		[]want{{"network.pod_cidr", "Pod range is too small for the node pools", "16 nodes together, one more for each pool while it is upgraded included. Each takes a /24 for its pods, and 172.16.0.0/21 has room for 8"}}},
	{"pods that do not fit into the layout", func(c *Cluster) { c.Network = Network{CIDR: "10.40.0.0/21"} },
		[]want{{"network.pod_cidr", "Pod range is too small for the node pools", "10.40.4.0/22 has room for 4"}}},
}

var gcpMachineCases = []clusterCase{
	{"no machine type", machine("", 1), []want{{"node_pools.gpu.machine_type", "Machine type is missing", `Give one, as "n2-standard-4"`}}},
	{"machine type of AWS", machine("g6.2xlarge", 1), []want{{"node_pools.gpu.machine_type", "Invalid machine type", `"g6.2xlarge" is not a machine type of Compute Engine`}}},
	{"machine types", all(machine("c3-standard-22-lssd", 0)), nil},
	{"custom machine", machine("n2-custom-4-16384", 0), nil},
	{"many nodes", func(c *Cluster) { sizes(0, 900)(c) }, nil},
	{"GPU with its type", attach("g2-standard-48", "nvidia-l4", 4), nil},
	{"GPU of another type", attach("a2-highgpu-1g", "nvidia-l4", 1), []want{{gpuAccelerator + ".type", "Machine type does not take the accelerator", "a2-highgpu-1g comes with nvidia-tesla-a100"}}},
	{"half of the GPUs", machine("a3-highgpu-8g", 4), []want{{gpuAccelerator + ".count", "Machine type has another number of accelerators", "a3-highgpu-8g has 8"}}},
	{"newer GPU size", machine("g4-standard-768", 16), nil},
	{"newer GPU family", attach("a9-highgpu-8g", "nvidia-next", 8), nil},
	{"newer GPU family without a type", machine("a9-highgpu-8g", 8), []want{{gpuAccelerator + ".type", "Type of the accelerator is missing", "a9-highgpu-8g"}}},
	{"GPU machine without its GPU", machine("g2-standard-24", 0), []want{{gpuAccelerator, "warning: Accelerator of the machine type is not used", "Add accelerator = { count = 2 }"}}},
	{"GPU on a CPU machine", machine("e2-standard-4", 1), []want{{gpuAccelerator, "Machine type has no accelerator", "e2-standard-4 takes no accelerator"}}},
	{"zero accelerators", pool(func(p *NodePool) { p.Accelerator.Count = 0 }), []want{{gpuAccelerator + ".count", "Invalid number of accelerators", "The count is 0"}}},
	{"attached GPU", attach("n1-standard-4", "nvidia-tesla-t4", 2), nil},
	{"attached GPU without a type", attach("n1-standard-4", "", 1), []want{{gpuAccelerator + ".type", "Type of the accelerator is missing", "nvidia-tesla-p100, nvidia-tesla-p4, nvidia-tesla-t4, nvidia-tesla-v100"}}},
	{"GPU that is not attached", attach("n1-standard-4", "nvidia-l4", 1), []want{{gpuAccelerator + ".type", "Machine type does not take the accelerator", `The type is "nvidia-l4"`}}},
	{"three attached GPUs", attach("n1-standard-4", "nvidia-tesla-t4", 3), []want{{gpuAccelerator + ".count", "Machine type has another number of accelerators", "[1 2 4]"}}},
}

var gcpOtherCases = []clusterCase{
	{"DNS record", dns("models.example.com", "Z0123456789ABCDEFGHIJ"), []want{{"endpoint.dns", "DNS record is yours on GCP", "endpoint.address"}}},
	{"certificate of Certificate Manager", certificateID("projects/ml-prod/locations/us-central1/certificates/models"), nil},
	{"ARN", certificateID("arn:aws:acm:us-west-2:123456789012:certificate/1"), []want{{"endpoint.certificate_id", "Invalid certificate id", "nor the name of a certificate of Certificate Manager"}}},
	{"certificate of AWS", certificateID("aws/us-central1/models"), []want{{"endpoint.certificate_id", "Certificate is in another cloud", `in cloud "aws" and the cluster is in "gcp"`}}},
	{"certificate elsewhere", certificateID("gcp/us-east1/models"), []want{{"endpoint.certificate_id", "Certificate is in another region", "us-east1"}}},
	{"global certificate", certificateID("projects/ml-prod/locations/global/certificates/models"), []want{{"endpoint.certificate_id", "Certificate is in another region", `"global"`}}},
	{"1000 ranges", allowed(nets1000("10.")[:1000]...), nil},
	{"1001 ranges", allowed(nets1000("10.")...), []want{{"endpoint.allowed_cidrs", "Too many ranges for the load balancer", "1001 ranges are listed. 1000 are"}}},
	{"public for 60 ranges", all(public, allowed(nets(60, "203.0.")...)), nil},

	{"nothing of its own", func(c *Cluster) { c.GCP = ClusterGCP{} }, nil},
	{"channel", func(c *Cluster) { c.GCP.ReleaseChannel = "REGULAR" }, []want{{"gcp.release_channel", "Invalid release channel", `The channel is "REGULAR"`}}},
	{"default service account", func(c *Cluster) { c.GCP.NodeServiceAccount = "123456789012-compute@developer.gserviceaccount.com" }, nil},
	{"member as service account", func(c *Cluster) { c.GCP.NodeServiceAccount = "serviceAccount:nodes@ml-prod.iam.gserviceaccount.com" },
		[]want{{"gcp.node_service_account", "Invalid service account", "without a prefix"}}},
	{"arguments of AWS", func(c *Cluster) { c.AWS = goodCluster().AWS }, []want{{"aws", "Arguments are for another cloud", "The cluster is on GCP"}}},

	{"upper-case tag", tag("Team", "ML"), []want{{"tags.Team", "Invalid tag key", "On GCP tags are labels"}, {"tags.Team", "Invalid tag value", `"ML"`}}},
	{"tag of AWS's form", tag("cost.center", "a b"), []want{{"tags.cost.center", "Invalid tag key", "keys start with a letter"}, {"tags.cost.center", "Invalid tag value", `"a b"`}}},
	{"letters without case", tag("機械", "学習"), nil},
	{"longest tag", tag("k"+strings.Repeat("1", 62), strings.Repeat("v", 63)), nil},
	{"long tag", tag("k"+strings.Repeat("1", 63), ""), []want{{"tags.k" + strings.Repeat("1", 63), "Invalid tag key", "has 64 characters"}}},
	{"tag of 129 bytes", tag("機", strings.Repeat("学", 43)), []want{{"tags.機", "Invalid tag value", "has 43 characters"}}},
	{"tag of Google", tag("goog-gke-node", ""), []want{{"tags.goog-gke-node", "Tag key is reserved", "only Google may set"}}},
	{"tag of ours", tag("serving-stack", "x"), []want{{"tags.serving-stack", "Tag key is reserved", "finds what it owns"}}},
	{"41 tags", tagged(41), []want{{"tags", "Too many tags", "which takes 64 on a resource"}}},
}

// nets1000 makes 1001 ranges.
func nets1000(first string) []string {
	var texts []string
	for i := range 6 {
		texts = append(texts, nets(200, first+string(rune('0'+i))+".")...)
	}
	return texts[:1001]
}

func gcpChange(name string, before, change func(*Cluster), wants []want, replaces ...string) changeCase {
	return changeCase{name: "gcp, " + name, before: func(c *Cluster) {
		*c = goodGCPCluster()
		if before != nil {
			before(c)
		}
	}, change: change, wants: wants, replaces: replaces}
}

var gcpChangeCases = []changeCase{
	gcpChange("nothing", nil, func(*Cluster) {}, nil),
	gcpChange("public with a record of the user's", nil, func(c *Cluster) {
		c.Visibility = Public
	}, []want{{"visibility", "warning: Load balancer is replaced", "lead it to the new endpoint.address. The old load balancer serves for 5 minutes"}}),
	gcpChange("a zone less", nil, func(c *Cluster) { c.Network.Zones = []string{"us-central1-a"} }, nil),
	gcpChange("channel and account", nil, func(c *Cluster) { c.GCP = ClusterGCP{} }, nil),
	gcpChange("pod range", nil, func(c *Cluster) { c.Network.PodCIDR = "172.16.0.0/14" }, nil, "network.pod_cidr"),
	gcpChange("pod range back into the layout", nil, func(c *Cluster) { c.Network.PodCIDR = "" }, nil, "network.pod_cidr"),
	gcpChange("pod range of the layout shown", func(c *Cluster) { c.Network.PodCIDR = "10.40.128.0/17" }, func(c *Cluster) { c.Network.PodCIDR = "" }, nil),
	gcpChange("pod range left to the cloud", func(c *Cluster) { named(c); c.Network.PodCIDR = "10.128.0.0/14" }, func(c *Cluster) { c.Network.PodCIDR = "" }, nil),
	gcpChange("subnetwork", named, func(c *Cluster) { c.Network.Subnets = []string{"other"} }, nil, "network.subnets"),
	gcpChange("network", nil, func(c *Cluster) { c.Network.CIDR = "10.48.0.0/16" }, nil, "network.cidr"),
	gcpChange("version back", nil, version("1.32"), []want{{"kubernetes_version", "warning: Kubernetes version stays as it is", "from 1.33 to 1.32"}}),
	gcpChange("two versions", nil, version("1.35"), []want{{"kubernetes_version", "Kubernetes version skips a minor version", `Apply "1.34" next`}}),
}

func gcpPeering(name string, change func(*Peering), wants ...want) peeringCase {
	return peeringCase{name: "gcp, " + name, change: func(p *Peering) {
		*p = Peering{
			Cluster: ID{GCP, "us-central1", "prod"}, Accept: AcceptAuto, DNS: true, Tags: map[string]string{"team": "ml"}, Unknown: Unknown{},
			Peer: Peer{VPC: "apps", Project: "peer-project", ImpersonateServiceAccount: "peering@peer-project.iam.gserviceaccount.com"},
		}
		change(p)
	}, want: wants}
}

var gcpPeeringCases = []peeringCase{
	gcpPeering("good", func(*Peering) {}),
	gcpPeering("least", func(p *Peering) { p.Peer = Peer{VPC: "apps"} }),
	gcpPeering("project of a domain", func(p *Peering) { p.Peer.Project = "example.com:peer-project" }),
	gcpPeering("VPC of AWS", func(p *Peering) { p.Peer.VPC = "VPC-1" }, want{"peer.vpc", "Invalid id of the peer VPC", `"VPC-1" is not the name of a network. A name has`}),
	gcpPeering("link", func(p *Peering) { p.Peer.VPC = "projects/other/global/networks/apps" }, want{"peer.vpc", "Invalid id of the peer VPC", `Write vpc = "apps", and project = "other"`}),
	gcpPeering("project", func(p *Peering) { p.Peer.Project = "123456789012" }, want{"peer.project", "Invalid project of the peer", "neither the number"}),
	gcpPeering("service account", func(p *Peering) { p.Peer.ImpersonateServiceAccount = "peering" }, want{"peer.impersonate_service_account", "Invalid service account", `"peering"`}),
	gcpPeering("place on AWS", func(p *Peering) {
		p.Peer.AccountID, p.Peer.Region, p.Peer.AssumeRoleARN = "111122223333", "us-west-2", "arn:aws:iam::111122223333:role/peering"
	}, want{"peer.account_id", "Argument is for a peer on AWS", "Write project"}, want{"peer.region", "Argument is for a peer on AWS", "in all regions"}, want{"peer.assume_role_arn", "Argument is for a peer on AWS", "impersonate_service_account"}),
	gcpPeering("routes", func(p *Peering) {
		p.ClusterRouteTables, p.PeerRouteTables, p.CIDRs = []string{"rtb-01234567"}, []string{"rtb-01234567"}, []string{"10.60.0.0/16"}
	}, want{"cluster_route_tables", "Argument is for routes on AWS", "one table"}, want{"peer_route_tables", "Argument is for routes on AWS", "one table"}, want{"cidrs", "Argument is for routes on AWS", "endpoint.allowed_cidrs"}),
	gcpPeering("tags", func(p *Peering) { p.Tags = map[string]string{"Team": "ml"} }, want{"tags.Team", "Invalid tag key", "labels"}),
	{"peer on GCP", func(p *Peering) {
		p.Peer.Project, p.Peer.ImpersonateServiceAccount = "peer-project", "a@peer-project.iam.gserviceaccount.com"
	}, []want{{"peer.project", "Argument is for a peer on GCP", "account_id"}, {"peer.impersonate_service_account", "Argument is for a peer on GCP", "assume_role_arn"}}},
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		network                        Network
		nodes, proxies, services, pods string
	}{
		{Network{CIDR: "10.40.0.0/16"}, "10.40.0.0/18", "10.40.64.0/21", "10.40.96.0/19", "10.40.128.0/17"},
		{Network{CIDR: "192.168.8.0/21"}, "192.168.8.0/23", "192.168.10.0/26", "192.168.11.0/24", "192.168.12.0/22"},
		{Network{CIDR: "10.0.0.0/13", PodCIDR: "10.128.0.0/14", ServiceCIDR: "10.100.0.0/20"}, "10.0.0.0/15", "10.2.0.0/18", "10.100.0.0/20", "10.128.0.0/14"},
	} {
		r, err := tc.network.Ranges()
		if err != nil || r.Nodes.String() != tc.nodes || r.Proxies.String() != tc.proxies || r.Services.String() != tc.services || r.Pods.String() != tc.pods {
			t.Errorf("%+v: got %v, %v", tc.network, r, err)
		}
		all := []NamedRange{{"nodes", r.Nodes}, {"proxies", r.Proxies}, {"services", r.Services}, {"pods", r.Pods}}
		if conflicts := Overlaps(all); len(conflicts) > 0 {
			t.Errorf("%+v: %v", tc.network, conflicts)
		}
		own := []netip.Prefix{netip.MustParsePrefix(tc.network.CIDR)}
		for _, part := range all[:2] {
			if !inside(part.Prefix, own) {
				t.Errorf("%+v: %s is outside", tc.network, part.Prefix)
			}
		}
	}
	for _, n := range []Network{{}, {CIDR: "10.0.0.0/12"}, {CIDR: "10.0.0.0/22"}, {CIDR: "10.0.1.0/16"}, {CIDR: "fd00::/16"}, {CIDR: "10.40.0.0/16", PodCIDR: "pods"}} {
		if r, err := n.Ranges(); err == nil {
			t.Errorf("%+v: got %v and no error", n, r)
		}
	}
}

func TestImpliedAccelerator(t *testing.T) {
	t.Parallel()
	if a, ok := ImpliedAccelerator("g2-standard-24"); !ok || a != (Accelerator{"nvidia-l4", 2}) {
		t.Errorf("g2-standard-24: %v, %v", a, ok)
	}
	if a, ok := ImpliedAccelerator("n1-standard-4"); ok {
		t.Errorf("n1-standard-4: %v", a)
	}
}

func TestSourceProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cloud Cloud
		from  Source
		want  []want
	}{
		{AWS, Source{VPC: "vpc-01234567", AccountID: "111122223333", Region: "us-west-2"}, nil},
		{AWS, Source{VPC: "apps"}, []want{{"from.vpc", "Invalid VPC id", `"apps"`}}},
		{AWS, Source{VPC: "vpc-01234567", Project: "peer-project"}, []want{{"from.project", "Argument is for a peer on GCP", "account_id"}}},
		{GCP, Source{VPC: "apps", Project: "peer-project", ImpersonateServiceAccount: "reader@peer-project.iam.gserviceaccount.com"}, nil},
		{GCP, Source{VPC: "projects/other/global/networks/apps"}, []want{{"from.vpc", "Invalid network name", `project = "other"`}}},
		{GCP, Source{VPC: "apps", Region: "us-central1"}, []want{{"from.region", "Argument is for a peer on AWS", "in all regions"}}},
		{GCP, Source{VPC: "apps", Project: "1"}, []want{{"from.project", "Invalid project of the peer", `"1"`}}},
		{GCP, Source{}, nil},
		{"", Source{VPC: "apps"}, nil},
	} {
		check(t, tc.from.Problems(tc.cloud), tc.want)
	}
}
