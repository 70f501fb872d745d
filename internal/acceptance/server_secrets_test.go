package acceptance_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// forms are the spellings in which a secret may be found somewhere, by what they
// are.
func forms(name, secret string) map[string]string {
	found := map[string]string{name: secret, "hex of " + name: hex.EncodeToString([]byte(secret))}
	// What stands before a text moves its base64, so it has three forms; the ends
	// depend on the neighbours and are cut off.
	for shift := range 3 {
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		found["base64 of "+name+" after "+strings.Repeat("x", shift)] = text[2*min(shift, 1)+2 : len(text)-4]
	}
	sum := sha256.Sum256([]byte(secret))
	// A sum without salt is a test of guessed tokens.
	found["SHA-256 of "+name] = hex.EncodeToString(sum[:])
	return found
}

// Tokens and secret variables are in nothing that Terraform, the provider or the
// cloud keep or print, and in no object of the cluster but Secrets.
func TestAccModelServerSecrets(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		w.env["TF_LOG"] = "TRACE"
		w.env["TF_LOG_PATH"] = filepath.Join(w.dir, "trace.log")
		server := func(mode string, tokens ...string) map[string]any {
			return map[string]any{"mode": mode, "tokens": tokens, "secret_env": []string{"model"}}
		}
		all := servers{"fraud": server("header", "app"), "chat": server("body", "app")}
		w.have(all).plan(2, "-out=first")
		w.want(0, w.run("show", "-json", "first"))
		w.want(0, w.run("apply", "-no-color", "first"))

		for _, name := range []string{"fraud", "chat"} {
			all[name]["tokens"] = []string{"app", "next"}
		}
		w.have(all).plan(2, "-out=second", "-json")
		w.want(0, w.run("show", "-json", "second"))
		w.want(0, w.run("apply", "-no-color", "second"))
		call := w.caller(p, w.inside())
		for _, name := range []string{"app", "next"} {
			call.gets(http.StatusOK, "/fraud/predict", "{}", bearer(secretValues[name])...)
			call.gets(http.StatusOK, "/fraud/predict", "{}", basic(secretValues[name])...)
			call.gets(http.StatusOK, "/chat/predict", inBody(secretValues[name]))
			// The wrong way in is logged as well.
			call.gets(http.StatusUnauthorized, "/fraud/predict", inBody(secretValues[name]))
			call.gets(http.StatusUnauthorized, "/fraud/predict", "{}", "Authorization", "Digest "+secretValues[name])
		}

		// An apply that fails in the cluster.
		all["broken"] = server("header", "app")
		all["broken"]["image"] = "registry.example.com/crashes:v1"
		w.have(all).want(1, w.run("apply", "-auto-approve"))
		delete(all["broken"], "image")
		w.have(all).apply()

		// A token that is refused is not shown either.
		refused := map[string]string{"short": "short~token", "blank": "token with blanks, which is refused"}
		for name := range refused {
			all["wrong"] = server("header", name)
			values := map[string]string{name: refused[name]}
			for known, value := range secretValues {
				values[known] = value
			}
			w.set("secrets", values).have(all).plan(1)
		}
		delete(all, "wrong")
		w.set("secrets", secretValues).have(all)
		w.want(0, w.run("show", "-json"))
		w.plan(0)

		places := w.everything()
		if len(places["trace.log"]) < 10_000 || !bytes.Contains(places["trace.log"], []byte("provider.terraform-provider-serving")) {
			t.Errorf("the log has only %d bytes, so it is no evidence", len(places["trace.log"]))
		}
		k := w.kubernetes()
		for name, text := range k.Everything() {
			places["object "+name] = opened(text)
		}
		var logged []byte
		for pod, log := range k.Logs(systemNamespace) {
			places["log of "+pod] = opened(log)
			logged = append(logged, log...)
		}
		for _, entry := range []string{`"fraud"`, `"chat"`, `"app"`, `"next"`} {
			if !bytes.Contains(logged, []byte(entry)) {
				t.Errorf("the access log does not have %s, so it is no evidence", entry)
			}
		}
		t.Log("not searched: Secrets, and the files of etcd, which hold them in the sandbox as in any cluster without encryption at rest")
		w.finish()
		for name, text := range w.everything() {
			places[name+" after the destroy"] = text
		}
		hidden := map[string]string{}
		for _, list := range []map[string]string{secretValues, refused} {
			for name, value := range list {
				hidden[name] = value
			}
		}
		for name, secret := range hidden {
			for what, form := range forms(name, secret) {
				for place, content := range places {
					if bytes.Contains(content, []byte(form)) {
						t.Errorf("%s has the %s", place, what)
					}
				}
			}
		}
	})
}

// The search finds a token in each of its forms, wherever in a text it is.
func TestTokensAreFound(t *testing.T) {
	t.Parallel()
	secret := secretValues["app"]
	for name, text := range map[string]string{
		"plain":       "authorization: Bearer " + secret,
		"a header":    base64.StdEncoding.EncodeToString([]byte(secret)),
		"with a user": base64.StdEncoding.EncodeToString([]byte("me:" + secret)),
		"a user more": base64.StdEncoding.EncodeToString([]byte("you:" + secret + "\n")),
		"one of all":  base64.URLEncoding.EncodeToString([]byte("some:" + secret)),
		"hex":         hex.EncodeToString([]byte(secret)),
	} {
		found := false
		for _, form := range forms("app", secret) {
			found = found || bytes.Contains(opened([]byte(text)), []byte(form))
		}
		if !found {
			t.Errorf("%s: the token was not found", name)
		}
	}
}
