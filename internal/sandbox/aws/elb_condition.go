package aws

import (
	"net/netip"
	"regexp"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

var (
	elbHostPattern   = regexp.MustCompile(`^[A-Za-z0-9.*?-]{1,128}$`)
	elbPathPattern   = regexp.MustCompile(`^[A-Za-z0-9_.$/~"'@:+&*?\\=%;,!()\[\]-]{1,128}$`)
	elbHeaderPattern = regexp.MustCompile(`^[A-Za-z0-9*?!#$%&'+.^_|~-]{1,40}$`)
	elbMethodPattern = regexp.MustCompile(`^[A-Z_-]{1,40}$`)
)

// elbConditions checks the conditions of a rule and renders them as the service would describe them. The limits are those of
// "Quotas for your Application Load Balancers" and of the SDK's comments on RuleCondition.
func elbConditions(in []elbtypes.RuleCondition) ([]elbtypes.RuleCondition, error) {
	if len(in) == 0 {
		return nil, apiError("ValidationError", "At least one condition must be specified")
	}
	out := make([]elbtypes.RuleCondition, len(in))
	once := map[string]bool{}
	values, wildcards := 0, 0
	for i, cond := range in {
		field := sdkaws.ToString(cond.Field)
		shown, err := elbCondition(field, cond)
		if err != nil {
			return nil, err
		}
		out[i] = shown
		if once[field] && field != "http-header" && field != "query-string" {
			return nil, apiError("ValidationError", "A rule can only have one '%s' condition", field)
		}
		once[field] = true
		flat := elbConditionValues(shown)
		values += len(flat)
		for _, v := range flat {
			wildcards += strings.Count(v, "*") + strings.Count(v, "?")
		}
	}
	if values > 5 {
		return nil, apiError("ValidationError", "A rule can only have '5' condition values")
	}
	if wildcards > 5 {
		return nil, apiError("ValidationError", "A rule can only have '5' condition wildcards")
	}
	return out, nil
}

// elbConditionValues are all comparison strings of a condition.
func elbConditionValues(cond elbtypes.RuleCondition) []string {
	switch {
	case cond.HostHeaderConfig != nil:
		return append(append([]string{}, cond.HostHeaderConfig.Values...), cond.HostHeaderConfig.RegexValues...)
	case cond.PathPatternConfig != nil:
		return append(append([]string{}, cond.PathPatternConfig.Values...), cond.PathPatternConfig.RegexValues...)
	case cond.HttpHeaderConfig != nil:
		return append(append([]string{}, cond.HttpHeaderConfig.Values...), cond.HttpHeaderConfig.RegexValues...)
	case cond.HttpRequestMethodConfig != nil:
		return cond.HttpRequestMethodConfig.Values
	case cond.SourceIpConfig != nil:
		return cond.SourceIpConfig.Values
	case cond.QueryStringConfig != nil:
		var out []string
		for _, kv := range cond.QueryStringConfig.Values {
			out = append(out, sdkaws.ToString(kv.Key)+"="+sdkaws.ToString(kv.Value))
		}
		return out
	}
	return nil
}

func elbCondition(field string, cond elbtypes.RuleCondition) (elbtypes.RuleCondition, error) {
	configs := map[string]bool{
		"host-header": cond.HostHeaderConfig != nil, "path-pattern": cond.PathPatternConfig != nil, "http-header": cond.HttpHeaderConfig != nil,
		"http-request-method": cond.HttpRequestMethodConfig != nil, "source-ip": cond.SourceIpConfig != nil, "query-string": cond.QueryStringConfig != nil,
	}
	given, known := configs[field]
	if !known {
		return cond, apiError("ValidationError", "Condition field '%s' must be one of '[path-pattern, host-header, http-request-method, http-header, query-string, source-ip]'", field)
	}
	for other, has := range configs {
		if has && other != field {
			return cond, apiError("ValidationError", "The condition of field '%s' has the configuration of field '%s'", field, other)
		}
	}
	short := len(cond.Values) > 0 || len(cond.RegexValues) > 0
	if short && given {
		return cond, apiError("ValidationError", "You can only specify either the values or the configuration of the condition '%s'", field)
	}
	if short {
		switch field {
		case "host-header":
			cond.HostHeaderConfig = &elbtypes.HostHeaderConditionConfig{Values: cond.Values, RegexValues: cond.RegexValues}
		case "path-pattern":
			cond.PathPatternConfig = &elbtypes.PathPatternConditionConfig{Values: cond.Values, RegexValues: cond.RegexValues}
		default:
			return cond, apiError("ValidationError", "The condition '%s' needs its configuration", field)
		}
	}
	if len(elbConditionValues(cond)) == 0 {
		return cond, apiError("ValidationError", "A condition value must be specified for '%s'", field)
	}
	return elbCheckCondition(field, cond)
}

func elbCheckCondition(field string, cond elbtypes.RuleCondition) (elbtypes.RuleCondition, error) {
	bad := func(v, why string) error {
		return apiError("ValidationError", "The condition value '%s' of '%s' is not valid: %s", v, field, why)
	}
	var values, regexes []string
	switch field {
	case "host-header":
		values, regexes = cond.HostHeaderConfig.Values, cond.HostHeaderConfig.RegexValues
		cond.Values, cond.RegexValues = values, regexes
		for _, v := range values {
			dot := strings.LastIndex(v, ".")
			if !elbHostPattern.MatchString(v) {
				return cond, bad(v, "it can have letters, digits and the characters - . * ? and at most 128 of them")
			}
			if dot < 0 || strings.ContainsFunc(v[dot+1:], func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '*' && r != '?' && r != '-'
			}) {
				return cond, bad(v, "it must contain a '.' with only letters after the last one")
			}
		}
	case "path-pattern":
		values, regexes = cond.PathPatternConfig.Values, cond.PathPatternConfig.RegexValues
		cond.Values, cond.RegexValues = values, regexes
		for _, v := range values {
			if !elbPathPattern.MatchString(v) {
				return cond, bad(v, "it has characters that paths cannot have, or more than 128")
			}
		}
	case "http-header":
		name := sdkaws.ToString(cond.HttpHeaderConfig.HttpHeaderName)
		if !elbHeaderPattern.MatchString(name) || strings.ContainsAny(name, "*?") || strings.EqualFold(name, "host") {
			return cond, apiError("ValidationError", "The HTTP header name '%s' is not valid: it must have at most 40 characters, no wildcards, and not be 'Host'", name)
		}
		values, regexes = cond.HttpHeaderConfig.Values, cond.HttpHeaderConfig.RegexValues
	case "http-request-method":
		for _, v := range cond.HttpRequestMethodConfig.Values {
			if !elbMethodPattern.MatchString(v) {
				return cond, bad(v, "it can have capital letters, hyphens and underscores, at most 40")
			}
		}
	case "source-ip":
		for _, v := range cond.SourceIpConfig.Values {
			p, err := netip.ParsePrefix(v)
			if err != nil || p.Masked() != p || v == "255.255.255.255/32" {
				return cond, bad(v, "it must be in CIDR format")
			}
		}
	case "query-string":
		for _, kv := range cond.QueryStringConfig.Values {
			if sdkaws.ToString(kv.Value) == "" {
				return cond, bad("", "a query string needs a value")
			}
			if len(sdkaws.ToString(kv.Key)) > 128 || len(*kv.Value) > 128 {
				return cond, bad(*kv.Value, "keys and values have at most 128 characters")
			}
		}
	}
	if len(values) > 0 && len(regexes) > 0 {
		return cond, apiError("ValidationError", "The condition '%s' can have either values or regular expressions", field)
	}
	for _, v := range append(append([]string{}, values...), regexes...) {
		if len(v) < 1 || len(v) > 128 {
			return cond, bad(v, "it must have between 1 and 128 characters")
		}
	}
	for _, v := range regexes {
		if _, err := regexp.Compile(v); err != nil {
			return cond, bad(v, "it is not a regular expression")
		}
	}
	return cond, nil
}

