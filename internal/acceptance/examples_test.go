package acceptance_test

import (
	"crypto/elliptic"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
	"gcp-permissions":                              {not: "it is an IAM role; every test here holds the examples' calls against it"},
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
	w.take("provider/provider.tf", "provider.tf")
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

// withNetwork is for an example in a network that exists.
func withNetwork(w *world) {
	withCertificate(w)
	w.withNetwork(w)
}

// withPeer is for one whose cluster has a peer.
func withPeer(w *world) {
	withCertificate(w)
	w.set("app_token", secretValues["app"])
	w.withPeer(w)
}

// withCluster makes the cluster that the data source reads.
func withCluster(w *world) {
	other := w.beside()
	withModels(other)
	other.take("resources/serving_cluster/resource.tf", "main.tf")
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
				e.prepare(w)
				before := w.kinds()
				w.example(name)
				w.apply()
				w.plan(0)
				w.destroy()
				w.leaves(before)
				w.permitted(w)
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
		switch base := filepath.Base(file); {
		case strings.HasPrefix(base, "import-"):
		case strings.Contains(name, "/"), name == "provider":
			w.take(filepath.Join(name, base), base)
		default:
			w.copy(file, base)
		}
	}
}

// take copies a file of the registry's pages into the folder, in the words of the
// cloud. Examples that can be applied as they are have a variable for it instead.
func (w *world) take(from, to string) {
	w.Helper()
	w.write(to, w.words.Replace(w.text(filepath.Join(examplesFolder, from))))
}
