package acceptance_test

import (
	"crypto/elliptic"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

const examplesFolder = "../../examples"

// An example is a folder of examples/ and what has to be there before it can be
// applied.
type example struct {
	prepare func(w *world)
	// not is why an example is not applied.
	not string
}

var examples = map[string]example{
	"aws-permissions":                              {not: "it is an IAM policy; every test here holds the examples' calls against it"},
	"data-sources/serving_cluster":                 {prepare: withCluster},
	"data-sources/serving_model_server":            {prepare: withServer},
	"ephemeral-resources/serving_kubernetes_token": {not: "it configures a provider that is not here; TestAccModelServerImport uses such a token"},
	"data-sources/serving_reachability":            {not: "it names a VPC and a role of another account; internal/aws and internal/reachability test the data source"},
	"existing-vpc":                                 {prepare: withNetwork},
	"functions/basic_token":                        {prepare: withToken},
	"functions/certificate_info":                   {prepare: withFile},
	"functions/cidr_conflicts":                     {prepare: withProvider},
	"multi-region":                                 {prepare: withCertificate},
	"private":                                      {prepare: withCertificate},
	"provider":                                     {prepare: func(*world) {}},
	"quickstart":                                   {prepare: withTokens},
	"resources/serving_certificate":                {prepare: withChain},
	"resources/serving_cluster":                    {prepare: withModels},
	"resources/serving_model_server":               {prepare: withServers},
	"resources/serving_vpc_peering":                {not: "it names VPCs and a role of other accounts; vpc-peering is applied"},
	"vpc-peering":                                  {prepare: withPeer},
}

func withToken(w *world) {
	withProvider(w)
	w.set("app_token", "app-0123456789abcdef")
}

func withFile(w *world) {
	withProvider(w)
	w.write("tls.crt", issue(w).certificate)
}

func withCertificate(w *world) { w.serve(issue(w)) }

// withTokens is for callers beside.
func withTokens(w *world) {
	withCertificate(w)
	w.set("tokens", secretValues)
}

// withProvider adds the example of a provider block to one that has none, as
// the registry's pages do.
func withProvider(w *world) {
	w.copy(filepath.Join(examplesFolder, "provider/provider.tf"), "provider.tf")
}

// withModels is for an example that leaves the provider block to the reader.
func withModels(w *world) {
	withProvider(w)
	withCertificate(w)
}

// withChain is a certificate that an authority signed.
func withChain(w *world) {
	withProvider(w)
	ca := authority(w)
	w.serve(sign(w, ecKey(w, elliptic.P256()), ca)).set("chain_pem", ca.certificate)
}

// withNetwork makes a network by way of another cluster, with a state of its own.
func withNetwork(w *world) {
	withCertificate(w)
	landlord := w.beside()
	landlord.use("cluster.tf")
	landlord.set("name", "landlord").set("certificate_name", "landlord").set("cidr", "10.70.0.0/16").apply()
	made := landlord.attributes("serving_cluster.test")
	w.set("vpc", at(made, "network.vpc_id"))
	w.set("subnets", at(made, "network.private_subnet_ids"))
	w.set("public_subnets", at(made, "network.public_subnet_ids"))
}

// withPeer makes the peer's VPC, in another account and region, and one that is no
// peer.
func withPeer(w *world) {
	withCertificate(w)
	w.set("app_token", secretValues["app"])
	w.set("peer", map[string]any{"vpc": w.VPC(w.TB, peerRole, peerRegion, "10.70.0.0/16"), "region": peerRegion, "assume_role_arn": peerRole})
	w.set("unpeered", map[string]any{"vpc": w.VPC(w.TB, "", region, "10.80.0.0/16")})
}

// withCluster makes the cluster that the data source reads.
func withCluster(w *world) {
	other := w.beside()
	withModels(other)
	other.copy(filepath.Join(examplesFolder, "resources/serving_cluster/resource.tf"), "main.tf")
	other.apply()
	withProvider(w)
}

// Every example works, its second plan is empty, and nothing is left of it.
func TestAccExamples(t *testing.T) {
	for _, name := range exampleFolders(t) {
		e, ok := examples[name]
		switch {
		case !ok:
			t.Errorf("examples/%s is new: say in the table how it is applied, or why not", name)
			continue
		case e.not != "":
			t.Logf("examples/%s is not applied: %s", name, e.not)
			continue
		}
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.env["AWS_REGION"] = region
				e.prepare(w)
				before := w.kinds()
				w.example(name)
				w.apply()
				w.plan(0)
				w.destroy()
				w.leaves(before)
				w.permitted()
			})
		})
	}
}

// exampleFolders are the folders of examples/ that hold files.
func exampleFolders(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(examplesFolder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(examplesFolder, filepath.Dir(path))
			found[filepath.ToSlash(name)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range examples {
		if !found[name] {
			t.Errorf("there is no examples/%s any more: take it out of the table", name)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// example makes an example the configuration. Blocks that import belong to
// another test.
func (w *world) example(name string) {
	w.Helper()
	files, err := filepath.Glob(filepath.Join(examplesFolder, name, "*.tf"))
	if err != nil || len(files) == 0 {
		w.Fatalf("examples/%s has no configuration: %v", name, err)
	}
	for _, file := range files {
		if base := filepath.Base(file); !strings.HasPrefix(base, "import-") {
			w.copy(file, base)
		}
	}
}

// permitted holds every call so far against the policy that users are given.
func (w *world) permitted() {
	w.Helper()
	var policy struct{ Statement []struct{ Action []string } }
	w.read(w.text(filepath.Join(examplesFolder, "aws-permissions/policy.json")), &policy)
	allowed := map[string]bool{
		"sts:GetCallerIdentity": true, // It needs no permission.
	}
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			allowed[action] = true
		}
	}
	refused := map[string]aws.LoggedCall{}
	for _, call := range w.AWS.Calls() {
		if name := call.Service + ":" + call.Action; !allowed[name] {
			refused[name] = call
		}
	}
	for name := range refused {
		w.Errorf("examples/aws-permissions does not allow %s, which was called", name)
	}
}
