package gcp

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"
)

// TestComputeFilters lists with the filters that clients of this kind write.
func TestComputeFilters(t *testing.T) {
	t.Parallel()
	_, at := serve(t)
	for i, labels := range []string{`"team":"ml","env":"prod"`, `"team":"ml","env":"test"`, `"team":"web"`} {
		post(t, regionURL(at)+"/addresses", fmt.Sprintf(`{"name":"serving-%d","labels":{%s}}`, i, labels))
	}
	for filter, want := range map[string][]string{
		``:                  {"serving-0", "serving-1", "serving-2"},
		`name = serving-1`:  {"serving-1"},
		`name="serving-1"`:  {"serving-1"},
		`name != serving-1`: {"serving-0", "serving-2"},
		`name:serving-*`:    {"serving-0", "serving-1", "serving-2"},
		`name:other-*`:      {},
		`labels.team = ml`:  {"serving-0", "serving-1"},
		`labels.env:*`:      {"serving-0", "serving-1"},
		`(labels.team = ml) AND (labels.env = prod)`:    {"serving-0"},
		`(labels.team = ml) (labels.env = test)`:        {"serving-1"},
		`labels.team=ml AND name=serving-1`:             {"serving-1"},
		`name eq 'serving-[01]'`:                        {"serving-0", "serving-1"},
		`name ne "serving-[01]"`:                        {"serving-2"},
		`description="a)b"`:                             {},
		`(description != "a) AND (b") (name=serving-1)`: {"serving-1"},
		`description != "a AND b" AND name=serving-1`:   {"serving-1"},
		`description != "a OR b < c"`:                   {"serving-0", "serving-1", "serving-2"},
	} {
		t.Run(filter, func(t *testing.T) {
			if got := names(fetch(t, regionURL(at)+"/addresses?filter="+url.QueryEscape(filter))); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	for _, filter := range []string{`name`, `name > a`, `(name=a`, `name=a OR name=b`, `(name=a) OR (name=b)`, `name="a`, `(name=a) AND`, `NOT name=a`} {
		t.Run(filter, func(t *testing.T) {
			wantFailure(t, "GET", regionURL(at)+"/addresses?filter="+url.QueryEscape(filter), "", 400, "invalid", "filter")
		})
	}
}

// TestComputePages reads lists page by page, one region's and everywhere's.
func TestComputePages(t *testing.T) {
	t.Parallel()
	_, at := serve(t)
	for i := range 5 {
		region := []string{"us-central1", "us-east1"}[i%2]
		post(t, projectURL(at)+"/regions/"+region+"/addresses", fmt.Sprintf(`{"name":"a%d"}`, i))
	}
	var got []string
	for token, page := "", 0; page == 0 || token != ""; page++ {
		list := fetch(t, regionURL(at)+"/addresses?maxResults=2&pageToken="+url.QueryEscape(token))
		got = append(got, names(list)...)
		token, _ = list["nextPageToken"].(string)
	}
	if !slices.Equal(got, []string{"a0", "a2", "a4"}) {
		t.Errorf("pages = %v", got)
	}
	all, ok := fetch(t, projectURL(at)+"/aggregated/addresses")["items"].(map[string]any)
	if !ok || len(all) != len(regionZones) {
		t.Fatalf("scopes = %v", all)
	}
	for scope, want := range map[string]int{"regions/us-central1": 3, "regions/us-east1": 2, "regions/us-west1": 0} {
		scoped, ok := all[scope].(map[string]any)
		list, _ := scoped["addresses"].([]any)
		if _, warned := scoped["warning"]; !ok || len(list) != want || warned != (want == 0) {
			t.Errorf("%s = %v", scope, scoped)
		}
	}
	if got := names(fetch(t, regionURL(at)+"/addresses?orderBy=creationTimestamp+desc")); len(got) != 3 {
		t.Errorf("sorted = %v", got)
	}
}

// TestComputePlaces reads the tables of places and types, and takes types away by settings.
func TestComputePlaces(t *testing.T) {
	t.Parallel()
	_, at := serve(t, func(c *Config) {
		c.Missing = map[string]bool{"us-central1/n2-standard-4": true, "us-central1-a/nvidia-l4": true}
	})
	if zones := fetch(t, regionURL(at))["zones"].([]any); len(zones) != 4 {
		t.Errorf("zones = %v", zones)
	}
	zone := projectURL(at) + "/zones/us-central1-b"
	if m := fetch(t, zone+"/machineTypes/n1-standard-8"); m["guestCpus"] != 8.0 || m["memoryMb"] != 30720.0 {
		t.Errorf("machine type = %v", m)
	}
	fetch(t, zone+"/machineTypes/g2-standard-12")
	fetch(t, zone+"/acceleratorTypes/nvidia-l4")
	for _, path := range []string{"/machineTypes/n2-standard-4", "/machineTypes/n2-standard-5", "/machineTypes/x", "/acceleratorTypes/nvidia-x"} {
		wantFailure(t, "GET", zone+path, "", 404, "notFound", "was not found")
	}
	// A machine with accelerators is nowhere without them.
	wantFailure(t, "GET", projectURL(at)+"/zones/us-central1-a/machineTypes/g2-standard-12", "", 404, "notFound", "was not found")
	if some := names(fetch(t, zone+"/machineTypes?filter=name%3Ag2-*")); len(some) != 8 {
		t.Errorf("machine types = %v", some)
	}
}

func names(list map[string]any) []string {
	out := []string{}
	items, _ := list["items"].([]any)
	for _, item := range items {
		out = append(out, item.(map[string]any)["name"].(string))
	}
	return out
}

// TestComputeSelection cuts answers by the parameter that all of Google's APIs have for it.
func TestComputeSelection(t *testing.T) {
	t.Parallel()
	_, at := serve(t)
	post(t, regionURL(at)+"/addresses", `{"name":"a","labels":{"team":"ml"}}`)
	for path, want := range map[string]string{
		"/regions/us-central1/addresses?fields=items/name":                                 "map[items:[map[name:a]]]",
		"/regions/us-central1/addresses?fields=kind,items(name,labels/team)":               "map[items:[map[labels:map[team:ml] name:a]] kind:compute#addressList]",
		"/regions/us-central1/addresses?fields=items/name,items/address_type":              "map[items:[map[addressType:EXTERNAL name:a]]]",
		"/regions/us-central1/addresses/a?fields=name&key=x&quotaUser=y":                   "map[name:a]",
		"/regions/us-central1/addresses/a?fields=labels/none&userIp=192.0.2.1":             "map[labels:map[]]",
		"/aggregated/addresses?fields=items/*/addresses/name&maxResults=1&filter=name%3Da": "",
	} {
		got := fetch(t, projectURL(at)+path)
		if want == "" {
			items, ok := got["items"].(map[string]any)
			if one := fmt.Sprint(items["regions/us-central1"]); !ok || len(got) != 1 || one != "map[addresses:[map[name:a]]]" {
				t.Errorf("%s = %v", path, got)
			}
		} else if fmt.Sprint(got) != want {
			t.Errorf("%s = %v, want %s", path, got, want)
		}
	}
	if status, _ := rawAs(t, "sandbox", "POST", projectURL(at)+"/global/networks?fields=colour", `{"name":"n","autoCreateSubnetworks":false}`); status != 400 {
		t.Errorf("a wrong selection: %d", status)
	}
	wantFailure(t, "GET", projectURL(at)+"/global/networks/n", "", 404, "notFound", "was not found")
}

// TestComputeAggregated lists everywhere what gcloud lists by no other way.
func TestComputeAggregated(t *testing.T) {
	t.Parallel()
	cloud, at := serve(t)
	prepareNetwork(t, at)
	plant(cloud)
	const region = "regions/us-central1/"
	for _, object := range [][3]string{
		{"healthChecks", "healthChecks", `{"name":"one","type":"HTTP","httpHealthCheck":{}}`},
		{"backendServices", "backendServices", `{"name":"one","loadBalancingScheme":"EXTERNAL_MANAGED","healthChecks":["` + region + `healthChecks/one"]}`},
		{"urlMaps", "urlMaps", `{"name":"one","defaultService":"` + region + `backendServices/one"}`},
		{"sslPolicies", "sslPolicies", `{"name":"one"}`},
		{"securityPolicies", "securityPolicies", `{"name":"one"}`},
		{"targetHttpProxies", "targetHttpProxies", `{"name":"one","urlMap":"` + region + `urlMaps/one"}`},
		{"targetHttpsProxies", "targetHttpsProxies", `{"name":"one","urlMap":"` + region + `urlMaps/one","sslCertificates":["//certificatemanager.googleapis.com/projects/sandbox-project/locations/us-central1/certificates/models"]}`},
	} {
		post(t, regionURL(at)+"/"+object[0], object[2])
		scopes, ok := fetch(t, projectURL(at)+"/aggregated/"+object[0])["items"].(map[string]any)
		if !ok {
			t.Fatalf("%s has no scopes", object[0])
		}
		here, _ := scopes["regions/us-central1"].(map[string]any)
		list, _ := here[object[1]].([]any)
		other, _ := scopes["regions/us-east1"].(map[string]any)
		if len(list) != 1 || list[0].(map[string]any)["name"] != "one" || other["warning"] == nil {
			t.Errorf("%s = %v", object[0], scopes)
		}
	}
}

// TestComputeListsOfOthers asks for what other clients list.
func TestComputeListsOfOthers(t *testing.T) {
	t.Parallel()
	_, at := serve(t)
	prepareNetwork(t, at)
	for _, plural := range []string{"addresses", "forwardingRules"} {
		if got := fetch(t, projectURL(at)+"/global/"+plural); got["items"] != nil || got["id"] != "projects/sandbox-project/global/"+plural {
			t.Errorf("global %s = %v", plural, got)
		}
		wantFailure(t, "GET", projectURL(at)+"/global/"+plural+"?filter=name", "", 400, "invalid", "filter")
	}
	usable := fetch(t, projectURL(at)+"/aggregated/subnetworks/listUsable?filter=purpose%3DPRIVATE")["items"].([]any)
	if len(usable) != 1 {
		t.Fatalf("usable = %v", usable)
	}
	one := usable[0].(map[string]any)
	if one["subnetwork"] != regionLink("subnetworks/nodes") || one["ipCidrRange"] != "10.0.0.0/22" || len(one["secondaryIpRanges"].([]any)) != 2 {
		t.Errorf("usable = %v", one)
	}
}

// TestComputeOperationsGo deletes operations that are over, and no others.
func TestComputeOperationsGo(t *testing.T) {
	t.Parallel()
	_, at := serve(t, func(c *Config) { c.Delays = map[string]time.Duration{"compute.addresses.insert": time.Hour} })
	done := change(t, "POST", projectURL(at)+"/global/networks", `{"name":"n","autoCreateSubnetworks":false}`).GetName()
	pending := change(t, "POST", regionURL(at)+"/addresses", `{"name":"a"}`).GetName()
	if status, text := rawAs(t, "sandbox", "DELETE", projectURL(at)+"/global/operations/"+done, ""); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	wantFailure(t, "GET", projectURL(at)+"/global/operations/"+done, "", 404, "notFound", "was not found")
	wantFailure(t, "DELETE", regionURL(at)+"/operations/"+done, "", 404, "notFound", "was not found")
	wantFailure(t, "DELETE", regionURL(at)+"/operations/"+pending, "", 400, "resourceNotReady", "is not ready")
	fetch(t, regionURL(at)+"/operations/"+pending)
}
