package gateway_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

var noAuth = serving.Auth{Mode: serving.AuthNone}

const asJSON = "Content-Type: application/json"

// digits is a token that a JSON number could be taken for.
const digits = "1234567890123456"

// TestBody runs mode body.
func TestBody(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{server("fraud", m, bodyAuth("app", appToken, "ci", ciToken, "number", digits))}})
	right := func(name, body, client string) call {
		return call{name: name, body: body, headers: []string{asJSON}, status: 200, client: client, reason: "token"}
	}
	wrong := func(name, body, reason string) call {
		return call{name: name, body: body, headers: []string{asJSON}, status: 401, reason: reason}
	}
	typed := func(c call, contentType string) call {
		c.name, c.headers = contentType, []string{"Content-Type: " + contentType}
		return c
	}
	good := `{"auth": "` + appToken + `", "text": "hello"}`
	cases := []call{
		right("token", good, "app"),
		right("other name", `{"x":[1,{"auth":"no"}],"auth":"`+ciToken+`"}`, "ci"),
		right("white space around", " \r\n\t"+good+"\n\n", "app"),
		right("escaped letters", `{"\u0061uth":"\u0061`+appToken[1:]+`"}`, "app"),
		right("token of digits", `{"auth":"`+digits+`"}`, "number"),
		right("text of another alphabet", `{"auth":"`+appToken+`","text":"日本 \ud83d\ude00"}`, "app"),
		typed(right("", good, "app"), "application/json; charset=utf-8"),
		typed(right("", good, "app"), "Application/JSON;charset=UTF-8"),
		typed(right("", good, "app"), "application/vnd.kserve.v2+json"),
		// The last of several keys counts, as it does for Python, Go and JavaScript.
		right("key twice, the last is right", `{"auth":"no","auth":"`+appToken+`"}`, "app"),
		wrong("key twice, the last is wrong", `{"auth":"`+appToken+`","auth":"no"}`, "wrong_token"),
		wrong("key twice, the last is a number", `{"auth":"`+appToken+`","auth":1}`, "wrong_token"),

		wrong("wrong token", `{"auth":"wrong-token-0123456789"}`, "wrong_token"),
		wrong("token and more", `{"auth":"`+appToken+`x"}`, "wrong_token"),
		wrong("token with a line end", `{"auth":"`+appToken+`\n"}`, "wrong_token"),
		wrong("token with a zero byte", `{"auth":"`+appToken+`\u0000"}`, "wrong_token"),
		wrong("base64", `{"auth":"`+b64(appToken)+`"}`, "wrong_token"),
		wrong("empty token", `{"auth":""}`, "wrong_token"),
		wrong("token of 1 MiB", `{"auth":"`+strings.Repeat("x", 1<<20)+`"}`, "missing_token"),
		wrong("number", `{"auth":`+digits+`}`, "wrong_token"),
		wrong("number as float", `{"auth":`+digits+`.0}`, "wrong_token"),
		wrong("true", `{"auth":true}`, "wrong_token"),
		wrong("null", `{"auth":null}`, "missing_token"),
		wrong("list", `{"auth":["`+appToken+`"]}`, "missing_token"),
		wrong("object", `{"auth":{"auth":"`+appToken+`"}}`, "missing_token"),
		wrong("no key", `{"text":"hello"}`, "missing_token"),
		wrong("key in other case", `{"Auth":"`+appToken+`"}`, "missing_token"),
		wrong("key below", `{"x":{"auth":"`+appToken+`"}}`, "missing_token"),
		wrong("list of objects", `[{"auth":"`+appToken+`"}]`, "missing_token"),
		wrong("text alone", `"`+appToken+`"`, "missing_token"),
		wrong("empty body", ``, "missing_token"),
		wrong("empty object", `{}`, "missing_token"),
		wrong("cut", good[:len(good)-1], "not_json"),
		wrong("two documents", good+good, "not_json"),
		wrong("more behind", good+"x", "not_json"),
		wrong("comment", `/**/`+good, "not_json"),
		wrong("comma at the end", `{"auth":"`+appToken+`",}`, "not_json"),
		wrong("single quotes", `{'auth':'`+appToken+`'}`, "not_json"),
		right("zero byte behind, which ends the document", good+"\x00", "app"),
		right("byte order mark, which is skipped", "\ufeff"+good, "app"),
		wrong("no number", `{"auth":"`+appToken+`","x":NaN}`, "not_json"),
		wrong("number beyond all", `{"auth":"`+appToken+`","x":1e999}`, "not_json"),
		wrong("half a character", `{"auth":"`+appToken+`","x":"\ud83d"}`, "not_json"),
		right("key twice, once below", `{"auth":{"auth":"no"},"auth":"`+appToken+`"}`, "app"),
		wrong("invalid UTF-8", `{"auth":"`+appToken+`","x":"`+"\xff\xfe"+`"}`, "not_json"),
		wrong("UTF-16", "\xff\xfe{\x00}\x00", "not_json"),
		wrong("deep nesting", `{"auth":"`+appToken+`","x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`}`, "not_json"),
		wrong("deep nesting of objects, cut", strings.Repeat(`{"a":`, 200_000), "not_json"),
		typed(wrong("", good, "not_json"), "text/plain"),
		typed(wrong("", good, "not_json"), "application/x-www-form-urlencoded"),
		typed(wrong("", good, "not_json"), "multipart/form-data; boundary=x"),
		typed(wrong("", good, "not_json"), "application/jsonp"),
		typed(wrong("", good, "not_json"), "text/plain; application/json"),
		{name: "no content type", body: good, status: 401, reason: "not_json"},
		{name: "two content types", body: good, headers: []string{asJSON, "Content-Type: text/plain"}, status: 401, reason: "not_json"},
		{name: "compressed", body: "\x1f\x8b\x08\x00", headers: []string{asJSON, "Content-Encoding: gzip"}, status: 401, reason: "not_json"},
		{name: "GET without body", method: "GET", headers: []string{asJSON}, status: 401, reason: "missing_token"},
		{name: "token in a header", body: `{}`, headers: []string{asJSON, "Authorization: Bearer " + appToken}, status: 401, reason: "missing_token"},
		{name: "token in the query", path: "?auth=x", body: `{}`, headers: []string{asJSON}, status: 401, reason: "missing_token"},
		{name: "in chunks", reader: io.MultiReader(strings.NewReader(good[:7]), strings.NewReader(good[7:])), headers: []string{asJSON}, status: 200, client: "app", reason: "token"},
		{name: "wrong, in chunks", reader: io.MultiReader(strings.NewReader(`{"au`), strings.NewReader(`th":"x"}`)), headers: []string{asJSON}, status: 401, reason: "wrong_token"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.server, c.path = "fraud", "/fraud"+c.path
			got := e.try(t, m, c)
			if c.status == 200 && c.body != "" && got.seen.Sum != fmt.Sprintf("%x", sha256.Sum256([]byte(c.body))) {
				t.Errorf("the model got another body, of %d bytes", got.seen.Size)
			}
			if got.header.Get("Www-Authenticate") != "" {
				t.Error("a header is asked for that is not read")
			}
		})
	}
}

// TestBodyKey takes the token from another key.
func TestBodyKey(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	auth := bodyAuth("app", appToken)
	auth.BodyKey = "api.key %1"
	e := start(t, gateway.Config{Servers: []gateway.Server{server("fraud", m, auth)}})
	for _, c := range []call{
		{name: "right", body: `{"api.key %1":"` + appToken + `"}`, status: 200, client: "app", reason: "token"},
		{name: "default key", body: `{"auth":"` + appToken + `"}`, status: 401, reason: "missing_token"},
		{name: "path of keys", body: `{"api":{"key %1":"` + appToken + `"}}`, status: 401, reason: "missing_token"},
	} {
		c.server, c.path, c.headers = "fraud", "/fraud", []string{asJSON}
		e.try(t, m, c)
	}
}
