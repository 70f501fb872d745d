package kube

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// serversOfEveryKind have each mode, workload and service.
func serversOfEveryKind() map[string]serving.ModelServer {
	return map[string]serving.ModelServer{
		"header":       server("fraud"),
		"named header": with(server("fraud"), func(s *serving.ModelServer) { s.Auth.Header = "X-API-Key" }),
		"body": with(server("fraud"), func(s *serving.ModelServer) {
			s.Auth.Mode, s.Auth.BodyKey = serving.AuthBody, "key"
		}),
		"jwt": with(server("fraud"), func(s *serving.ModelServer) {
			s.Auth = serving.Auth{Mode: serving.AuthJWT, JWT: &serving.JWT{Issuer: "https://issuer.example.com", Audiences: []string{"a", "b"}, JWKSURL: "https://issuer.example.com/keys"}}
		}),
		"none": with(server("fraud"), func(s *serving.ModelServer) {
			s.Auth, s.AllowUnauthenticated = serving.Auth{Mode: serving.AuthNone}, true
		}),
		"full": fullServer("fraud"),
		"service": with(server("fraud"), func(s *serving.ModelServer) {
			s.Workload, s.Service = nil, &serving.ServiceReference{Namespace: "default", Name: "triton", Port: 8001}
		}),
	}
}

func TestSettingsKeepTheSpec(t *testing.T) {
	t.Parallel()
	for name, spec := range serversOfEveryKind() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			must(t, firstError(spec.Problems()))
			read, err := parseSettings(settingsOf(spec).text())
			must(t, err)
			want := spec
			want.Path = spec.PathOrDefault()
			if want.Workload != nil { // The values of variables are in a Secret of their own.
				want = with(want, func(s *serving.ModelServer) {
					for name := range s.Workload.SecretEnv {
						s.Workload.SecretEnv[name] = serving.Token{}
					}
				})
			}
			if got := read.spec(testClusterID, "fraud"); !reflect.DeepEqual(got, want) {
				t.Errorf("read back:\n%#v\nwritten:\n%#v", got, want)
			}
		})
	}
}

// TestSettingsDiffer: each setting is told by the attribute that models it.
func TestSettingsDiffer(t *testing.T) {
	t.Parallel()
	kind := settingsSecrets{objects{stack: serverStackName("fraud"), place: settingsPlace("fraud")}, "fraud"}
	living := func(spec serving.ModelServer) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: kind.written(objectSettings, settingsOf(spec)).content}
	}
	for attribute, change := range map[string]func(*serving.ModelServer){
		"path":                  func(s *serving.ModelServer) { s.Path = "/other" },
		"protocol":              func(s *serving.ModelServer) { s.Protocol = serving.ProtocolHTTP2 },
		"timeout_seconds":       func(s *serving.ModelServer) { s.TimeoutSeconds = 5 },
		"max_body_bytes":        func(s *serving.ModelServer) { s.MaxBodyBytes = 5 },
		"allow_unauthenticated": func(s *serving.ModelServer) { s.AllowUnauthenticated = true },
		"auth.mode":             func(s *serving.ModelServer) { s.Auth.Mode = serving.AuthBody },
		"auth.header":           func(s *serving.ModelServer) { s.Auth.Header = "X-Key" },
		"auth.body_key":         func(s *serving.ModelServer) { s.Auth.BodyKey = "key" },
		"auth.tokens.green":     func(s *serving.ModelServer) { s.Auth.Tokens["green"] = serving.Token{Value: tokenB} },
		"auth.tokens.blue": func(s *serving.ModelServer) {
			delete(s.Auth.Tokens, "blue")
			s.Auth.Tokens["green"] = serving.Token{Value: tokenB}
		},
		"auth.jwt": func(s *serving.ModelServer) { s.Auth.JWT = &serving.JWT{Issuer: "x"} },
		"service":  func(s *serving.ModelServer) { s.Service = &serving.ServiceReference{Name: "x"} },
		"":         func(s *serving.ModelServer) { s.Workload.Image = "other" },
	} {
		found := false
		for _, d := range kind.Diff(objectSettings, settingsOf(server("fraud")), living(with(server("fraud"), change))) {
			found = found || d.Attribute == attribute
			if strings.Contains(d.String(), tokenA) || strings.Contains(d.String(), tokenB) {
				t.Errorf("a difference shows a token: %s", d)
			}
		}
		if !found {
			t.Errorf("%q is not told", attribute)
		}
	}
	if diffs := kind.Diff(objectSettings, settingsOf(server("fraud")), living(server("fraud"))); len(diffs) > 0 {
		t.Errorf("equal settings differ: %v", diffs)
	}
	rotated := with(server("fraud"), func(s *serving.ModelServer) { s.Auth.Tokens["blue"] = serving.Token{Value: tokenB} })
	if diffs := kind.Diff(objectSettings, settingsOf(rotated), living(server("fraud"))); len(diffs) != 1 || diffs[0].Field != "the token blue has another value" {
		t.Errorf("a rotated token: %v", diffs)
	}
	unknown := with(server("fraud"), func(s *serving.ModelServer) { s.Auth.Tokens["blue"] = serving.Token{} })
	if diffs := kind.Diff(objectSettings, settingsOf(unknown), living(server("fraud"))); len(diffs) > 0 {
		t.Errorf("a token that is not known differs: %v", diffs)
	}
}

