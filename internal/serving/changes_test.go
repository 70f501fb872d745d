package serving

import (
	"reflect"
	"slices"
	"testing"
)

// changeCase changes a good cluster; before changes the one it was.
type changeCase struct {
	name     string
	before   func(*Cluster)
	change   func(*Cluster)
	wants    []want
	replaces []string
}

func (tc changeCase) build() (next, prior Cluster) {
	next, prior = goodCluster(), goodCluster()
	if tc.before != nil {
		tc.before(&next)
		tc.before(&prior)
	}
	tc.change(&next)
	return next, prior
}

func protected(c *Cluster) { c.DeletionProtection = true }

var changeCases = []changeCase{
	{"nothing", nil, func(*Cluster) {}, nil, nil},
	{"next minor version", nil, version("1.34"), nil, nil},
	{"version left out", nil, version(""), nil, nil},
	{"version given first", version(""), version("1.40"), nil, nil},
	{"version back", nil, version("1.32"),
		[]want{{"kubernetes_version", "Kubernetes version cannot go back", `Write "1.33", or make a new cluster`}}, nil},
	{"two minor versions", nil, version("1.35"),
		[]want{{"kubernetes_version", "Kubernetes version skips a minor version", `Apply "1.34" next`}}, nil},
	{"public", nil, public,
		[]want{{"visibility", "warning: Load balancer is replaced", "from private to public"}}, nil},
	{"private", public, func(c *Cluster) { c.Visibility = Private },
		[]want{{"visibility", "warning: Load balancer is replaced", "from public to private"}}, nil},
	{"public with a record of the user's", nil, public,
		[]want{{"visibility", "warning: Load balancer is replaced", "The record of models.example.com is yours to move"}}, nil},
	{"public with a record of the cluster's", dns("models.example.com", "Z0123456789ABCDEFGHIJ"), public,
		[]want{{"visibility", "warning: Load balancer is replaced", "The record of models.example.com is moved as part of it"}}, nil},
	{"public without a domain", domain(""), public,
		[]want{{"visibility", "warning: Load balancer is replaced", "give them the new one"}}, nil},
	{"public with a record that is not known yet", func(c *Cluster) { c.Unknown = Unknown{"endpoint.dns": true} }, public,
		[]want{{"visibility", "warning: Load balancer is replaced", "Without endpoint.dns, point your DNS records at the new one"}}, nil},
	{"another DNS record", dns("models.example.com", "Z1"), dns("other.example.com", "Z2"), nil, nil},
	{"name", nil, func(c *Cluster) { c.Name = "other" }, nil, []string{"name"}},
	{"name of a protected cluster", protected, func(c *Cluster) { c.Name = "other" },
		[]want{{"name", "Change needs a new cluster, and this one is protected", "destroy aws/us-west-2/prod and make it anew"}}, []string{"name"}},
	{"protection lifted in the same step", protected, func(c *Cluster) { c.Name, c.DeletionProtection = "other", false },
		[]want{{"name", "Change needs a new cluster, and this one is protected", "on its own first"}}, []string{"name"}},
	{"protection lifted alone", protected, func(c *Cluster) { c.DeletionProtection = false }, nil, nil},
	{"region and cloud", nil, func(c *Cluster) { c.Region, c.Cloud = "us-east-1", GCP }, nil, []string{"cloud", "region"}},
	{"network range", nil, func(c *Cluster) { c.Network.CIDR = "10.41.0.0/16" }, nil, []string{"network.cidr"}},
	{"own network to an existing one", nil, existing, nil, []string{"network.cidr", "network.vpc"}},
	{"another VPC", existing, func(c *Cluster) { c.Network.VPC = "vpc-0a1b2c3d" }, nil, []string{"network.vpc"}},
	{"other subnets", existing, func(c *Cluster) { c.Network.Subnets[0] = "subnet-0b1b2c3d" }, nil, nil},
	{"range shown for an existing VPC", existing, func(c *Cluster) { c.Network.CIDR = "10.9.0.0/16" }, nil, nil},
	{"another zone", nil, func(c *Cluster) { c.Network.Zones = append(c.Network.Zones, "us-west-2c") }, nil, nil},
	{"a zone less", nil, func(c *Cluster) { c.Network.Zones = []string{"us-west-2a", "us-west-2c"} },
		[]want{{"network.zones", "Zone cannot be left", "The cluster is in us-west-2b"}}, nil},
	{"service range", nil, func(c *Cluster) { c.Network.ServiceCIDR = "10.100.0.0/16" }, nil, []string{"network.service_cidr"}},
	{"service range left out", nil, func(c *Cluster) { c.Network.ServiceCIDR = "" }, nil, nil},
	{"cluster role", nil, func(c *Cluster) { c.AWS.ClusterRoleARN = "" }, nil, []string{"aws.cluster_role_arn"}},
	{"node role", nil, func(c *Cluster) { c.AWS.NodeRoleARN = "" }, nil, nil},
	{"key added", func(c *Cluster) { c.AWS.KMSKeyARN = "" }, func(c *Cluster) { c.AWS = goodCluster().AWS }, nil, nil},
	{"key removed", nil, func(c *Cluster) { c.AWS.KMSKeyARN = "" }, nil, []string{"aws.kms_key_arn"}},
	{"key changed", nil, func(c *Cluster) { c.AWS.KMSKeyARN += "0" }, nil, []string{"aws.kms_key_arn"}},
	{"pools, endpoint, API and tags", nil, func(c *Cluster) {
		c.NodePools, c.Endpoint, c.KubernetesAPI, c.Tags = nil, Endpoint{}, KubernetesAPI{}, nil
	}, nil, nil},
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, tc := range slices.Concat(changeCases, gcpChangeCases) {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			next, prior := tc.build()
			check(t, next.Changes(prior), tc.wants)
			if got := next.Replaces(prior); !slices.Equal(got, tc.replaces) {
				t.Errorf("Replaces() = %v, want %v", got, tc.replaces)
			}
		})
	}
}

func TestUnknownsNeverAddChanges(t *testing.T) {
	t.Parallel()
	for _, tc := range slices.Concat(changeCases, gcpChangeCases) {
		next, prior := tc.build()
		before, replaced := ruleSet(next.Changes(prior)), next.Replaces(prior)
		for _, path := range pathsOf(next) {
			kept, _ := tc.build()
			zeroed, _ := tc.build()
			kept.Unknown, zeroed.Unknown = Unknown{path: true}, Unknown{path: true}
			zeroAt(reflect.ValueOf(&zeroed).Elem(), path)
			unaffected(t, tc.name+": "+path, before, kept.Changes(prior), zeroed.Changes(prior))
			got := zeroed.Replaces(prior)
			for _, p := range got {
				if !slices.Contains(replaced, p) {
					t.Errorf("%s: unknown %s makes %s replace the cluster", tc.name, path, p)
				}
			}
			if !slices.Equal(got, kept.Replaces(prior)) {
				t.Errorf("%s: unknown %s: its value is used to replace the cluster", tc.name, path)
			}
		}
	}
}
