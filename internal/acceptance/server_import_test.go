package acceptance_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// withServers makes the cluster that the examples' servers are on. Its GPU nodes
// are there from the beginning: the sandbox adds none for pods that wait.
func withServers(w *world) {
	other := w.beside()
	withModels(other)
	text := w.words.Replace(w.text(filepath.Join(examplesFolder, "resources/serving_cluster/resource.tf")))
	other.write("main.tf", strings.Replace(text, "min_size     = 0", "min_size     = 2", 1))
	other.apply()
	withProvider(w)
	w.set("app_token", secretValues["app"]).set("ci_token", secretValues["next"])
}

// withServer makes the server that the data source reads.
func withServer(w *world) {
	withServers(w)
	other := w.beside()
	withProvider(other)
	other.set("app_token", secretValues["app"]).set("ci_token", secretValues["next"])
	other.take("resources/serving_model_server/resource.tf", "main.tf")
	other.apply()
}

// A server is imported by each of the ways that the examples show. Only its
// secrets differ then, as they are never read back; the data source knows it, and
// so does whoever gets a token of the cluster.
func TestAccModelServerImport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const fraud = "serving_model_server.fraud"
		withServers(w)
		w.example("resources/serving_model_server")
		w.apply()
		w.plan(0)
		was := w.attributes(fraud)
		ways := []string{"import.sh", "import-by-string-id.tf"}
		if w.hasIdentity() {
			ways = append(ways, "import-by-identity.tf")
		} else {
			t.Logf("%s 1.%d has no identities", w.name, w.minor)
		}
		for _, way := range ways {
			taker := w.beside()
			for _, file := range []string{"provider.tf", "resource.tf"} {
				taker.copy(filepath.Join(w.dir, file), file)
			}
			target := "-target=" + fraud
			if way == "import.sh" {
				taker.want(0, taker.run(taker.typed("serving_model_server")...))
			} else {
				taker.take(filepath.Join("resources/serving_model_server", way), "import.tf")
			}
			c := taker.changes(target)[fraud]
			if got := c.altered(); !c.does("update") || !slices.Equal(got, []string{"secrets_version"}) {
				t.Errorf("%s: the plan wants to %v %v, want an update of the secrets' version", way, c.Actions, got)
			}
			taker.want(0, taker.run("apply", "-no-color", "tfplan"))
			taker.plan(0, target)
			if is := taker.attributes(fraud); fmt.Sprint(is) != fmt.Sprint(was) {
				t.Errorf("%s: the server was\n%v and is imported as\n%v", way, was, is)
			}
		}
		w.plan(0)

		reader := w.beside()
		withProvider(reader)
		reader.example("data-sources/serving_model_server")
		reader.apply()
		var known struct{ URL, Header string }
		reader.read(reader.want(0, reader.run("output", "-json", "fraud")).stdout, &known)
		if known.URL != was["url"] || known.Header != "Authorization" {
			t.Errorf("the data source says %v, want %v", known, was["url"])
		}
		w.ephemeral(t)
		w.destroy()
	})
}

// ephemeral takes a token of the cluster where an ephemeral value may go, which
// is a server's secret variable, and uses it.
func (w *world) ephemeral(t *testing.T) {
	t.Helper()
	other := w.beside()
	other.use("kubernetes_token.tf")
	// The simulated Google Cloud's own token is a word that is everywhere; those that it
	// issues to a service account are not.
	other.env["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"] = "ci@sandbox-project.iam.gserviceaccount.com"
	other.apply()
	got := w.Kubernetes(t, w.id("prod")).Secret(modelsNamespace, "token")
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(got["CA"])) {
		t.Fatalf("the certificate of the cluster is %q", got["CA"])
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		Proxy: http.ProxyURL(w.Proxy(t, internet)), DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots},
	}}
	for token, want := range map[string]int{got["TOKEN"]: http.StatusOK, got["TOKEN"] + "x": http.StatusUnauthorized} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, got["HOST"]+"/api/v1/namespaces/"+modelsNamespace, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("the Kubernetes API answers %d, want %d", response.StatusCode, want)
		}
	}
	for place, content := range other.everything() {
		if strings.Contains(string(content), got["TOKEN"]) {
			t.Errorf("%s has the token", place)
		}
	}
	other.destroy()
}
