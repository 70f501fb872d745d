package acceptance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// A machine that has no path to the Kubernetes API gets one error that says what
// to do, each of the ways out works, and whatever needs no path works without.
func TestAccUnreachableKubernetes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		all := servers{"fraud": {"mode": "header", "tokens": []string{"app"}}}
		// The sandbox has every caller at 203.0.113.10 on the Internet.
		w.have(all).set("api_cidrs", []string{"198.51.100.0/24"})
		d := w.fails("apply", "-auto-approve")
		w.says(d, "kubernetes_api.allowed_cidrs", "run Terraform inside the network", "kubernetes_api.proxy_url")
		for _, f := range w.fields(w.clusterKind) {
			if endpoint := fmt.Sprint(f[w.endpoint]); !strings.Contains(d.Detail, endpoint) {
				t.Errorf("the error does not name %s: %s", endpoint, d.Detail)
			}
		}

		w.set("api_cidrs", []string{"198.51.100.0/24", "203.0.113.10/32"}).apply()
		w.plan(0)
		w.caller(p, w.inside()).gets(http.StatusOK, "/fraud/predict", "{}", bearer(secretValues["app"])...)

		// A private API is reached through a proxy in the network.
		proxy := w.Proxy(t, w.node()).String()
		w.set("proxy_url", proxy).set("api_cidrs", []string{}).apply()
		w.plan(0)
		all["fraud"]["image"] = echoV2
		w.have(all).apply()
		w.plan(0)

		// Without it, what the cloud knows is still planned, and the path opened.
		delete(w.env, "TF_VAR_proxy_url")
		o := w.plan(0)
		for _, what := range []string{"Warning: ", "The gateway was not looked at", "The server was not looked at", "kubernetes_api.allowed_cidrs"} {
			if !o.says(what) {
				t.Errorf("the warning does not say %q:\n%s", what, o.all)
			}
		}
		if w.serverAttributes("fraud")["image"] != echoV2 {
			t.Error("the state has forgotten the server")
		}
		w.set("api_cidrs", []string{"203.0.113.10/32"}).apply()
		w.have(servers{}).apply()
		w.plan(0)

		// Somebody locks everybody out: the cluster is still destroyed.
		w.set("proxy_url", proxy).set("api_cidrs", []string{}).apply()
		delete(w.env, "TF_VAR_proxy_url")
		w.finish()
	})
}

// node is the place of somebody on a node of the cluster.
func (w *world) node() string {
	w.Helper()
	k := w.kubernetes()
	for _, name := range k.List("nodes", "") {
		addresses, _ := at(k.Get(sandboxtest.Object{Resource: "nodes", Name: name}), "status.addresses").([]any)
		for _, a := range addresses {
			if a := a.(map[string]any); a["type"] == "InternalIP" {
				return fmt.Sprint(w.inside(), "/", a["address"])
			}
		}
	}
	w.Fatal("there is no node")
	return ""
}
