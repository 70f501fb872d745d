package serving

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

type modelServerCase struct {
	name  string
	spec  func(*ModelServer)
	wants []want
}

const goodToken = "0123456789abcdef"

func goodModelServer() ModelServer {
	return ModelServer{
		Cluster: ID{Cloud: AWS, Region: "us-west-2", Name: "prod"}, Workload: goodWorkload(),
		Name: "fraud", Path: "/team/fraud.v2", TimeoutSeconds: 60, MaxBodyBytes: 1 << 20,
		Auth: Auth{Mode: AuthHeader, Tokens: map[string]Token{"app": {Value: goodToken}, "ci.2": {Value: strings.Repeat("~", maxToken)}}},
	}
}

func goodJWT() Auth {
	return Auth{Mode: AuthJWT, JWT: &JWT{Issuer: "https://accounts.example.com", Audiences: []string{"models"}, JWKSURL: "https://accounts.example.com/jwks"}}
}

func (tc modelServerCase) build() ModelServer {
	s := goodModelServer()
	tc.spec(&s)
	return s
}

// authOf puts another way of authentication in place.
func authOf(auth Auth) func(*ModelServer) { return func(s *ModelServer) { s.Auth = auth } }

func jwtOf(change func(*JWT)) func(*ModelServer) {
	return func(s *ModelServer) {
		s.Auth = goodJWT()
		change(s.Auth.JWT)
	}
}

func tokenOf(value string) func(*ModelServer) {
	return func(s *ModelServer) { s.Auth.Tokens = map[string]Token{"app": {Value: value}} }
}

func pathOf(path string) func(*ModelServer) { return func(s *ModelServer) { s.Path = path } }

