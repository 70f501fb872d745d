package gateway

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

const (
	keysTimeout = 5 * time.Second
	// How long a key that the issuer has withdrawn still opens.
	keysCache = 5 * time.Minute
)

// jwtRoutes admits by the issuer in the payload that the JWT filter leaves behind
// under the server's own name, and only once it has verified the token. Until
// then the route that refuses holds, which names what the filter must demand.
func (s Server) jwtRoutes() []*routev3.Route {
	admit, refuse := s.admit("jwt"), s.refuse(http.StatusUnauthorized, "")
	admit.Match.DynamicMetadata = []*matcherv3.MetadataMatcher{metadata(jwtFilterName, exactly(s.Auth.JWT.Issuer), s.Name, "iss")}
	perRoute(refuse, jwtFilterName, requirement(s.Name))
	// What it would say of a token is not what this mode says of a JWT.
	perRoute(refuse, credentialFilter, &routev3.FilterConfig{Disabled: true})
	return []*routev3.Route{admit, refuse}
}

// requirement is what a route demands of the filter, which refuses where it knows
// none of that name.
func requirement(name string) *jwtv3.PerRouteConfig {
	return &jwtv3.PerRouteConfig{RequirementSpecifier: &jwtv3.PerRouteConfig_RequirementName{RequirementName: name}}
}

// jwtFilter has a provider and a requirement for each server, under its name, and
// the requirement that stands for the version.
func (c Config) jwtFilter() *corev3.TypedExtensionConfig {
	settings := &jwtv3.JwtAuthentication{
		Providers: map[string]*jwtv3.JwtProvider{},
		RequirementMap: map[string]*jwtv3.JwtRequirement{
			c.versionName(): {RequiresType: &jwtv3.JwtRequirement_AllowMissingOrFailed{AllowMissingOrFailed: &emptypb.Empty{}}},
		},
	}
	for _, s := range c.sorted() {
		if s.Auth.Mode != serving.AuthJWT {
			continue
		}
		settings.Providers[s.Name] = s.jwtProvider()
		settings.RequirementMap[s.Name] = &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_ProviderName{ProviderName: s.Name}}
	}
	return &corev3.TypedExtensionConfig{Name: jwtFilterName, TypedConfig: packed(settings)}
}

func (s Server) jwtProvider() *jwtv3.JwtProvider {
	from := &jwtv3.JwtHeader{Name: s.Auth.HeaderOrDefault()}
	if s.Auth.UsesAuthorization() {
		from.ValuePrefix = "Bearer "
	}
	return &jwtv3.JwtProvider{
		Issuer: s.Auth.JWT.Issuer, Audiences: s.Auth.JWT.Audiences, RequireExpiration: true,
		JwksSourceSpecifier: &jwtv3.JwtProvider_RemoteJwks{RemoteJwks: &jwtv3.RemoteJwks{
			HttpUri: &corev3.HttpUri{
				Uri:              s.Auth.JWT.JWKSURL,
				HttpUpstreamType: &corev3.HttpUri_Cluster{Cluster: keysCluster(s.Auth.JWT.JWKSURL)},
				Timeout:          durationpb.New(keysTimeout),
			},
			CacheDuration: durationpb.New(keysCache),
			// An issuer that does not answer must not keep the gateway from starting.
			AsyncFetch: &jwtv3.JwksAsyncFetch{FastListener: true},
		}},
		// Without this list Envoy would take tokens from the query as well, where
		// they end up in logs and histories.
		FromHeaders:       []*jwtv3.JwtHeader{from},
		ClaimToHeaders:    []*jwtv3.JwtClaimToHeader{{HeaderName: clientHeader, ClaimName: "sub"}},
		PayloadInMetadata: s.Name,
		ClearRouteCache:   true,
	}
}

// issuerAddress is the host and port that a key set comes from.
func issuerAddress(jwks string) (host, port string) {
	u, err := url.Parse(jwks)
	if err != nil {
		panic(err) // check has parsed it.
	}
	return u.Hostname(), cmp.Or(u.Port(), "443")
}

// keysCluster names the cluster of an issuer. No server's name has a colon.
func keysCluster(jwks string) string {
	host, port := issuerAddress(jwks)
	return strings.Join([]string{"jwks", strings.ToLower(host), port}, ":")
}
