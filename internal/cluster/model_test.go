package cluster

import (
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// fullSpec has every field set, so that none can be forgotten; a cloud would
// refuse the whole.
func fullSpec() serving.Cluster {
	return serving.Cluster{
		Cloud: serving.AWS, Region: "us-west-2", Name: "prod", Visibility: serving.Private, KubernetesVersion: "1.33",
		Network: serving.Network{
			CIDR: "10.40.0.0/16", VPC: "vpc-0123456789abcdef0", Subnets: []string{"subnet-a", "subnet-b"}, PublicSubnets: []string{"subnet-c"},
			Zones: []string{"us-west-2a", "us-west-2b"}, NAT: serving.NATSingle, PodCIDR: "10.60.0.0/16", ServiceCIDR: "172.20.0.0/16",
		},
		NodePools: map[string]serving.NodePool{
			"gpu": {
				MachineType: "g6.2xlarge", MinSize: 1, MaxSize: 4, DiskGB: 50, Spot: true,
				Accelerator: &serving.Accelerator{Type: "l4", Count: 1},
				Labels:      map[string]string{"team": "ml"},
				Taints:      []serving.Taint{{Key: "a", Value: "1", Effect: "NoSchedule"}, {Key: "b", Value: "2", Effect: "NoExecute"}},
			},
		},
		Endpoint: serving.Endpoint{
			Domain: "models.example.com", CertificateID: "aws/us-west-2/models", AllowedCIDRs: []string{"10.50.0.0/16"},
			MinTLSVersion: "1.3", IdleTimeoutSeconds: 600, DNS: &serving.DNS{ZoneID: "Z0123456789ABCDEFGHIJ"},
		},
		KubernetesAPI:      serving.KubernetesAPI{AllowedCIDRs: []string{"203.0.113.0/24"}, Admins: []string{"arn:aws:iam::123456789012:role/admins"}, DNSEndpoint: true},
		Gateway:            serving.Gateway{Disabled: true, MinReplicas: 3, MaxReplicas: 9, Image: "envoyproxy/envoy:v1.40.0"},
		DeletionProtection: true,
		AWS:                serving.ClusterAWS{ClusterRoleARN: "arn:c", NodeRoleARN: "arn:n", KMSKeyARN: "arn:k"},
		GCP:                serving.ClusterGCP{ReleaseChannel: serving.ChannelStable, NodeServiceAccount: "nodes@example"},
		Tags:               map[string]string{"cost.center": "42"},
	}
}

func fullObserved() serving.ObservedCluster {
	return serving.ObservedCluster{
		Observation: serving.Observation{Account: "123456789012", Objects: map[string]string{"cluster": "arn:e"}, Drift: map[string][]string{"listener": {"policy"}}},
		Spec:        fullSpec(),
		Hostname:    "h.example.com", Address: "203.0.113.9", ZoneID: "Z1", URL: "https://models.example.com",
		KubernetesURL: "https://k.example.com", CACertificatePEM: "pem",
		VPC: "vpc-0123456789abcdef0", PrivateSubnets: []string{"subnet-a", "subnet-b"}, PublicSubnets: []string{"subnet-c"},
		Exposure: serving.Exposure{
			Endpoint: serving.EndpointExposure{
				Scheme: "internal", Addresses: []string{"10.40.0.9"}, SecurityGroups: []string{"sg-1"},
				Subnets: map[string]serving.SubnetExposure{"subnet-a": {RouteTable: "rtb-1", InternetGateway: "igw-1"}},
				Sources: []string{"10.40.0.0/16"}, Inside: []string{"10.40.0.0/16"}, InternetReachable: true,
				Hops: []serving.Hop{{Name: serving.HopLoadBalancer, Verdict: serving.VerdictBlock, Reason: "internal"}},
			},
			KubernetesAPI: serving.KubernetesAPIExposure{PublicAccess: true, Sources: []string{"203.0.113.0/24"}, PrivateAccess: true},
			Nodes:         serving.NodesExposure{PublicAddresses: true},
		},
	}
}

// zero lists the fields of a value that are zero.
func zero(v reflect.Value, path string) []string {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return zero(v.Elem(), path)
		}
	case reflect.Struct:
		var fields []string
		for i := range v.NumField() {
			fields = append(fields, zero(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
		return fields
	case reflect.Map, reflect.Slice:
		if v.Len() > 0 && v.Kind() == reflect.Map {
			return zero(v.MapIndex(v.MapKeys()[0]), path+"[]")
		}
		if v.Len() > 0 {
			return zero(v.Index(0), path+"[]")
		}
	}
	if v.IsZero() {
		return []string{path}
	}
	return nil
}

func TestSpecSurvivesTheModel(t *testing.T) {
	t.Parallel()
	found := fullObserved()
	// LastSeen and Unknown are not part of what a cloud has, and Gone, Unseen and
	// Advice are about other cases.
	if got := zero(reflect.ValueOf(found), ""); !slices.Equal(got, []string{".Observation.Gone", ".Observation.Unseen", ".Observation.Advice", ".Spec.LastSeen", ".Spec.Unknown"}) {
		t.Fatalf("the full observation leaves %v empty", got)
	}
	p := &tf.Provider{}
	var m model
	if diags := m.observe(t.Context(), p, found); diags.HasError() {
		t.Fatal(diags)
	}
	got, diags := m.spec(t.Context(), p)
	if diags.HasError() {
		t.Fatal(diags)
	}
	want := fullSpec()
	want.Unknown = serving.Unknown{}
	want.LastSeen = found.Objects
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	// What was found once and is found again changes nothing, in any field.
	again := m
	if diags := again.observe(t.Context(), p, found); diags.HasError() {
		t.Fatal(diags)
	}
	if !reflect.DeepEqual(again, m) {
		t.Errorf("the second observation changed the model\n was %+v\n is %+v", m, again)
	}
}

// alter changes the n-th plain value below v and gives its path, or counts n
// down and gives nothing.
func alter(v reflect.Value, path string, n *int) string {
	switch v.Kind() {
	case reflect.Pointer:
		return alter(v.Elem(), path, n)
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			// None of these is the cloud's to change.
			if name == "Unknown" || name == "LastSeen" || name == "Gone" || name == "Unseen" || name == "Advice" || name == "Inside" || name == "Account" {
				continue
			}
			if altered := alter(v.Field(i), path+"."+name, n); altered != "" {
				return altered
			}
		}
		return ""
	case reflect.Slice:
		return alter(v.Index(0), path+"[0]", n)
	case reflect.Map:
		key := v.MapKeys()[0]
		element := reflect.New(v.Type().Elem()).Elem()
		element.Set(v.MapIndex(key))
		altered := alter(element, path+"["+key.String()+"]", n)
		v.SetMapIndex(key, element)
		return altered
	}
	if *n--; *n >= 0 {
		return ""
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	}
	return path
}

// Every value that may change behind Terraform's back changes the model.
func TestEveryObservedFieldShows(t *testing.T) {
	t.Parallel()
	p := &tf.Provider{}
	tried := 0
	for ; ; tried++ {
		var m model
		m.observe(t.Context(), p, fullObserved())
		before, found, n := m, fullObserved(), tried
		path := alter(reflect.ValueOf(&found).Elem(), "", &n)
		if path == "" {
			break
		}
		if diags := m.observe(t.Context(), p, found); diags.HasError() {
			t.Fatal(diags)
		}
		if reflect.DeepEqual(m, before) {
			t.Errorf("a change of %s does not show", path)
		}
	}
	if tried < 50 {
		t.Errorf("%d values were changed, want all", tried)
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	var r resource.SchemaResponse
	NewResource().Schema(t.Context(), resource.SchemaRequest{}, &r)
	if diags := r.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
	var d datasource.SchemaResponse
	NewDataSource().Schema(t.Context(), datasource.SchemaRequest{}, &d)
	if diags := d.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
}
