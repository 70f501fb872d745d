package gateway_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// TestAuthorization runs mode header with the standard header.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("fraud", m, headerAuth("app", appToken, "ci", ciToken)),
		server("spam", m, headerAuth("app", other)),
	}})
	right := func(name, value, client string) call {
		return call{name: name, headers: []string{"Authorization: " + value}, status: 200, client: client, reason: "token"}
	}
	wrong := func(name string, values ...string) call {
		c := call{name: name, status: 401, reason: "wrong_token"}
		for _, v := range values {
			c.headers = append(c.headers, "Authorization: "+v)
		}
		return c
	}
	cases := []call{
		right("bare token", "Basic "+b64(appToken), "app"),
		right("bare token, other name", "Basic "+b64(ciToken), "ci"),
		right("with a line end", "Basic "+b64(appToken+"\n"), "app"),
		right("with the line end of Windows", "Basic "+b64(ciToken+"\r\n"), "ci"),
		right("user of no letter", "Basic "+b64(":"+appToken), "app"),
		right("user of one letter", "Basic "+b64("u:"+appToken), "app"),
		right("user of two letters", "Basic "+b64("me:"+appToken), "app"),
		right("user of three letters", "Basic "+b64("bob:"+ciToken), "ci"),
		right("user with any bytes", "Basic "+b64("jürgen\x00\xff?>:"+ciToken), "ci"),
		right("user and line end", "Basic "+b64("me:"+appToken+"\n"), "app"),
		right("bearer", "Bearer "+appToken, "app"),
		right("bearer whose token has the characters of patterns", "Bearer "+ciToken, "ci"),
		right("scheme in capitals", "BASIC "+b64(appToken), "app"),
		right("scheme in small letters", "bearer "+appToken, "app"),
		right("several spaces", "Basic    "+b64(appToken), "app"),
		right("spaces around the value", " \t Bearer "+appToken+"  ", "app"),

		{name: "no header", status: 401, reason: "missing_token"},
		wrong("empty header", ""),
		wrong("another token", "Bearer another-token-0123456789"),
		wrong("another server's token", "Bearer "+other),
		wrong("token without scheme", appToken),
		wrong("base64 without scheme", b64(appToken)),
		wrong("other scheme", "Digest "+appToken),
		wrong("scheme alone", "Basic"),
		wrong("scheme and space", "Bearer "),
		wrong("no space", "Bearer"+appToken),
		wrong("tab after the scheme", "Bearer\t"+appToken),
		wrong("bearer of base64", "Bearer "+b64(appToken)),
		wrong("basic of the clear token", "Basic "+appToken),
		wrong("token in other case", "Bearer "+strings.ToUpper(appToken)),
		wrong("token and more", "Bearer "+appToken+"x"),
		wrong("token cut", "Bearer "+appToken[:len(appToken)-1]),
		wrong("more before the token", "Basic "+b64("x"+appToken)),
		wrong("token as user", "Basic "+b64(appToken+":")),
		wrong("token as user, with a password", "Basic "+b64(appToken+":x")),
		wrong("two line ends", "Basic "+b64(appToken+"\n\n")),
		wrong("space before the token", "Basic "+b64("me: "+appToken)),
		wrong("base64 without padding", "Basic "+strings.TrimRight(b64(appToken), "=")),
		wrong("base64 of another alphabet", "Basic "+base64.URLEncoding.EncodeToString([]byte("ÿÿ>?:"+appToken))),
		wrong("invalid base64 before the token", "Basic ****"+b64(appToken)),
		wrong("base64 of another length before the token", "Basic A"+b64(appToken)),
		wrong("not base64", "Basic !!!!"),
		wrong("base64 in other case", "Basic "+strings.ToLower(b64(appToken))),
		wrong("pattern in place of the token", "Bearer .*"),
		wrong("two headers, one right", "Bearer "+appToken, "Bearer wrong-token-0123456789"),
		wrong("two headers, the second right", "Bearer wrong-token-0123456789", "Bearer "+appToken),
		wrong("the same header twice", "Bearer "+appToken, "Bearer "+appToken),
		wrong("two in one header", "Bearer "+appToken+", Bearer "+appToken),
		{name: "token in the query", path: "/x?access_token=" + "query-" + "token&auth=x", status: 401, reason: "missing_token"},
		{name: "token in another header", headers: []string{"X-Api-Key: " + appToken}, status: 401, reason: "missing_token"},
		{name: "token in the proxy's header", headers: []string{"Proxy-Authorization: Bearer " + appToken}, status: 401, reason: "missing_token"},
		{name: "name with an underscore", headers: []string{"AUTHORIZATION_: Bearer " + appToken}, status: 401, reason: "missing_token"},
		{name: "header name in other case", headers: []string{"aUTHORIZATION: Bearer " + appToken}, status: 200, client: "app", reason: "token"},
		{name: "body mode's way", body: `{"auth":"` + appToken + `"}`, headers: []string{"Content-Type: application/json"}, status: 401, reason: "missing_token"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.server, c.path = "fraud", "/fraud"+c.path
			got := e.try(t, m, c)
			challenge := got.header.Get("Www-Authenticate")
			if c.status == 401 && challenge != `Basic realm="fraud", charset="UTF-8", Bearer realm="fraud"` {
				t.Errorf("the challenge is %q", challenge)
			}
			if c.status == 401 && decoded(t, got.body)["error"] != c.reason {
				t.Errorf("the caller is told %s, want %s", got.body, c.reason)
			}
			if _, sent := got.seen.Header["Authorization"]; sent {
				t.Error("the model saw the credential")
			}
		})
	}
}

