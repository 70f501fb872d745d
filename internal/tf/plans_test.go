package tf_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type call struct {
	config          string
	create, replace bool
}

func TestClaim(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		calls []call
		want  bool
	}{
		{"created", []call{{"a", true, false}}, true},
		{"updated", []call{{"a", false, false}}, true},
		{"replaced", []call{{"a", false, true}, {"a", true, false}}, true},
		{"replacement is forced by the user", []call{{"a", false, false}, {"a", true, false}}, true},
		{"two are created", []call{{"a", true, false}, {"b", true, false}}, false},
		{"two are created of one configuration, as by count", []call{{"a", true, false}, {"a", true, false}}, false},
		{"one exists and another is created", []call{{"a", false, false}, {"b", true, false}}, false},
		{"two exist", []call{{"a", false, false}, {"b", false, false}}, false},
		{"one is replaced and another is created", []call{{"a", false, true}, {"a", true, false}, {"b", true, false}}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			plans, ok := tf.NewPlans(), true
			for _, c := range tc.calls {
				ok = plans.Claim("serving_cluster", "aws/us-west-2/prod", tftypes.NewValue(tftypes.String, c.config), c.create, c.replace) && ok
			}
			if ok != tc.want {
				t.Errorf("got %t, want %t", ok, tc.want)
			}
			if !plans.Claim("serving_certificate", "aws/us-west-2/prod", tftypes.NewValue(tftypes.String, "a"), true, false) {
				t.Error("a resource of another type was refused the id")
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	plans := tf.NewPlans()
	plans.NoteCertificate("known", &serving.CertificateInfo{SHA256: "ab"})
	plans.NoteCertificate("unknown", nil)
	if info, planned := plans.Certificate("known"); !planned || info.SHA256 != "ab" {
		t.Errorf("known: got %v %t", info, planned)
	}
	if info, planned := plans.Certificate("unknown"); !planned || info != nil {
		t.Errorf("unknown: got %v %t", info, planned)
	}
	if _, planned := plans.Certificate("elsewhere"); planned {
		t.Error("elsewhere: got one, want none")
	}
}

func TestClusters(t *testing.T) {
	t.Parallel()
	plans := tf.NewPlans()
	prod := serving.ID{Cloud: serving.AWS, Region: "us-west-2", Name: "prod"}
	if _, planned := plans.Cluster(prod); planned {
		t.Error("a cluster is planned that nobody noted")
	}
	plans.NoteCluster(tf.PlannedCluster{Spec: serving.Cluster{Cloud: serving.AWS, Region: "us-west-2", Name: "prod"}, Create: true, URL: types.StringValue("https://a")})
	if got, planned := plans.Cluster(prod); !planned || !got.Create || got.URL.ValueString() != "https://a" {
		t.Errorf("got %+v %t", got, planned)
	}
}

func TestModelServers(t *testing.T) {
	t.Parallel()
	prod, test := serving.ID{Cloud: serving.AWS, Region: "us-west-2", Name: "prod"}, serving.ID{Cloud: serving.AWS, Region: "us-west-2", Name: "test"}
	server := func(cluster serving.ID, name string) serving.ModelServer {
		return serving.ModelServer{Cluster: cluster, Name: name, Auth: serving.Auth{Tokens: map[string]serving.Token{"app": {Value: "secret"}}}}
	}
	plans := tf.NewPlans()
	plans.LeaveModelServer(server(prod, "gone").ID())
	for _, s := range []serving.ModelServer{server(prod, "b"), server(prod, "a"), server(test, "a")} {
		plans.NoteModelServer(s)
	}
	// A server that is planned again, to be replaced, is not in its own way, and one
	// that is noted does not leave.
	plans.LeaveModelServer(server(prod, "a").ID())
	others := plans.NoteModelServer(server(prod, "b"))
	if len(others) != 1 || others[0].Name != "a" || others[0].Cluster != prod || others[0].Auth.Tokens != nil {
		t.Errorf("got %+v, want the other server of the cluster without its secrets", others)
	}
	for id, want := range map[serving.ModelServerID]bool{
		{Cluster: prod, Name: "a"}: true, {Cluster: prod, Name: "gone"}: true, {Cluster: prod, Name: "c"}: false, {Cluster: test, Name: "b"}: false,
	} {
		if got := plans.KnowsModelServer(id); got != want {
			t.Errorf("%s: got %t, want %t", id, got, want)
		}
	}
}
