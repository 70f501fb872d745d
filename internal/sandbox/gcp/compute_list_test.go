package gcp

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
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
		`(labels.team = ml) AND (labels.env = prod)`: {"serving-0"},
		`(labels.team = ml) (labels.env = test)`:     {"serving-1"},
		`labels.team=ml AND name=serving-1`:          {"serving-1"},
		`name eq 'serving-[01]'`:                     {"serving-0", "serving-1"},
		`name ne "serving-[01]"`:                     {"serving-2"},
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
