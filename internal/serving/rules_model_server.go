package serving

import (
	"regexp"
	"slices"
	"strings"
)

var (
	ruleServerPath     = mustNot("server_path", "Invalid path")
	ruleServerReserved = mustNot("server_path_reserved", "Path is reserved")
	ruleServerOverlap  = mustNot("server_path_overlap", "Path overlaps that of another server")
	ruleServerTwice    = mustNot("server_name_twice", "Two servers have one name")
	ruleServerProtocol = mustNot("server_protocol", "Invalid protocol")
	ruleServerTimeout  = mustNot("server_timeout", "Invalid timeout")
	ruleServerBody     = mustNot("server_max_body_bytes", "Invalid max_body_bytes")
	ruleServerAllow    = mustNot("server_allow_unauthenticated", "Nothing is open to allow")
)

const (
	maxPath = 200
	// A day: longer than any load balancer in front keeps a silent connection.
	maxTimeoutSeconds = 24 * 60 * 60
	// A gateway pod holds the whole body in memory in mode body; other modes
	// stream it.
	maxBufferedBody = 64 << 20
	maxStreamedBody = 10 << 30
)

// serverPath is one or more segments of characters that no URL has to escape,
// so that there is one way only to write a path.
var serverPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

// Problems judges the server on its own: what runs and how it is called.
func (s ModelServer) Problems() []Problem {
	f := &findings{unknown: s.Unknown}
	f.runs(s)
	return append(f.problems, s.RouteProblems()...)
}

// RouteProblems judges what the gateway needs to know of the server, which is
// all that it has of it.
func (s ModelServer) RouteProblems() []Problem {
	f := &findings{unknown: s.Unknown}
	f.serverName(s.Name)
	if f.known("path", "name") && (s.Path != "" || nameSyntax.MatchString(s.Name)) {
		f.serverPath(s.PathOrDefault())
	}
	if f.known("protocol") && !slices.Contains([]Protocol{ProtocolSame, ProtocolHTTP1, ProtocolHTTP2}, s.Protocol) {
		f.add(ruleServerProtocol.at("protocol", "The protocol is %q. It is \"http1\", \"http2\" (gRPC), or absent to keep the caller's. Write one of them.", string(s.Protocol)))
	}
	if t := s.TimeoutSeconds; f.known("timeout_seconds") && (t < 0 || t > maxTimeoutSeconds) {
		f.add(ruleServerTimeout.at("timeout_seconds", "The timeout is %d. It is the longest silence of a request in seconds, from 1 to %d; absent it is %d. Change it.",
			t, maxTimeoutSeconds, DefaultTimeoutSeconds))
	}
	f.serverBody(s)
	if !f.unknown["auth"] {
		f.auth(s.Auth)
	}
	if f.known("allow_unauthenticated", "auth.mode") && s.AllowUnauthenticated && s.Auth.Mode != AuthNone {
		f.add(ruleServerAllow.at("allow_unauthenticated", "It is true and the mode is %q, which always asks for a credential, so it would do nothing. "+
			"Remove it, or write mode = \"none\" if everyone may call the server.", string(s.Auth.Mode)))
	}
	return f.problems
}

func (f *findings) serverName(name string) {
	if f.known("name") && (len(name) < nameMin || len(name) > nameMax || !nameSyntax.MatchString(name)) {
		f.add(ruleName.at("name", "The name %q has %d characters. A name has %d to %d lower-case letters, digits and hyphens, "+
			"starts with a letter and does not end with a hyphen. Choose such a name, as in \"fraud\".", name, len(name), nameMin, nameMax))
	}
}

func (f *findings) serverPath(path string) {
	switch {
	case len(path) > maxPath || !serverPath.MatchString(path):
		f.add(ruleServerPath.at("path", "The path %q has %d characters. A path has at most %d: one or more segments, each a slash and then letters, digits and . _ ~ -, "+
			"no dot first and no slash at the end. Write a path as in \"/fraud\" or \"/team/fraud\".", path, len(path), maxPath))
	case overlaps(path, HealthPath):
		f.add(ruleServerReserved.at("path", "The path %q is where the gateway answers health checks. Choose another.", path))
	}
}

func (f *findings) serverBody(s ModelServer) {
	most := int64(maxStreamedBody)
	if s.Auth.Mode == AuthBody {
		most = maxBufferedBody
	}
	if n := s.MaxBodyBytes; f.known("max_body_bytes", "auth.mode") && (n < 0 || n > most) {
		f.add(ruleServerBody.at("max_body_bytes", "The limit is %d. It is a number of bytes from 1 to %d (%d where the gateway has to hold the body to find the token in it); absent it is %d. Change it.",
			n, int64(maxStreamedBody), maxBufferedBody, DefaultMaxBodyBytes))
	}
}

// Conflicts judges the server against the others of its cluster.
func (s ModelServer) Conflicts(others []ModelServer) []Problem {
	f := &findings{unknown: s.Unknown}
	for _, other := range others {
		if f.known("name") && other.Name == s.Name {
			f.add(ruleServerTwice.at("name", "The cluster has a server %q already. Import that one or choose another name.", s.Name).with(other.Name))
			continue
		}
		if f.known("path", "name") && other.Known("path", "name") && overlaps(s.PathOrDefault(), other.PathOrDefault()) {
			f.add(ruleServerOverlap.at("path", "The path %q and the path %q of server %q begin alike, so that a request could be meant for either. Choose a path that is not inside the other.",
				s.PathOrDefault(), other.PathOrDefault(), other.Name).with(other.Name))
		}
	}
	return f.problems
}

// overlaps reports whether one path is the other or lies inside it, by whole
// segments.
func overlaps(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}
