package serving

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// want is an expected problem: its path, its summary (with "warning: " before
// it for a warning), and a part of its detail.
type want struct{ path, summary, detail string }

// clusterCase breaks a good cluster, or changes it in a fine way.
type clusterCase struct {
	name  string
	spec  func(*Cluster)
	wants []want
}

// goodCluster is the design's own example, complete.
func goodCluster() Cluster {
	return Cluster{
		Cloud: AWS, Region: "us-west-2", Name: "prod", Visibility: Private, KubernetesVersion: "1.33",
		Network: Network{
			CIDR: "10.40.0.0/16", ServiceCIDR: "172.20.0.0/16", NAT: NATPerZone,
			Zones: []string{"us-west-2a", "us-west-2b"},
		},
		NodePools: map[string]NodePool{
			"cpu": {MachineType: "m7i.xlarge", MinSize: 2, MaxSize: 10, DiskGB: 50},
			"gpu": {
				MachineType: "g6.2xlarge", MaxSize: 4, DiskGB: 100, Accelerator: &Accelerator{Count: 1},
				Labels: map[string]string{"example.com/team": "ml"},
				Taints: []Taint{{Key: "nvidia.com/gpu", Value: "true", Effect: "NoSchedule"}},
			},
		},
		Endpoint: Endpoint{
			Domain: "models.example.com", CertificateID: "aws/us-west-2/models", AllowedCIDRs: []string{"10.50.0.0/16"},
			MinTLSVersion: "1.2", IdleTimeoutSeconds: 300,
		},
		KubernetesAPI: KubernetesAPI{
			AllowedCIDRs: []string{"203.0.113.0/24"},
			Admins:       []string{"arn:aws:iam::123456789012:role/platform/admins"},
		},
		Gateway: Gateway{MinReplicas: 3, MaxReplicas: 20, Image: "docker.io/envoyproxy/envoy:v1.40.0"},
		AWS: ClusterAWS{
			ClusterRoleARN: "arn:aws:iam::123456789012:role/eks-cluster",
			NodeRoleARN:    "arn:aws:iam::123456789012:role/eks-nodes",
			KMSKeyARN:      "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		},
		Tags: map[string]string{"team": "ml", "cost.center": "42"},
	}
}

// existing moves a cluster into a VPC of the user's.
func existing(c *Cluster) {
	c.Network = Network{
		VPC:           "vpc-0123456789abcdef0",
		Subnets:       []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
		PublicSubnets: []string{"subnet-0a1b2c3d", "subnet-1a1b2c3d"},
	}
}

func public(c *Cluster) {
	c.Visibility = Public
	c.Endpoint.AllowedCIDRs = nil
}

// pool changes the pool "gpu".
func pool(change func(*NodePool)) func(*Cluster) {
	return func(c *Cluster) {
		p := c.NodePools["gpu"]
		change(&p)
		c.NodePools["gpu"] = p
	}
}

// machine gives the pool "gpu" another machine and accelerator count; 0 is none.
func machine(machineType string, count int64) func(*Cluster) {
	return pool(func(p *NodePool) {
		p.MachineType = machineType
		if p.Accelerator = nil; count != 0 {
			p.Accelerator = &Accelerator{Count: count}
		}
	})
}

func all(changes ...func(*Cluster)) func(*Cluster) {
	return func(c *Cluster) {
		for _, change := range changes {
			change(c)
		}
	}
}

// numbered makes n texts from a function of their number.
func numbered(n int, text func(i int) string) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = text(i)
	}
	return texts
}

// nets makes n ranges of one network.
func nets(n int, first string) []string {
	return numbered(n, func(i int) string { return first + strconv.Itoa(i) + ".0/24" })
}

func clusterCases() []clusterCase {
	var cases []clusterCase
	for _, group := range [][]clusterCase{locationCases, kubernetesCases, networkCases, nodePoolCases, endpointCases, gatewayCases, awsCases, tagCases, gcpCases()} {
		cases = append(cases, group...)
	}
	return cases
}

func (tc clusterCase) build() Cluster {
	c := goodCluster()
	tc.spec(&c)
	return c
}

func TestClusterProblems(t *testing.T) {
	t.Parallel()
	check(t, goodCluster().Problems(), nil)
	for _, tc := range clusterCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, tc.build().Problems(), tc.wants)
		})
	}
}

