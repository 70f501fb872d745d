package gcp

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var sslPolicies = &collection[*computepb.SslPolicy]{
	plural: "sslPolicies", title: "SSL policy", scope: inRegion, quota: "compute.ssl_policies", metric: "SSL_POLICIES",
	objects: func(s *computeState) map[string]*Held[*computepb.SslPolicy] { return s.SslPolicies },
}

func init() {
	const service = "google.cloud.compute.v1.RegionSslPolicies"
	sslPolicies.show = func(_ *call, p *computepb.SslPolicy) { p.EnabledFeatures = tlsFeatures(p) }
	newCollection(sslPolicies)
	handleChange(service+".Insert", func(c *call, in *computepb.InsertRegionSslPolicyRequest) (*computepb.Operation, error) {
		if err := completeSSLPolicy(in.GetSslPolicyResource()); err != nil {
			return nil, err
		}
		return sslPolicies.insert(c, in.GetSslPolicyResource())
	})
	handleChange(service+".Patch", (*call).patchSSLPolicy)
	serveGet(service, sslPolicies, (*computepb.GetRegionSslPolicyRequest).GetSslPolicy)
	serveDelete(service, sslPolicies, (*computepb.DeleteRegionSslPolicyRequest).GetSslPolicy)
	serveList[*computepb.SslPolicy, *computepb.ListRegionSslPoliciesRequest](service, sslPolicies, func(items []*computepb.SslPolicy, next, id *string) *computepb.SslPoliciesList {
		return &computepb.SslPoliciesList{Items: items, NextPageToken: next, Id: id}
	})
	serveAggregatedList[*computepb.SslPolicy, *computepb.SslPoliciesScopedList, *computepb.AggregatedListSslPoliciesRequest]("google.cloud.compute.v1.SslPolicies", sslPolicies, everyScope,
		func(items []*computepb.SslPolicy, none *computepb.Warning) *computepb.SslPoliciesScopedList {
			return &computepb.SslPoliciesScopedList{SslPolicies: items, Warning: none}
		}, func(items map[string]*computepb.SslPoliciesScopedList, next, id *string) *computepb.SslPoliciesAggregatedList {
			return &computepb.SslPoliciesAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
	handle(service+".ListAvailableFeatures",
		func(*call, *computepb.ListAvailableFeaturesRegionSslPoliciesRequest) (*computepb.SslPoliciesListAvailableFeaturesResponse, error) {
			return &computepb.SslPoliciesListAvailableFeaturesResponse{Features: slices.Concat(restrictedCiphers, modernCiphers, compatibleCiphers)}, nil
		})
}

// The ciphers of the profiles, each on top of the ones before ("SSL policies overview").
var (
	restrictedCiphers = []string{
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	}
	modernCiphers = []string{
		"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
		"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
	}
	compatibleCiphers = []string{
		"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_GCM_SHA256",
		"TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_256_GCM_SHA384",
	}
)

// tlsFeatures are the ciphers that a policy allows.
func tlsFeatures(p *computepb.SslPolicy) []string {
	var all []string
	switch p.GetProfile() {
	case "COMPATIBLE":
		all = slices.Concat(restrictedCiphers, modernCiphers, compatibleCiphers)
	case "MODERN":
		all = slices.Concat(restrictedCiphers, modernCiphers)
	case "RESTRICTED":
		all = slices.Clone(restrictedCiphers)
	case "CUSTOM":
		all = slices.Clone(p.CustomFeatures)
	}
	slices.Sort(all)
	return all
}

func completeSSLPolicy(p *computepb.SslPolicy) error {
	if p.Profile == nil {
		p.Profile = new("COMPATIBLE")
	}
	if p.MinTlsVersion == nil {
		p.MinTlsVersion = new("TLS_1_0")
	}
	switch {
	case p.GetProfile() == "FIPS_202205":
		return unsupported("resource.profile")
	case (p.GetProfile() == "CUSTOM") != (len(p.CustomFeatures) > 0):
		return invalid("resource.customFeatures", "", "Custom features must be specified if, and only if, the profile is CUSTOM.")
	case p.GetMinTlsVersion() == "TLS_1_3" && p.GetProfile() != "RESTRICTED":
		return invalid("resource.minTlsVersion", "TLS_1_3", "TLS 1.3 can only be the minimum with the profile RESTRICTED.")
	}
	for _, feature := range p.CustomFeatures {
		if !slices.Contains(slices.Concat(restrictedCiphers, modernCiphers, compatibleCiphers), feature) {
			return invalid("resource.customFeatures", feature, "There is no such feature.")
		}
	}
	return nil
}

func (c *call) patchSSLPolicy(in *computepb.PatchRegionSslPolicyRequest) (*computepb.Operation, error) {
	h, err := sslPolicies.ready(c, in.GetSslPolicy())
	if err != nil {
		return nil, err
	}
	if in.GetSslPolicyResource().GetFingerprint() != fingerprint(h.Body) {
		return nil, staleFingerprint()
	}
	delete(c.body, "fingerprint")
	next, err := mergePatch(h.Body, c.body)
	if err != nil {
		return nil, err
	}
	if err := completeSSLPolicy(next); err != nil {
		return nil, err
	}
	return sslPolicies.replace(c, h, next, "sslPolicies.patch")
}
