package gcp

import (
	"net/http"
	"testing"
)

// TestComputeNats refuses gateways that leave each other nothing, in the same router or beside it, and takes those that do not.
func TestComputeNats(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	prepareNetwork(t, url)
	nat := func(name, ranges string) string {
		return `{"name":"` + name + `","natIpAllocateOption":"AUTO_ONLY","sourceSubnetworkIpRangesToNat":"` + ranges + `"}`
	}
	const every, primary = "ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES"
	listed := `{"name":"listed","natIpAllocateOption":"AUTO_ONLY","sourceSubnetworkIpRangesToNat":"LIST_OF_SUBNETWORKS",
		"subnetworks":[{"name":"regions/us-central1/subnetworks/nodes","sourceIpRangesToNat":["ALL_IP_RANGES"]}]}`
	router := func(name, network, nats string) string {
		return `{"name":"` + name + `","network":"global/networks/` + network + `","nats":[` + nats + `]}`
	}
	for name, test := range map[string]string{
		"two of all":          nat("a", every) + "," + nat("b", every),
		"all and primary":     nat("a", every) + "," + nat("b", primary),
		"primary and all":     nat("a", primary) + "," + nat("b", every),
		"listed and all":      listed + "," + nat("b", every),
		"two of primary ones": nat("a", primary) + "," + nat("b", primary),
	} {
		t.Run(name, func(t *testing.T) {
			wantFailure(t, http.MethodPost, regionURL(url)+"/routers", router("r", "main", test), 400, "invalid", "in the same network and region")
		})
	}
	post(t, regionURL(url)+"/routers", router("first", "main", listed))
	wantFailure(t, http.MethodPost, regionURL(url)+"/routers", router("second", "main", nat("a", every)), 400, "invalid", "in the same network and region")
	post(t, regionURL(url)+"/routers", router("second", "bare", nat("a", every)))
	change(t, http.MethodPatch, regionURL(url)+"/routers/first", `{"nats":[`+nat("a", every)+`]}`)
	wantFailure(t, http.MethodPost, regionURL(url)+"/routers", router("third", "main", listed), 400, "invalid", "Gateway 'a'")
}
