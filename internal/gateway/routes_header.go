package gateway

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// headerRoutes admits by a header's value, which the model does not get to see.
func (s Server) headerRoutes() []*routev3.Route {
	header := strings.ToLower(s.Auth.HeaderOrDefault())
	var all []*routev3.Route
	for _, name := range slices.Sorted(maps.Keys(s.Auth.Tokens)) {
		token := s.Auth.Tokens[name].Value
		r := s.admitClient(name)
		r.RequestHeadersToRemove = []string{header}
		if s.Auth.UsesAuthorization() {
			r.Match.DynamicMetadata = []*matcherv3.MetadataMatcher{credentialIs(token)}
		} else {
			r.Match.Headers = []*routev3.HeaderMatcher{{Name: header, HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: exact(token)}}}
		}
		all = append(all, r)
	}
	if s.Auth.UsesAuthorization() {
		return append(all, s.refuse(challenged, "")) // credentials knows why.
	}
	// A header of one's own has no scheme to ask for.
	wrong, missing := s.refuse(http.StatusUnauthorized, "wrong_token"), s.refuse(http.StatusUnauthorized, "missing_token")
	wrong.Match.Headers = []*routev3.HeaderMatcher{present(header)}
	return append(all, wrong, missing)
}
