package gateway

import (
	"regexp"

	readv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
	statev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_filter_state/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// The dynamic metadata of mode header: what Authorization says, in one of these
// forms, or "--:" for anything else.
//
//	" " + token     for Bearer <token>
//	"--:" + text    for Basic base64(<text>)
const (
	credentialFilter    = "envoy.filters.http.header_to_metadata"
	credentialNamespace = "serving"
	credentialAt        = "credential"
)

// credentials reads the Authorization header once for all servers, so that the
// routes need not know how base64 spells their tokens. Several headers count as
// one, joined with a comma, which is no form at all. In the patterns \C is any
// byte; a header has them.
func credentials() []*hcmv3.HttpFilter {
	const header = "authorization"
	rule := func(pattern, substitution string, encode readv3.Config_ValueEncode) *readv3.Config_Rule {
		return &readv3.Config_Rule{Header: header, OnHeaderPresent: &readv3.Config_KeyValuePair{
			MetadataNamespace: credentialNamespace, Key: credentialAt, Encode: encode,
			RegexValueRewrite: &matcherv3.RegexMatchAndSubstitute{Pattern: &matcherv3.RegexMatcher{Regex: pattern}, Substitution: substitution},
		}}
	}
	reason := func(text string) *readv3.Config_KeyValuePair {
		return &readv3.Config_KeyValuePair{MetadataNamespace: credentialNamespace, Key: reasonAt, Value: text}
	}
	return []*hcmv3.HttpFilter{
		filter(credentialFilter, &readv3.Config{RequestRules: []*readv3.Config_Rule{
			// "--:" is LS06 in base64. Three bytes are four characters, so what follows
			// decodes as it would alone. It ends in the one colon that a token without a
			// user is found behind.
			rule(`^(?i:basic) +((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$|^\C*$`, `LS06\1`, readv3.Config_BASE64),
			// An empty value is not written, so this one leaves what is no Bearer alone.
			rule(`^(?i:bearer) *( \C+)$|^\C*$`, `\1`, readv3.Config_NONE),
			// A route that admits says so itself, and reads no further.
			{Header: header, OnHeaderPresent: reason("wrong_token"), OnHeaderMissing: reason("missing_token")},
		}}),
		// The route was looked for before there was a credential to match.
		filter("envoy.filters.http.set_filter_state", &statev3.Config{ClearRouteCache: true}),
	}
}

// credentialIs holds for a token in any of the ways that a caller may send it:
//
//	Bearer <token>
//	Basic base64(<token>)          with the line end that "echo token | base64" adds, too
//	Basic base64(<user>:<token>)   with any user, empty as well
func credentialIs(token string) *matcherv3.MetadataMatcher {
	value := &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
		MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: `(?: |-\C*:)` + regexp.QuoteMeta(token) + `(?:\r?\n)?`}},
	}}}
	return metadata(credentialNamespace, value, credentialAt)
}