// elbTransforms checks the rewrites of a rule.
func elbTransforms(in []elbtypes.RuleTransform) error {
	seen := map[elbtypes.TransformTypeEnum]bool{}
	for _, t := range in {
		if seen[t.Type] {
			return apiError("ValidationError", "A rule can only have one '%s' transform", t.Type)
		}
		seen[t.Type] = true
		var rewrites []elbtypes.RewriteConfig
		switch {
		case t.Type == elbtypes.TransformTypeEnumHostHeaderRewrite && t.HostHeaderRewriteConfig != nil && t.UrlRewriteConfig == nil:
			rewrites = t.HostHeaderRewriteConfig.Rewrites
		case t.Type == elbtypes.TransformTypeEnumUrlRewrite && t.UrlRewriteConfig != nil && t.HostHeaderRewriteConfig == nil:
			rewrites = t.UrlRewriteConfig.Rewrites
		default:
			return apiError("ValidationError", "The transform '%s' needs its own configuration and no other", t.Type)
		}
		if len(rewrites) != 1 {
			return apiError("ValidationError", "The transform '%s' must have one rewrite", t.Type)
		}
		expr, replace := sdkaws.ToString(rewrites[0].Regex), sdkaws.ToString(rewrites[0].Replace)
		if _, err := regexp.Compile(expr); err != nil || len(expr) < 1 || len(expr) > 1024 || len(replace) > 1024 {
			return apiError("ValidationError", "The rewrite '%s' must be a regular expression with a replacement, each at most 1024 characters", expr)
		}
	}
	return nil
}
