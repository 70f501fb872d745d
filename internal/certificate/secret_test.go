package certificate_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

// The private key is in nothing that leaves the provider: plan, state, private
// state, messages and log.
func TestSecretStaysInside(t *testing.T) {
	t.Parallel()
	certificate, key := tftest.SelfSigned(t, domain)
	_, stranger := tftest.SelfSigned(t, domain)
	for name, key := range map[string]string{"right key": key, "wrong key": stranger, "damaged key": key[:len(key)/2]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			ctx := tflogtest.RootLogger(t.Context(), &out)
			_, p := world()
			s := tftest.Serve(t, p)
			config := tftest.Value(t, s.Type("serving_certificate"), map[string]any{
				"name": "models", "imported": map[string]any{"certificate_pem": certificate, "private_key_wo": key},
			})
			out.WriteString(tftest.Render(s.Validate(ctx, t, "serving_certificate", config)))
			plan := s.Plan(ctx, t, "serving_certificate", config)
			out.WriteString(tftest.Render(plan.Diagnostics))
			out.Write(plan.PlannedState.MsgPack)
			out.Write(plan.PlannedPrivate)
			if name == "right key" {
				if errs := tftest.Errors(plan.Diagnostics); len(errs) > 0 {
					t.Fatal(tftest.Render(errs))
				}
				made := s.Create(ctx, t, "serving_certificate", config, plan)
				out.WriteString(tftest.Render(made.Diagnostics))
				out.Write(made.NewState.MsgPack)
				out.Write(made.Private)
				if !bytes.Contains(made.Private, []byte("private_key_wo")) {
					t.Error("private state has no fingerprint, so another key would not be noticed")
				}
			} else if len(tftest.Errors(plan.Diagnostics)) == 0 {
				t.Error("the plan took the key")
			}
			// The second line is the first of the key itself.
			if secret := strings.Split(key, "\n")[1]; strings.Contains(out.String(), secret) {
				t.Errorf("the key came out: %s", out.String())
			}
		})
	}
}
