package gcp

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestCertificateForms takes what other clients send: names as the proto has them, every location at once, pages.
func TestCertificateForms(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	list := url + "/v1/projects/sandbox-project/locations/"
	body := func(p pair) string {
		chain, key := must(json.Marshal(p.chain))(t), must(json.Marshal(p.key))(t)
		return `{"self_managed":{"pem_certificate":` + string(chain) + `,"pem_private_key":` + string(key) + `}}`
	}
	for _, id := range []string{"us-central1/certificates?certificate_id=a", "us-central1/certificates?certificate_id=b", "global/certificates?certificateId=c"} {
		if status, text := rawAs(t, "sandbox", "POST", list+id, body(goodPair(t, "models.example.com"))); status != 200 {
			t.Fatalf("%s: %d %s", id, status, text)
		}
	}
	after := goodPair(t, "other.example.com")
	for _, name := range []string{"updateMask", "update_mask"} {
		if status, text := rawAs(t, "sandbox", "PATCH", list+"us-central1/certificates/a?"+name+"=self_managed", body(after)); status != 200 {
			t.Fatalf("%s: %d %s", name, status, text)
		}
		if got := fetch(t, list+"us-central1/certificates/a")["pemCertificate"]; got != after.chain {
			t.Errorf("%s: the certificate has not changed", name)
		}
	}
	var names []string
	for token, page := "", 0; page == 0 || token != ""; page++ {
		got := fetch(t, list+"-/certificates?pageSize=2&pageToken="+token)
		for _, item := range got["certificates"].([]any) {
			names = append(names, item.(map[string]any)["name"].(string))
		}
		token, _ = got["nextPageToken"].(string)
	}
	if len(names) != 3 || !strings.HasSuffix(names[0], "global/certificates/c") || !strings.HasSuffix(names[2], "us-central1/certificates/b") {
		t.Errorf("everywhere: %v", names)
	}
	for query, want := range map[string]string{
		"us-central1/certificates?pageToken=garbage": "page token", "mars1/certificates": "not supported", "mars1/dnsAuthorizations": "not supported",
		"us-central1/certificates?filter=name%3Da": "'filter'", "us-central1/certificates?orderBy=name": "'order_by'",
	} {
		if status, text := rawAs(t, "sandbox", "GET", list+query, ""); status != 400 || !strings.Contains(string(text), want) {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
	if n := cloud.Census().Total; n != 3 {
		t.Errorf("%d certificates", n)
	}
}