// TestNoSecretInAnyText prints everything that has a secret in every way.
func TestNoSecretInAnyText(t *testing.T) {
	t.Parallel()
	spec := fullServer("fraud")
	secretsOf := []string{tokenA, tokenB, secretValue}
	kept := settingsOf(spec)
	kind := settingsSecrets{objects{stack: serverStackName("fraud"), place: settingsPlace("fraud")}, "fraud"}
	variables := environmentSecrets{kind.objects, "fraud"}
	other := with(spec, func(s *serving.ModelServer) {
		s.Auth.Tokens["blue"] = serving.Token{Value: tokenB}
		s.Workload.SecretEnv["API_KEY"] = serving.Token{Value: secretValue + "3"}
	})
	living := &unstructured.Unstructured{Object: kind.written(objectSettings, kept).content}
	livingVariables := &unstructured.Unstructured{Object: variables.written(objectEnvironment, spec.Workload.SecretEnv).content}
	all := map[string]any{
		"settings": kept, "settings by pointer": &kept, "environment": environment(spec.Workload.SecretEnv),
		"manifest": kind.written(objectSettings, kept), "manifest of variables": variables.written(objectEnvironment, spec.Workload.SecretEnv),
		"differences":              kind.Diff(objectSettings, settingsOf(other), living),
		"differences of variables": variables.Diff(objectEnvironment, other.Workload.SecretEnv, livingVariables),
		"kept spec":                withoutSecrets(spec), "deployment": serverDeployment(spec, "0123"),
		"token": serving.KubernetesToken{Token: serving.Token{Value: tokenA}},
	}
	for name, value := range all {
		text, err := json.Marshal(value)
		if err != nil {
			t.Errorf("%s has no JSON: %v", name, err)
		}
		texts := map[string]string{"%v": fmt.Sprintf("%v", value), "%+v": fmt.Sprintf("%+v", value), "%#v": fmt.Sprintf("%#v", value), "%s": fmt.Sprintf("%s", value), "JSON": string(text)}
		if name == "token" {
			delete(texts, "JSON") // Nobody writes it as JSON.
		}
		for form, text := range texts {
			for _, secret := range secretsOf {
				if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
					t.Errorf("%s as %s shows a secret", name, form)
				}
			}
		}
	}
	if _, err := parseSettings([]byte(`{"tokens": {"blue": "` + tokenA + `"}, "path": 1}`)); err == nil || strings.Contains(err.Error(), tokenA) {
		t.Errorf("broken settings: %v", err)
	}
}
