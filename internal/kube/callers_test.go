package kube

import (
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestCallers: callers learn how to authenticate, and no secret.
func TestCallers(t *testing.T) {
	w, c := withGateway(t)
	api, err := c.API(w.access())
	must(t, err)
	none, err := api.Callers(t.Context())
	must(t, err)
	if len(none) != 0 {
		t.Errorf("servers of a new gateway: %+v", none)
	}
	spec := server("fraud")
	_, err = c.CreateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	got, err := api.Callers(t.Context())
	must(t, err)
	if len(got) != 1 || got["fraud"].Auth.Mode != spec.Auth.Mode || len(got["fraud"].Auth.Tokens) != len(spec.Auth.Tokens) {
		t.Errorf("%+v", got)
	}
	for name, token := range got["fraud"].Auth.Tokens {
		if token != (serving.Token{}) {
			t.Errorf("the token %s is told", name)
		}
	}
}
