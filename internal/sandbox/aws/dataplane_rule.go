package aws

import (
	"cmp"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// elbMatch is the rule of a listener that a request meets: the first whose conditions all hold, else the default one.
func (c *call) elbMatch(listener string, r *http.Request) *elbRule {
	var rules []*elbRule
	for _, rule := range c.elb().Rules {
		if rule.ListenerArn == listener {
			rules = append(rules, rule)
		}
	}
	slices.SortFunc(rules, func(a, b *elbRule) int { return cmp.Compare(elbRuleRank(a.Rule), elbRuleRank(b.Rule)) })
	for _, rule := range rules {
		if !slices.ContainsFunc(rule.Conditions, func(cond elbtypes.RuleCondition) bool { return !elbHolds(cond, r) }) {
			return rule
		}
	}
	return nil
}

// elbHolds evaluates one condition, as the SDK's comments on the condition types and "Condition types for listener rules"
// describe it.
func elbHolds(cond elbtypes.RuleCondition, r *http.Request) bool {
	switch {
	case cond.HostHeaderConfig != nil:
		return elbMatches(hostName(r.Host), cond.HostHeaderConfig.Values, cond.HostHeaderConfig.RegexValues, true)
	case cond.PathPatternConfig != nil:
		return elbMatches(requestPath(r), cond.PathPatternConfig.Values, cond.PathPatternConfig.RegexValues, false)
	case cond.HttpHeaderConfig != nil:
		h := cond.HttpHeaderConfig
		return slices.ContainsFunc(r.Header.Values(text(h.HttpHeaderName)), func(v string) bool {
			return elbMatches(v, h.Values, h.RegexValues, true)
		})
	case cond.HttpRequestMethodConfig != nil:
		return slices.Contains(cond.HttpRequestMethodConfig.Values, r.Method)
	case cond.QueryStringConfig != nil:
		return slices.ContainsFunc(cond.QueryStringConfig.Values, func(want elbtypes.QueryStringKeyValuePair) bool {
			for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
				key, value, _ := strings.Cut(pair, "=")
				if (want.Key == nil || glob(*want.Key, key, true)) && glob(text(want.Value), value, true) {
					return true
				}
			}
			return false
		})
	case cond.SourceIpConfig != nil:
		// The address of the connection: X-Forwarded-For does not count.
		source, err := netip.ParseAddrPort(r.RemoteAddr)
		return err == nil && slices.ContainsFunc(cond.SourceIpConfig.Values, func(cidr string) bool {
			p, err := netip.ParsePrefix(cidr)
			return err == nil && p.Contains(source.Addr().Unmap())
		})
	}
	return false
}

// elbMatches compares a value with patterns, or with regular expressions.
func elbMatches(value string, patterns, expressions []string, fold bool) bool {
	for _, p := range patterns {
		if glob(p, value, fold) {
			return true
		}
	}
	for _, e := range expressions {
		if re, err := regexp.Compile(e); err == nil && re.MatchString(value) {
			return true
		}
	}
	return false
}

// glob matches a pattern in which * is any text and ? any one character.
func glob(pattern, value string, fold bool) bool {
	if fold {
		pattern, value = strings.ToLower(pattern), strings.ToLower(value)
	}
	// Where the last * was, and how much of the value it has swallowed so far.
	star, swallowed := -1, 0
	p, v := 0, 0
	for v < len(value) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, swallowed = p, v
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == value[v]):
			p, v = p+1, v+1
		case star >= 0:
			swallowed++
			p, v = star+1, swallowed
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// hostName is a host header without its port.
func hostName(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

// requestPath is the path as the client wrote it.
func requestPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		return r.URL.EscapedPath()
	}
	return path
}