// check compares problems with what is expected, one to one and in order.
func check(t *testing.T, got []Problem, wants []want) {
	t.Helper()
	for i, p := range got {
		if i >= len(wants) {
			t.Errorf("unexpected problem at %q: %s: %s", p.Path, p.Summary, p.Detail)
			continue
		}
		summary := p.Summary
		if p.Severity == SeverityWarning {
			summary = "warning: " + summary
		}
		w := wants[i]
		if p.Path != w.path || summary != w.summary || w.detail == "" || !strings.Contains(p.Detail, w.detail) {
			t.Errorf("problem %d\n got %q: %s: %s\nwant %q: %s: ...%s...", i, p.Path, summary, p.Detail, w.path, w.summary, w.detail)
		}
		if strings.Contains(p.Detail, "%!") || !strings.HasSuffix(p.Detail, ".") || strings.HasSuffix(p.Summary, ".") {
			t.Errorf("problem %d has a badly formed message: %q: %q", i, p.Summary, p.Detail)
		}
	}
	for _, w := range wants[min(len(got), len(wants)):] {
		t.Errorf("missing problem at %q: %s: ...%s...", w.path, w.summary, w.detail)
	}
}

// TestEveryRuleIsTested fails for a rule that no case of any table breaks. The
// tables assert problems one to one, so breaking it there is asserting it.
func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, problems := range everyProblem() {
		for _, p := range problems {
			tested[p.Rule] = true
		}
	}
	seen := map[string]bool{}
	for _, r := range ruleBook {
		if !tested[r.id] {
			t.Errorf("rule %q has no test case", r.id)
		}
		if seen[r.id] {
			t.Errorf("rule id %q is used twice", r.id)
		}
		seen[r.id] = true
	}
}

// everyProblem runs all tables.
func everyProblem() [][]Problem {
	var got [][]Problem
	for _, tc := range clusterCases() {
		got = append(got, tc.build().Problems())
	}
	for _, tc := range slices.Concat(changeCases, gcpChangeCases) {
		next, prior := tc.build()
		got = append(got, next.Changes(prior))
	}
	for _, tc := range certificateCases() {
		got = append(got, tc.build().Problems(testNow))
	}
	for _, tc := range servedCases {
		cluster, info := tc.build()
		got = append(got, cluster.CertificateProblems(info, testNow))
	}
	for _, tc := range modelServerCases() {
		got = append(got, tc.build().Problems())
	}
	for _, tc := range conflictCases {
		got = append(got, ModelServer{Name: "fraud"}.Conflicts([]ModelServer{tc.other}))
	}
	for _, tc := range onClusterCases {
		server, cluster := tc.build()
		got = append(got, server.OnCluster(cluster))
	}
	for _, tc := range slices.Concat(peeringCases, gcpPeeringCases) {
		got = append(got, tc.build().Problems())
	}
	for _, tc := range rangeCases {
		got = append(got, tc.build().RangeProblems(tc.ranges))
	}
	private := goodCluster()
	private.KubernetesAPI.AllowedCIDRs = nil
	return append(got, private.OnCreate(), OpenServers([]ModelServer{{Name: "open", Auth: Auth{Mode: AuthNone}}}))
}

func TestOnCreate(t *testing.T) {
	t.Parallel()
	c := goodCluster()
	check(t, c.OnCreate(), nil)
	c.KubernetesAPI.AllowedCIDRs = nil
	check(t, c.OnCreate(), []want{{"kubernetes_api.allowed_cidrs", "warning: Kubernetes API is private", "run inside the network, or through a proxy"}})
	for path := range setOf("kubernetes_api", "kubernetes_api.allowed_cidrs", "kubernetes_api.dns_endpoint", "gateway", "gateway.enabled") {
		c.Unknown = Unknown{path: true}
		check(t, c.OnCreate(), nil)
	}
	c.Unknown, c.Gateway = nil, Gateway{Disabled: true}
	check(t, c.OnCreate(), nil)
	c.Gateway, c.KubernetesAPI.DNSEndpoint = Gateway{}, true
	check(t, c.OnCreate(), nil)
}

// TestUnknownsNeverAddProblems marks each path of each case unknown, with its
// value still there and with the zero that a plan has in its place.
func TestUnknownsNeverAddProblems(t *testing.T) {
	t.Parallel()
	cases := append(clusterCases(), clusterCase{name: "good", spec: func(*Cluster) {}})
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			whole := tc.build()
			before := ruleSet(whole.Problems())
			for _, path := range pathsOf(whole) {
				kept, zeroed := tc.build(), tc.build()
				kept.Unknown, zeroed.Unknown = Unknown{path: true}, Unknown{path: true}
				zeroAt(reflect.ValueOf(&zeroed).Elem(), path)
				unaffected(t, path, before, kept.Problems(), zeroed.Problems())
			}
		})
	}
}

