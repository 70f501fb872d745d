package acceptance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A model server's whole life, with every way to authenticate that needs no
// second party.
func TestAccModelServer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		all := servers{
			"fraud":  {"mode": "header", "tokens": []string{"app"}, "replicas": map[string]any{"min": 2, "max": 2}},
			"chat":   {"mode": "body", "tokens": []string{"app"}},
			"keyed":  {"mode": "header", "header": "X-API-Key", "tokens": []string{"app"}},
			"inside": {"mode": "none"},
		}
		w.have(all).apply()
		w.plan(0)
		call := w.caller(p, w.inside())
		callers(w, p, call)

		t.Run("rotation", func(*testing.T) { rotation(w, all, call) })
		t.Run("another image", func(*testing.T) { anotherImage(w, all, call) })
		t.Run("destroy of one", func(t *testing.T) {
			delete(all, "keyed")
			if changes := w.have(all).changes(); len(changes) != 1 || !changes[serverAddress("keyed")].does("delete") {
				t.Errorf("the plan is %v, want one server deleted", changes)
			}
			w.want(0, w.run("apply", "-no-color", "tfplan"))
			call.becomes(http.StatusNotFound, "/keyed/predict")
			call.gets(http.StatusOK, "/fraud/predict", "{}", bearer(secretValues["next"])...)
			call.gets(http.StatusOK, "/inside/predict", "{}")
			w.plan(0)
		})
		w.have(servers{}).apply()
		call.becomes(http.StatusNotFound, "/fraud/predict")
		w.serverless()
		w.plan(0)
		w.finish()
	})
}

// callers tries everybody at every server.
func callers(w *world, p pair, call *caller) {
	w.Helper()
	app, stranger := secretValues["app"], "a-token-that-nobody-was-given"
	for _, c := range []struct {
		path, body string
		headers    []string
		want       int
	}{
		{"/fraud/predict", "{}", nil, 401},
		{"/fraud/predict", "{}", bearer(stranger), 401},
		{"/fraud/predict", inBody(app), nil, 401},
		{"/fraud/predict", "{}", bearer(app), 200},
		{"/fraud/predict", "{}", basic(app), 200},
		{"/fraud/predict", "{}", basic(app + "\n"), 200},
		{"/fraud/predict", "{}", basic("anybody:" + app), 200},
		{"/fraud/predict", "{}", basic("anybody:" + stranger), 401},
		{"/fraud/predict", "{}", []string{"X-API-Key", app}, 401},
		{"/chat/predict", "{}", nil, 401},
		{"/chat/predict", inBody(stranger), nil, 401},
		{"/chat/predict", "{}", bearer(app), 401},
		{"/chat/predict", inBody(app), nil, 200},
		{"/keyed/predict", "{}", bearer(app), 401},
		{"/keyed/predict", "{}", []string{"X-API-Key", stranger}, 401},
		{"/keyed/predict", "{}", []string{"x-api-key", app}, 200},
		{"/inside/predict", "{}", nil, 200},
		{"/unknown/predict", "{}", bearer(app), 404},
	} {
		a := call.gets(c.want, c.path, c.body, c.headers...)
		if a.code != 200 {
			continue
		}
		server := strings.Split(c.path, "/")[1]
		if a.Server != server || a.Path != "/predict" {
			w.Errorf("%s was answered by %s at %s", c.path, a.Server, a.Path)
		}
		client := []string{"app"}
		if server == "inside" {
			client = nil
		}
		if got := a.Headers["x-serving-client"]; !slices.Equal(got, client) {
			w.Errorf("%s: the model saw the client %v, want %v", c.path, got, client)
		}
		if text := fmt.Sprint(a.Headers); strings.Contains(text, app) {
			w.Errorf("%s: the model saw the token: %s", c.path, text)
		}
	}
	if _, err := w.caller(p, internet).post("/inside/predict", "{}"); err == nil {
		w.Error("the private cluster answers somebody on the Internet")
	}
	var urls map[string]string
	w.read(w.want(0, w.run("output", "-json", "urls")).stdout, &urls)
	if urls["fraud"] != "https://"+domain+"/fraud" || len(urls) != 4 {
		w.Errorf("the URLs are %v", urls)
	}
}

// rotation changes the token of two servers, with both valid in between, and no
// request is lost.
func rotation(w *world, all servers, call *caller) {
	w.Helper()
	tokens := func(names ...string) *world {
		for _, name := range []string{"fraud", "chat"} {
			all[name]["tokens"] = names
		}
		return w.have(all)
	}
	requests := call.traffic(secretValues["app"], "/fraud/predict", "/chat/predict")
	tokens("app", "next").apply()
	for _, name := range []string{"app", "next"} {
		a := call.gets(http.StatusOK, "/fraud/predict", "{}", bearer(secretValues[name])...)
		if got := a.Headers["x-serving-client"]; !slices.Equal(got, []string{name}) {
			w.Errorf("the model saw the client %v, want %s", got, name)
		}
	}
	requests.use(secretValues["next"])
	tokens("next").apply()
	call.gets(http.StatusUnauthorized, "/fraud/predict", "{}", bearer(secretValues["app"])...)
	call.gets(http.StatusUnauthorized, "/chat/predict", inBody(secretValues["app"]))
	requests.end(w)
	w.plan(0)

	// Where only a value changes, the version of the secrets shows it.
	was := w.serverAttributes("keyed")["secrets_version"]
	all["keyed"]["tokens"] = []string{"app"}
	other := map[string]string{"app": "another-token-0123456789", "next": secretValues["next"]}
	c := w.set("secrets", other).only(serverAddress("keyed"))
	if got := c.altered(); !c.does("update") || !slices.Equal(got, []string{"secrets_version"}) || c.After["secrets_version"] != was.(float64)+1 {
		w.Errorf("the plan wants to %v %v, from version %v to %v; want an update of the version by one", c.Actions, got, was, c.After["secrets_version"])
	}
	w.want(0, w.run("apply", "-no-color", "tfplan"))
	call.gets(http.StatusUnauthorized, "/keyed/predict", "{}", "X-API-Key", secretValues["app"])
	call.gets(http.StatusOK, "/keyed/predict", "{}", "X-API-Key", other["app"])
	w.plan(0)
}

// anotherImage rolls a model out, and no request is lost.
func anotherImage(w *world, all servers, call *caller) {
	w.Helper()
	requests := call.traffic(secretValues["next"], "/fraud/predict", "/chat/predict")
	for _, name := range []string{"fraud", "chat"} {
		all[name]["image"] = echoV2
	}
	changes := w.have(all).changes()
	if c := changes[serverAddress("fraud")]; len(changes) != 2 || !c.does("update") || !slices.Equal(c.altered(), []string{"image"}) {
		w.Errorf("the plan wants to %v %v, want an update of the image of two servers", c.Actions, c.altered())
	}
	w.want(0, w.run("apply", "-no-color", "tfplan"))
	requests.end(w)
	w.plan(0)
}
