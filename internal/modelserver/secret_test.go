package modelserver_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

const secretValue = "hf_0123456789abcdef"

// secretConfig has secrets of both kinds.
func secretConfig(token string) map[string]any {
	return map[string]any{
		"cluster_id": "aws/us-west-2/prod", "name": "fraud", "image": "fraud:v7", "port": 8000,
		"secret_env_wo": map[string]any{"HF_TOKEN": secretValue},
		"auth":          map[string]any{"mode": "header", "tokens": map[string]any{"app": map[string]any{"value_wo": token}}},
	}
}

// Tokens and secret variables are in nothing that leaves the provider: plan,
// state, private state, messages and log.
func TestSecretStaysInside(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		token string
		good  bool
		fail  string
	}{
		"good token":      {token: appToken, good: true},
		"token with line": {token: appToken + "\n"},
		"short token":     {token: appToken[:15]},
		"failed create":   {token: appToken, good: true, fail: "CreateModelServer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			ctx := tflogtest.RootLogger(t.Context(), &out)
			backend, p := world()
			backend.Fail[tc.fail] = func(context.Context) error { return errors.New("no such image") }
			s := tftest.Serve(t, p)
			config := tftest.Value(t, s.Type(kind), secretConfig(tc.token))
			out.WriteString(tftest.Render(s.Validate(ctx, t, kind, config)))
			plan := s.Plan(ctx, t, kind, config)
			out.WriteString(tftest.Render(plan.Diagnostics))
			out.Write(plan.PlannedState.MsgPack)
			out.Write(plan.PlannedPrivate)
			if tc.good {
				if errs := tftest.Errors(plan.Diagnostics); len(errs) > 0 {
					t.Fatal(tftest.Render(errs))
				}
				created := s.Create(ctx, t, kind, config, plan)
				out.WriteString(tftest.Render(created.Diagnostics))
				out.Write(created.NewState.MsgPack)
				out.Write(created.Private)
				if tc.fail == "" && !bytes.Contains(created.Private, []byte("secrets")) {
					t.Error("private state has no fingerprints, so other secrets would not be noticed")
				}
			} else if len(tftest.Errors(plan.Diagnostics)) == 0 {
				t.Error("the plan took the token")
			}
			for _, secret := range []string{tc.token, secretValue} {
				if strings.Contains(out.String(), strings.TrimSpace(secret)) {
					t.Errorf("a secret came out: %s", out.String())
				}
			}
		})
	}
}

func TestBasicToken(t *testing.T) {
	t.Parallel()
	_, p := world()
	s := tftest.Serve(t, p)
	call := func(token string) *tfprotov6.CallFunctionResponse {
		resp, err := s.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{
			Name: "basic_token", Arguments: []*tfprotov6.DynamicValue{tftest.Dynamic(t, tftest.Text(token))},
		})
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	resp := call(appToken)
	if resp.Error != nil {
		t.Fatal(resp.Error.Text)
	}
	value, err := resp.Result.Unmarshal(tftest.Text("").Type())
	if err != nil {
		t.Fatal(err)
	}
	if want := tftest.Text("Basic YXBwLTAxMjM0NTY3ODlhYmNkZWY="); !value.Equal(want) {
		t.Errorf("got %s, want %s", value, want)
	}
	for token, want := range map[string]string{
		"":                        "Token is too short",
		"0123456789abcde":         "Token is too short",
		appToken + "\n":           "Token is not printable",
		"geheimnisträgerin":       "Token is not printable",
		"0123456789 abcdef":       "Token is not printable",
		strings.Repeat("x", 1025): "Token is too long",
	} {
		resp := call(token)
		if resp.Error == nil || !strings.Contains(resp.Error.Text, want) || token != "" && strings.Contains(resp.Error.Text, token) {
			t.Errorf("%q: got %+v, want %s and not the token", token, resp.Error, want)
		}
	}
}
