package gcp

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp/model"
)

// TestModelHasEveryMethod holds the handlers of Compute Engine against the discovery document, both ways.
func TestModelHasEveryMethod(t *testing.T) {
	t.Parallel()
	api, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	handled := map[string]bool{}
	for _, m := range methods {
		if m.id == "" {
			continue
		}
		handled[m.id] = true
		if api.Methods[m.id] == nil {
			t.Errorf("%s has a handler and is not in model/methods.txt", m.id)
		}
	}
	for id, m := range api.Methods {
		if !handled[id] {
			t.Errorf("%s is in model/methods.txt and has no handler", id)
		}
		if m.Request != "" && api.Schemas[m.Request] == nil {
			t.Errorf("%s: no schema %s", id, m.Request)
		}
	}
	// Every pattern has to be one that Go can read.
	var read func(v *model.Value)
	read = func(v *model.Value) {
		if v == nil {
			return
		}
		pattern(v.Pattern)
		read(v.Items)
		read(v.AdditionalProperties)
		for _, p := range v.Properties {
			read(p)
		}
	}
	for _, v := range api.Schemas {
		read(v)
	}
}

// TestMuxFinds reads paths as the annotations say.
func TestMuxFinds(t *testing.T) {
	t.Parallel()
	m, err := newMux()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ verb, path, method, values string }{
		"global":          {http.MethodGet, "/compute/v1/projects/p/global/networks/n", "google.cloud.compute.v1.Networks.Get", "p n"},
		"verb in path":    {http.MethodPost, "/compute/v1/projects/p/global/networks/n/addPeering", "google.cloud.compute.v1.Networks.AddPeering", "p n"},
		"whole name":      {http.MethodGet, "/v1/projects/p/locations/l/clusters/c", "google.container.v1.ClusterManager.GetCluster", "projects/p/locations/l/clusters/c"},
		"older binding":   {http.MethodGet, "/v1/projects/p/zones/z/clusters/c", "google.container.v1.ClusterManager.GetCluster", "p z c"},
		"nested field":    {http.MethodPatch, "/v1/projects/p/locations/l/certificates/c", "google.cloud.certificatemanager.v1.CertificateManager.UpdateCertificate", "projects/p/locations/l/certificates/c"},
		"not implemented": {http.MethodPost, "/compute/v1/projects/p/global/networks/n/switchToCustomMode", "google.cloud.compute.v1.Networks.SwitchToCustomMode", "p n"},
		"nothing":         {http.MethodGet, "/compute/v1/projects/p/global/moons", "", ""},
		"another verb":    {http.MethodPut, "/compute/v1/projects/p/global/networks/n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := m.find(test.verb, &url.URL{Path: test.path})
			if test.method == "" {
				if len(found) != 0 {
					t.Errorf("found %s", found[0].method.name)
				}
				return
			}
			if len(found) == 0 || string(found[0].method.name) != test.method || strings.Join(found[0].values, " ") != test.values {
				t.Errorf("found %+v", found)
			}
		})
	}
	for path, want := range map[string]string{
		"/compute/v1/projects/p/global/networks/n": "p global", "/compute/v1/projects/p/regions/r/x": "p r", "/compute/v1/projects/p/zones/z/x": "p z",
		"/compute/v1/projects/p/aggregated/x": "p ", "/v1/projects/p/locations/l/clusters": "p l", "/v1/projects/p/locations/-/clusters": "p ",
		"/v1/projects/-/serviceAccounts/a:generateAccessToken": "- ",
	} {
		if project, location := located(path); project+" "+location != want {
			t.Errorf("located(%s) = %s %s, want %s", path, project, location, want)
		}
	}
}
