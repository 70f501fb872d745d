package acceptance_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// The objects of the server "fraud" and of the gateway.
var (
	fraudDeployment = sandboxtest.Object{Resource: "deployments.apps", Namespace: modelsNamespace, Name: "fraud"}
	fraudService    = sandboxtest.Object{Resource: "services", Namespace: modelsNamespace, Name: "fraud"}
	fraudVariables  = sandboxtest.Object{Resource: "secrets", Namespace: modelsNamespace, Name: "fraud"}
	fraudPolicy     = sandboxtest.Object{Resource: "networkpolicies.networking.k8s.io", Namespace: modelsNamespace, Name: "fraud"}
	fraudSettings   = sandboxtest.Object{Resource: "secrets", Namespace: systemNamespace, Name: "model-server-fraud"}

	gatewayDeployment    = sandboxtest.Object{Resource: "deployments.apps", Namespace: systemNamespace, Name: "gateway"}
	gatewayRoutes        = sandboxtest.Object{Resource: "secrets", Namespace: systemNamespace, Name: "gateway-routes"}
	gatewayConfiguration = sandboxtest.Object{Resource: "secrets", Namespace: systemNamespace, Name: "gateway-configuration"}
	gatewayPolicy        = sandboxtest.Object{Resource: "networkpolicies.networking.k8s.io", Namespace: systemNamespace, Name: "gateway"}
)

// The tokens are spelled alike in JSON and in patterns. The intruder's is that of
// somebody who has no business there.
const (
	token    = "application0token0123456789"
	intruder = "intruder0token0123456789"
	variable = "hunter2hunter2hunter2"
)

// What somebody changes in the cluster behind Terraform's back shows in the plan,
// apply repairs it, and requests are let in and kept out as before.
func TestAccModelServerDrift(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		w.set("secrets", map[string]string{"app": token, "model": variable})
		w.have(servers{"fraud": {"mode": "header", "tokens": []string{"app"}, "secret_env": []string{"model"}}}).apply()
		call := w.caller(p, w.inside())
		k := w.kubernetes()
		data := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
		everybody := map[string]any{"spec": map[string]any{"ingress": []any{map[string]any{}}}}
		for _, round := range []struct {
			name  string
			spoil func()
			shows []string
		}{
			{"the server's own objects", func() {
				image := []any{map[string]any{"name": "model", "image": "registry.example.com/miner:v1"}}
				k.Merge(fraudDeployment, map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": image}}}})
				k.Delete(fraudService)
				k.Merge(fraudVariables, map[string]any{"data": map[string]any{"model": data("something else")}})
				k.Merge(fraudPolicy, everybody)
			}, []string{"registry.example.com/miner:v1", `"service" =`, `"environment" =`, "values were changed by somebody else", `"network_policy" =`}},
			{"who is let in", func() {
				settings := k.Secret(fraudSettings.Namespace, fraudSettings.Name)["settings.json"]
				forged := strings.Replace(settings, token, intruder, 1)
				if forged == settings {
					t.Errorf("the settings have no token to replace")
				}
				k.Merge(fraudSettings, map[string]any{"data": map[string]any{"settings.json": data(forged)}})
			}, []string{`"settings" =`, "values were changed by somebody else"}},
			{"the gateway's objects", func() {
				forged := 0
				for _, secret := range []sandboxtest.Object{gatewayRoutes, gatewayConfiguration} {
					for name, text := range k.Secret(secret.Namespace, secret.Name) {
						if strings.Contains(text, token) {
							k.Merge(secret, map[string]any{"data": map[string]any{name: data(strings.ReplaceAll(text, token, intruder))}})
							forged++
						}
					}
				}
				if forged == 0 {
					t.Error("the gateway's configuration has no token to replace")
				}
				k.Merge(gatewayPolicy, everybody)
			}, []string{"is not what the servers' settings say", "network_policy"}},
		} {
			round.spoil()
			o := w.plan(2)
			for _, text := range round.shows {
				if !o.says(text) {
					t.Errorf("%s: the plan does not show %q:\n%s", round.name, text, o.all)
				}
			}
			if o.says(intruder) || o.says(token) || o.says(variable) {
				t.Errorf("%s: the plan shows a secret:\n%s", round.name, o.all)
			}
			w.apply()
			w.plan(0)
			call.gets(http.StatusOK, "/fraud/predict", "{}", bearer(token)...)
			call.gets(http.StatusUnauthorized, "/fraud/predict", "{}", bearer(intruder)...)
			call.gets(http.StatusUnauthorized, "/fraud/predict", "{}")
		}
		if got := k.Secret(fraudVariables.Namespace, fraudVariables.Name)["model"]; got != variable {
			t.Errorf("the variable is %q", got)
		}
		w.finish()
	})
}