func modelServerCases() []modelServerCase {
	const value = "auth.tokens.app.value_wo"
	many := map[string]Token{}
	for i := range 21 {
		many[fmt.Sprintf("t%d", i)] = Token{Value: goodToken + fmt.Sprint(i)}
	}
	app := map[string]Token{"app": {Value: goodToken}}
	cases := []modelServerCase{
		{"good", func(*ModelServer) {}, nil},
		{"the least", func(s *ModelServer) {
			*s = ModelServer{Name: "fraud", Workload: leastWorkload(), Auth: Auth{Mode: AuthNone}}
		}, nil},
		{"jwt", authOf(goodJWT()), nil},
		{"body", authOf(Auth{Mode: AuthBody, BodyKey: "api_key", Tokens: app}), nil},
		{"named header", authOf(Auth{Mode: AuthHeader, Header: "X-API-Key", Tokens: app}), nil},

		{"name", func(s *ModelServer) { s.Name = "Fraud" }, []want{{"name", "Invalid name", `"Fraud"`}}},
		{"name without path", func(s *ModelServer) { s.Name, s.Path = "a b", "" }, []want{{"name", "Invalid name", `"a b"`}}},
		{"health check", pathOf("/healthz"), []want{{"path", "Path is reserved", `"/healthz"`}}},
		{"below the health check", pathOf("/healthz/x"), []want{{"path", "Path is reserved", `"/healthz/x"`}}},
		{"name of the health check", func(s *ModelServer) { s.Name, s.Path = "healthz", "" }, []want{{"path", "Path is reserved", `"/healthz"`}}},
		{"near the health check", pathOf("/healthzz"), nil},
		{"protocol", func(s *ModelServer) { s.Protocol = "grpc" }, []want{{"protocol", "Invalid protocol", `"grpc"`}}},
		{"timeout", func(s *ModelServer) { s.TimeoutSeconds = -1 }, []want{{"timeout_seconds", "Invalid timeout", "is -1"}}},
		{"timeout of days", func(s *ModelServer) { s.TimeoutSeconds = 86401 }, []want{{"timeout_seconds", "Invalid timeout", "to 86400"}}},
		{"negative body", func(s *ModelServer) { s.MaxBodyBytes = -1 }, []want{{"max_body_bytes", "Invalid max_body_bytes", "is -1"}}},
		{"huge body", func(s *ModelServer) { s.MaxBodyBytes = 10<<30 + 1 }, []want{{"max_body_bytes", "Invalid max_body_bytes", "is 10737418241"}}},
		{"large body, streamed", func(s *ModelServer) { s.MaxBodyBytes = 1 << 30 }, nil},
		{"large body, held", everyChange(authOf(Auth{Mode: AuthBody, Tokens: app}), func(s *ModelServer) { s.MaxBodyBytes = 64<<20 + 1 }),
			[]want{{"max_body_bytes", "Invalid max_body_bytes", "67108864 where the gateway has to hold"}}},

		{"no mode", authOf(Auth{}), []want{{"auth.mode", "Invalid authentication mode", `is ""`}}},
		{"mode", authOf(Auth{Mode: "basic"}), []want{{"auth.mode", "Invalid authentication mode", `"basic"`}}},
		{"none with everything", authOf(Auth{Mode: AuthNone, Header: "X-A", BodyKey: "a", Tokens: app, JWT: &JWT{}}), []want{
			{"auth.header", "Setting does not belong to this mode", "does not use header"},
			{"auth.body_key", "Setting does not belong to this mode", "does not use body_key"},
			{"auth.tokens", "Setting does not belong to this mode", "does not use tokens"},
			{"auth.jwt", "Setting does not belong to this mode", "does not use jwt"},
		}},
		{"body with a header", authOf(Auth{Mode: AuthBody, Header: "X-A", Tokens: app}), []want{{"auth.header", "Setting does not belong to this mode", `"body"`}}},
		{"header with a key", authOf(Auth{Mode: AuthHeader, BodyKey: "a", Tokens: app}), []want{{"auth.body_key", "Setting does not belong to this mode", `"header"`}}},
		{"jwt with tokens", func(s *ModelServer) { s.Auth = goodJWT(); s.Auth.Tokens = app }, []want{{"auth.tokens", "Setting does not belong to this mode", `"jwt"`}}},
		{"body key", authOf(Auth{Mode: AuthBody, BodyKey: `a"b`, Tokens: app}), []want{{"auth.body_key", "Invalid body key", "top-level key"}}},
		{"no token", authOf(Auth{Mode: AuthHeader}), []want{{"auth.tokens", "Authentication has no token", "nobody could call"}}},
		{"many tokens", authOf(Auth{Mode: AuthHeader, Tokens: many}), []want{{"auth.tokens", "Too many tokens", "There are 21"}}},
		{"token's name", authOf(Auth{Mode: AuthHeader, Tokens: map[string]Token{"App 1": {Value: goodToken}}}), []want{{"auth.tokens.App 1", "Invalid token name", `"App 1"`}}},
		{"empty token", tokenOf(""), []want{{value, "Token is too short", "has 0 bytes"}}},
		{"short token", tokenOf("0123456789abcde"), []want{{value, "Token is too short", "has 15 bytes"}}},
		{"long token", tokenOf(strings.Repeat("x", 1025)), []want{{value, "Token is too long", "has 1025 bytes"}}},
		{"line end", tokenOf(goodToken + "\n"), []want{{value, "Token is not printable", "chomp()"}}},
		{"space", tokenOf("0123456789 abcdef"), []want{{value, "Token is not printable", "a space"}}},
		{"other alphabet", tokenOf("geheimnisträgerin"), []want{{value, "Token is not printable", "another alphabet"}}},
		{"zero byte", tokenOf(goodToken + "\x00"), []want{{value, "Token is not printable", "visible ASCII"}}},
		{"same token", authOf(Auth{Mode: AuthHeader, Tokens: map[string]Token{"a": {Value: goodToken}, "b": {Value: goodToken}}}),
			[]want{{"auth.tokens.b.value_wo", "Two tokens are the same", `as "a"`}}},
		{"no jwt", authOf(Auth{Mode: AuthJWT}), []want{{"auth.jwt", "JWT settings are missing", "Write jwt = {"}}},
		{"no issuer", jwtOf(func(j *JWT) { j.Issuer = "" }), []want{{"auth.jwt.issuer", "Invalid issuer", `is ""`}}},
		{"no audience", jwtOf(func(j *JWT) { j.Audiences = nil }), []want{{"auth.jwt.audiences", "Invalid audiences", "0 audiences"}}},
		{"empty audience", jwtOf(func(j *JWT) { j.Audiences = []string{""} }), []want{{"auth.jwt.audiences", "Invalid audiences", "one is empty"}}},
	}
	for _, path := range []string{"/", "fraud", "/fraud/", "//fraud", "/a//b", "/..", "/a/../b", "/.a", "/a%2fb", "/a b", "/a?b", "/a;b", "/ä", "/" + strings.Repeat("a", 200)} {
		cases = append(cases, modelServerCase{"path " + path, pathOf(path), []want{{"path", "Invalid path", fmt.Sprintf("%q", path)}}})
	}
	for _, header := range []string{"X API", "X_API", "X-API:", "1X", "Host", "content-LENGTH", "Cookie", "X-Serving-Client", "x-envoy-a", "X-Forwarded-For", "Sec-A"} {
		cases = append(cases, modelServerCase{"header " + header, authOf(Auth{Mode: AuthHeader, Header: header, Tokens: app}),
			[]want{{"auth.header", "Header cannot carry a credential", fmt.Sprintf("%q", header)}}})
	}
	for _, url := range []string{"", "http://a.example/jwks", "https:///jwks", "https://u:p@a.example/", "https://a.example/#x", "https://a b/"} {
		cases = append(cases, modelServerCase{"keys at " + url, jwtOf(func(j *JWT) { j.JWKSURL = url }), []want{{"auth.jwt.jwks_url", "Invalid JWKS URL", "https URL"}}})
	}
	return append(cases, workloadCases()...)
}

