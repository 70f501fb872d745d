package serving

import "slices"

// CallerAuth is what a caller of a server must show.
type CallerAuth struct {
	Mode AuthMode
	// Header carries the credential in modes header and jwt.
	Header string
	// BodyKey is the key of the JSON body that holds the token in mode body.
	BodyKey string
	// Issuer and Audiences are those of the tokens in mode jwt.
	Issuer    string
	Audiences []string
	// Path is the prefix of the server's URLs.
	Path string
}

// CallerAuth is what callers of the server must show.
func (s ModelServer) CallerAuth() CallerAuth {
	out := CallerAuth{Mode: s.Auth.Mode, Path: s.PathOrDefault()}
	switch s.Auth.Mode {
	case AuthBody:
		out.BodyKey = s.Auth.BodyKeyOrDefault()
	case AuthHeader, AuthJWT:
		out.Header = s.Auth.HeaderOrDefault()
	}
	if j := s.Auth.JWT; j != nil && s.Auth.Mode == AuthJWT {
		out.Issuer, out.Audiences = j.Issuer, slices.Clone(j.Audiences)
	}
	return out
}

// authentication is what callers need at the target.
func (t Topology) authentication(to Target) (map[string]CallerAuth, string) {
	if t.ServersUnknown != "" {
		return nil, t.ServersUnknown
	}
	out := map[string]CallerAuth{}
	for name, server := range t.Servers {
		if to.Server == "" || to.Server == name {
			out[name] = server.CallerAuth()
		}
	}
	return out, ""
}
