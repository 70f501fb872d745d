package gateway

import (
	"fmt"
	"maps"
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
		value := exact(token)
		if s.Auth.UsesAuthorization() {
			value = &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{
				SafeRegex: &matcherv3.RegexMatcher{Regex: authorizationPattern(token)},
			}}
		}
		r.Match.Headers = []*routev3.HeaderMatcher{{Name: header, HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: value}}}
		all = append(all, r)
	}
	wrong, missing := s.refuse("wrong_token"), s.refuse("missing_token")
	wrong.Match.Headers = []*routev3.HeaderMatcher{present(header)}
	for _, r := range []*routev3.Route{wrong, missing} {
		if s.Auth.UsesAuthorization() { // A header of one's own has no scheme to name.
			challenge := set("www-authenticate", fmt.Sprintf(`Basic realm="%s", charset="UTF-8", Bearer realm="%[1]s"`, s.Name))
			r.ResponseHeadersToAdd = append(r.ResponseHeadersToAdd, challenge)
		}
	}
	return append(all, wrong, missing)
}