// TestNamedHeader runs mode header with a header of the server's own.
func TestNamedHeader(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	auth := headerAuth("app", appToken, "ci", ciToken)
	auth.Header = "X-API-Key"
	e := start(t, gateway.Config{Servers: []gateway.Server{server("fraud", m, auth)}})
	for _, c := range []call{
		{name: "right", headers: []string{"X-Api-Key: " + appToken}, status: 200, client: "app", reason: "token"},
		{name: "other name", headers: []string{"x-api-key: " + ciToken}, status: 200, client: "ci", reason: "token"},
		{name: "spaces around", headers: []string{"X-Api-Key:   " + appToken + " \t"}, status: 200, client: "app", reason: "token"},
		{name: "Authorization is the model's own", headers: []string{"X-Api-Key: " + appToken, "Authorization: Bearer for-the-model"}, status: 200, client: "app", reason: "token"},
		{name: "missing", status: 401, reason: "missing_token"},
		{name: "empty", headers: []string{"X-Api-Key: "}, status: 401, reason: "wrong_token"},
		{name: "wrong", headers: []string{"X-Api-Key: wrong-token-0123456789"}, status: 401, reason: "wrong_token"},
		{name: "with a scheme", headers: []string{"X-Api-Key: Bearer " + appToken}, status: 401, reason: "wrong_token"},
		{name: "base64", headers: []string{"X-Api-Key: " + b64(appToken)}, status: 401, reason: "wrong_token"},
		{name: "twice", headers: []string{"X-Api-Key: " + appToken, "X-Api-Key: " + appToken}, status: 200, client: "app", reason: "token"},
		// Envoy looks at each of several; the model gets none of them.
		{name: "right and wrong", headers: []string{"X-Api-Key: " + appToken, "X-Api-Key: wrong-token-0123456789"}, status: 200, client: "app", reason: "token"},
		{name: "wrong and right", headers: []string{"X-Api-Key: wrong-token-0123456789", "X-Api-Key: " + appToken}, status: 200, client: "app", reason: "token"},
		{name: "two that join", headers: []string{"X-Api-Key: " + appToken[:8], "X-Api-Key: " + appToken[8:]}, status: 401, reason: "wrong_token"},
		{name: "in Authorization", headers: []string{"Authorization: Bearer " + appToken}, status: 401, reason: "missing_token"},
		{name: "with an underscore", headers: []string{"X_Api_Key: " + appToken}, status: 401, reason: "missing_token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.server, c.path = "fraud", "/fraud/v1/predict"
			got := e.try(t, m, c)
			if got.header.Get("Www-Authenticate") != "" {
				t.Error("a scheme is asked for that is not read")
			}
			if _, sent := got.seen.Header["X-Api-Key"]; sent {
				t.Error("the model saw the credential")
			}
			if c.name == "Authorization is the model's own" && got.seen.Header.Get("Authorization") != "Bearer for-the-model" {
				t.Errorf("the model's own Authorization is %q", got.seen.Header.Get("Authorization"))
			}
		})
	}
}

// TestForgedClient sends the header that only the gateway may set.
func TestForgedClient(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("fraud", m, headerAuth("app", appToken)),
		server("open", m, noAuth),
		server("form", m, bodyAuth("app", appToken)),
	}})
	forged := []string{"X-Serving-Client: admin", "x-serving-client: root", "X_Serving_Client: admin", "X-SERVING_CLIENT: admin", "X-Envoy-Upstream-Rq-Timeout-Ms: 1", "X-Envoy-Retry-On: 5xx", "X-Envoy-Internal: true", "X-Serving-Path: /open/", "x-serving-path: /form/"}
	for _, c := range []call{
		{name: "header", path: "/fraud/slow?for=100ms", headers: append(forged, "Authorization: Bearer "+appToken), status: 200, server: "fraud", client: "app", reason: "token"},
		{name: "none", path: "/open/slow?for=100ms", headers: forged, status: 200, server: "open", reason: "open"},
		{name: "body", path: "/form", body: `{"auth":"` + appToken + `"}`, headers: append(forged, "Content-Type: application/json"), status: 200, server: "form", client: "app", reason: "token"},
		{name: "refused", path: "/fraud", headers: forged, status: 401, server: "fraud", reason: "missing_token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for name, values := range e.try(t, m, c).seen.Header {
				lower := strings.ReplaceAll(strings.ToLower(name), "_", "-")
				if lower == "x-serving-path" || lower == "x-serving-client" && (name != "X-Serving-Client" || len(values) != 1) || strings.HasPrefix(lower, "x-envoy-") && lower != "x-envoy-external-address" {
					t.Errorf("the model saw %s: %q", name, values)
				}
			}
		})
	}
}