func everyChange(changes ...func(*ModelServer)) func(*ModelServer) {
	return func(s *ModelServer) {
		for _, change := range changes {
			change(s)
		}
	}
}

func TestModelServerProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range modelServerCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := tc.build()
			problems := s.Problems()
			check(t, problems, tc.wants)
			for _, p := range problems {
				for name, token := range s.Auth.Tokens {
					if len(token.Value) > 4 && strings.Contains(p.Detail, token.Value) {
						t.Errorf("the problem shows the token %q: %s", name, p.Detail)
					}
				}
				quiet := tc.build()
				quiet.Unknown = Unknown{p.Path: true}
				// Keys of a map are known as soon as the map is.
				if p.Rule != ruleTokenName.id && p.Rule != ruleEnvName.id && p.Rule != ruleEnvTwice.id && ruleSet(quiet.Problems())[p.Rule+" at "+p.Path] {
					t.Errorf("%s is reported at %s although it is unknown", p.Rule, p.Path)
				}
			}
		})
	}
}

type conflictCase struct {
	name  string
	other ModelServer
	wants []want
}

var conflictCases = []conflictCase{
	{"beside", ModelServer{Name: "spam"}, nil},
	{"near", ModelServer{Name: "spam", Path: "/fraudulent"}, nil},
	{"same name", ModelServer{Name: "fraud", Path: "/x"}, []want{{"name", "Two servers have one name", `"fraud" already`}}},
	{"same path", ModelServer{Name: "spam", Path: "/fraud"}, []want{{"path", "Path overlaps that of another server", `of server "spam"`}}},
	{"below", ModelServer{Name: "spam", Path: "/fraud/v2"}, []want{{"path", "Path overlaps that of another server", `"/fraud/v2"`}}},
	{"unknown path", ModelServer{Name: "spam", Path: "/fraud", Unknown: Unknown{"path": true}}, nil},
}

func TestModelServerConflicts(t *testing.T) {
	t.Parallel()
	for _, tc := range conflictCases {
		s := ModelServer{Name: "fraud"}
		check(t, s.Conflicts([]ModelServer{tc.other}), tc.wants)
		if tc.other.Name != s.Name && len(tc.wants) != len(tc.other.Conflicts([]ModelServer{s})) {
			t.Errorf("%s: only one of the two sees the conflict", tc.name)
		}
	}
}

func TestTokenPrintsAsDots(t *testing.T) {
	t.Parallel()
	s := goodModelServer()
	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(encoded), fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), fmt.Sprintf("%s %q %v", s.Auth.Tokens, s.Auth.Tokens, s.Auth)} {
		if strings.Contains(text, goodToken) {
			t.Errorf("the token is printed: %s", text)
		}
	}
}