// TestUnknownsSilence is the counterpart: the path a problem is at, unknown,
// takes the problem away.
func TestUnknownsSilence(t *testing.T) {
	t.Parallel()
	for _, tc := range clusterCases() {
		c := tc.build()
		for _, p := range c.Problems() {
			switch p.Rule {
			case rulePoolName.id, ruleTagKey.id, ruleTagReserved.id, ruleLabelKey.id, ruleLabelReserved.id:
				continue // Keys of a map are known as soon as the map is.
			}
			c.Unknown = Unknown{p.Path: true}
			if ruleSet(c.Problems())[p.Rule+" at "+p.Path] {
				t.Errorf("%s: %s is reported at %s although it is unknown", tc.name, p.Rule, p.Path)
			}
		}
	}
}

// unaffected demands that an unknown path adds no problem, and that what is
// said does not depend on the value that stands in its place.
func unaffected(t *testing.T, path string, before map[string]bool, kept, zeroed []Problem) {
	t.Helper()
	for key := range ruleSet(zeroed) {
		if !before[key] {
			t.Errorf("unknown %s adds the problem %s", path, key)
		}
	}
	if !slices.Equal(kept, zeroed) {
		t.Errorf("unknown %s: its value is used:\nwith it    %v\nwithout it %v", path, kept, zeroed)
	}
}

func ruleSet(problems []Problem) map[string]bool {
	set := map[string]bool{}
	for _, p := range problems {
		set[p.Rule+" at "+p.Path] = true
	}
	return set
}

// pathsOf lists the path of every attribute of a spec, the inner ones and the
// ones around them.
func pathsOf(spec any) []string {
	var paths []string
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		// A path that ends in a dot is that of an empty key, which cannot be unknown.
		if path != "" && !strings.HasSuffix(path, ".") {
			paths = append(paths, path)
		}
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				paths = paths[:len(paths)-1]
				walk(v.Elem(), path)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; name != "Unknown" {
					walk(v.Field(i), joined(path, attribute(name)))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), joined(path, strconv.Itoa(i)))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				walk(v.MapIndex(key), joined(path, key.String()))
			}
		}
	}
	walk(reflect.ValueOf(spec), "")
	return paths
}

func joined(path, step string) string {
	if path == "" {
		return step
	}
	return path + "." + step
}

// attribute is the attribute that a Go field models.
func attribute(field string) string {
	switch field {
	case "PrivateKeyPEM":
		return "private_key_wo"
	case "Disabled":
		return "enabled"
	case "JWKSURL":
		return "jwks_url"
	case "GPUs":
		return "gpus"
	}
	field = strings.ReplaceAll(field, "CIDRs", "Cidrs")
	runes := []rune(field)
	var name strings.Builder
	for i, r := range runes {
		afterLower := i > 0 && unicode.IsLower(runes[i-1])
		endsAcronym := i > 0 && i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (afterLower || endsAcronym) {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToLower(r))
	}
	return name.String()
}

// zeroAt sets the value at a path to its zero.
func zeroAt(v reflect.Value, path string) {
	if path == "" {
		v.SetZero()
		return
	}
	step, rest, _ := strings.Cut(path, ".")
	switch v.Kind() {
	case reflect.Pointer:
		zeroAt(v.Elem(), path)
	case reflect.Struct:
		for i := range v.NumField() {
			if attribute(v.Type().Field(i).Name) == step {
				zeroAt(v.Field(i), rest)
			}
		}
	case reflect.Slice:
		// A copy: cases share the slices they were made with.
		v.Set(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v))
		i, _ := strconv.Atoi(step)
		zeroAt(v.Index(i), rest)
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.String {
			step, rest = path, ""
		}
		value := v.MapIndex(reflect.ValueOf(step))
		if !value.IsValid() {
			return // A key with a dot, whose inner paths name nothing.
		}
		element := reflect.New(v.Type().Elem()).Elem()
		element.Set(value)
		zeroAt(element, rest)
		v.SetMapIndex(reflect.ValueOf(step), element)
	}
}

func TestPathsOf(t *testing.T) {
	t.Parallel()
	set := setOf(pathsOf(goodCluster())...)
	for _, path := range []string{
		"cloud", "kubernetes_version", "network", "network.cidr", "network.zones.1", "network.pod_cidr", "node_pools.gpu.disk_gb",
		"node_pools.gpu.accelerator", "node_pools.gpu.accelerator.count", "node_pools.gpu.labels.example.com/team", "node_pools.gpu.taints.0.key",
		"endpoint.allowed_cidrs.0", "gateway.enabled", "gateway.max_replicas", "endpoint.min_tls_version", "endpoint.certificate_id", "kubernetes_api.admins.0", "aws.kms_key_arn", "gcp.node_service_account", "kubernetes_api.dns_endpoint", "tags.cost.center",
	} {
		if !set[path] {
			t.Errorf("pathsOf misses %s", path)
		}
	}
}
