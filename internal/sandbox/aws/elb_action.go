package aws

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// elbForwardTargets are the target groups that actions forward to.
func elbForwardTargets(actions []elbtypes.Action) []string {
	var out []string
	for _, a := range actions {
		if a.TargetGroupArn != nil {
			out = append(out, *a.TargetGroupArn)
		}
		if a.ForwardConfig != nil {
			for _, t := range a.ForwardConfig.TargetGroups {
				out = append(out, sdkaws.ToString(t.TargetGroupArn))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// elbActions checks the actions of a listener or rule of a load balancer and renders them as the service would describe them.
func (c *call) elbActions(lb *elbLoadBalancer, protocol elbtypes.ProtocolEnum, in []elbtypes.Action) ([]elbtypes.Action, error) {
	if len(in) == 0 {
		return nil, apiError("ValidationError", "At least one action must be specified")
	}
	actions := slices.Clone(in)
	if len(actions) > 1 {
		orders := map[int32]bool{}
		for _, a := range actions {
			if a.Order == nil {
				return nil, apiError("ValidationError", "An order must be specified for each action when there is more than one")
			}
			if orders[*a.Order] {
				return nil, apiError("ValidationError", "The action order '%d' is specified more than once", *a.Order)
			}
			orders[*a.Order] = true
		}
		slices.SortFunc(actions, func(a, b elbtypes.Action) int { return cmp.Compare(*a.Order, *b.Order) })
	}
	checks := 0
	for i := range actions {
		last := i == len(actions)-1
		terminal := false
		switch actions[i].Type {
		case elbtypes.ActionTypeEnumForward, elbtypes.ActionTypeEnumRedirect, elbtypes.ActionTypeEnumFixedResponse:
			terminal = true
		default:
			checks++
		}
		if terminal && !last {
			return nil, apiError("InvalidLoadBalancerAction", "The action '%s' must be the last one, and there can be only one of 'forward', 'redirect' and 'fixed-response'", actions[i].Type)
		}
		if !terminal && last {
			return nil, apiError("InvalidLoadBalancerAction", "The last action must be one of 'forward', 'redirect' and 'fixed-response', not '%s'", actions[i].Type)
		}
		if err := c.elbAction(protocol, &actions[i]); err != nil {
			return nil, err
		}
	}
	if checks > 1 {
		return nil, apiError("TooManyActions", "Only one authentication or validation action can be specified")
	}
	return actions, c.elbAssociation(lb, protocol, actions)
}

func (c *call) elbAction(protocol elbtypes.ProtocolEnum, a *elbtypes.Action) error {
	configs := map[elbtypes.ActionTypeEnum]bool{
		elbtypes.ActionTypeEnumForward:             a.ForwardConfig != nil || a.TargetGroupArn != nil,
		elbtypes.ActionTypeEnumRedirect:            a.RedirectConfig != nil,
		elbtypes.ActionTypeEnumFixedResponse:       a.FixedResponseConfig != nil,
		elbtypes.ActionTypeEnumJwtValidation:       a.JwtValidationConfig != nil,
		elbtypes.ActionTypeEnumAuthenticateOidc:    a.AuthenticateOidcConfig != nil,
		elbtypes.ActionTypeEnumAuthenticateCognito: a.AuthenticateCognitoConfig != nil,
	}
	for kind, given := range configs {
		if given && kind != a.Type {
			return apiError("InvalidLoadBalancerAction", "The action of type '%s' has the configuration of type '%s'", a.Type, kind)
		}
	}
	if !configs[a.Type] {
		return apiError("InvalidLoadBalancerAction", "The action of type '%s' needs its configuration", a.Type)
	}
	switch a.Type {
	case elbtypes.ActionTypeEnumForward:
		return elbForward(a)
	case elbtypes.ActionTypeEnumRedirect:
		return elbRedirect(protocol, a.RedirectConfig)
	case elbtypes.ActionTypeEnumFixedResponse:
		return elbFixedResponse(a.FixedResponseConfig)
	case elbtypes.ActionTypeEnumJwtValidation:
		if protocol != elbtypes.ProtocolEnumHttps {
			return apiError("InvalidLoadBalancerAction", "Actions of type 'jwt-validation' are supported only on HTTPS listeners")
		}
		return elbJWT(a.JwtValidationConfig)
	}
	return apiError("InvalidLoadBalancerAction", "The sandbox has no actions of type '%s'", a.Type)
}

// elbForward makes both forms of a forward action agree, as describes show them.
func elbForward(a *elbtypes.Action) error {
	if a.ForwardConfig == nil {
		a.ForwardConfig = &elbtypes.ForwardActionConfig{TargetGroups: []elbtypes.TargetGroupTuple{{TargetGroupArn: a.TargetGroupArn}}}
	}
	cfg := *a.ForwardConfig
	cfg.TargetGroups = slices.Clone(cfg.TargetGroups)
	if len(cfg.TargetGroups) == 0 {
		return apiError("ValidationError", "A forward action must specify at least one target group")
	}
	if len(cfg.TargetGroups) > 5 {
		return apiError("TooManyTargetGroups", "A forward action can have up to '5' target groups")
	}
	seen := map[string]bool{}
	for i, t := range cfg.TargetGroups {
		arn := sdkaws.ToString(t.TargetGroupArn)
		if arn == "" {
			return apiError("ValidationError", "A target group ARN must be specified")
		}
		if seen[arn] {
			return apiError("ValidationError", "Target group '%s' is specified more than once", arn)
		}
		seen[arn] = true
		if t.Weight == nil {
			if len(cfg.TargetGroups) > 1 {
				return apiError("ValidationError", "A weight must be specified for each target group when there is more than one")
			}
			cfg.TargetGroups[i].Weight = new(int32(1))
		} else if *t.Weight < 0 || *t.Weight > 999 {
			return apiError("ValidationError", "Weight '%d' must be between '0' and '999'", *t.Weight)
		}
	}
	if a.TargetGroupArn != nil && (len(cfg.TargetGroups) > 1 || *cfg.TargetGroups[0].TargetGroupArn != *a.TargetGroupArn) {
		return apiError("ValidationError", "You can specify both a target group ARN and a forward configuration only if they name the same single target group")
	}
	sticky := elbtypes.TargetGroupStickinessConfig{Enabled: new(false)}
	if s := cfg.TargetGroupStickinessConfig; s != nil {
		sticky = *s
		sticky.Enabled = new(sdkaws.ToBool(s.Enabled))
		if d := sdkaws.ToInt32(s.DurationSeconds); *sticky.Enabled && s.DurationSeconds == nil || s.DurationSeconds != nil && (d < 1 || d > 604800) {
			return apiError("ValidationError", "Target group stickiness duration must be between '1' and '604800' seconds")
		}
	}
	cfg.TargetGroupStickinessConfig = &sticky
	if len(cfg.TargetGroups) == 1 {
		a.TargetGroupArn = cfg.TargetGroups[0].TargetGroupArn
	}
	a.ForwardConfig = &cfg
	return nil
}

func elbRedirect(protocol elbtypes.ProtocolEnum, r *elbtypes.RedirectActionConfig) error {
	for _, part := range []struct {
		field **string
		def   string
		size  int
	}{{&r.Host, "#{host}", 128}, {&r.Path, "/#{path}", 128}, {&r.Port, "#{port}", 10}, {&r.Protocol, "#{protocol}", 20}, {&r.Query, "#{query}", 128}} {
		if *part.field == nil {
			*part.field = new(part.def)
		}
		if len(**part.field) > part.size {
			return apiError("ValidationError", "Redirect value '%s' cannot be longer than '%d' characters", **part.field, part.size)
		}
	}
	if !slices.Contains([]string{"HTTP", "HTTPS", "#{protocol}"}, *r.Protocol) {
		return apiError("ValidationError", "Redirect protocol '%s' must be one of 'HTTP, HTTPS, #{protocol}'", *r.Protocol)
	}
	if protocol == elbtypes.ProtocolEnumHttps && *r.Protocol == "HTTP" {
		return apiError("InvalidLoadBalancerAction", "You cannot redirect HTTPS to HTTP")
	}
	if n, err := strconv.Atoi(*r.Port); *r.Port != "#{port}" && (err != nil || n < 1 || n > 65535) {
		return apiError("ValidationError", "Redirect port '%s' must be '#{port}' or a number between 1 and 65535", *r.Port)
	}
	if !strings.HasPrefix(*r.Path, "/") {
		return apiError("ValidationError", "Redirect path '%s' must begin with a '/' character", *r.Path)
	}
	if *r.Host == "" || strings.HasPrefix(*r.Query, "?") {
		return apiError("ValidationError", "Redirect host must not be empty, and the query must not have a leading '?'")
	}
	if *r.Host == "#{host}" && *r.Path == "/#{path}" && *r.Port == "#{port}" && (*r.Protocol == "#{protocol}" || *r.Protocol == string(protocol)) {
		return apiError("InvalidLoadBalancerAction", "The redirect would create a loop: at least one of protocol, port, host and path must change")
	}
	return nil
}

var elbStatusCode = regexp.MustCompile(`^[245]\d\d$`)

func elbFixedResponse(f *elbtypes.FixedResponseActionConfig) error {
	if !elbStatusCode.MatchString(sdkaws.ToString(f.StatusCode)) {
		return apiError("ValidationError", "Fixed response status code '%s' must be 2XX, 4XX or 5XX", sdkaws.ToString(f.StatusCode))
	}
	kinds := []string{"text/plain", "text/css", "text/html", "application/javascript", "application/json"}
	if f.ContentType != nil && !slices.Contains(kinds, *f.ContentType) {
		return apiError("ValidationError", "Fixed response content type '%s' must be one of '%s'", *f.ContentType, strings.Join(kinds, ", "))
	}
	if len(sdkaws.ToString(f.MessageBody)) > 1024 {
		return apiError("ValidationError", "Fixed response message body cannot be longer than '1024' characters")
	}
	return nil
}

// elbJWT follows the SDK's comments on JwtValidationActionConfig.
func elbJWT(j *elbtypes.JwtValidationActionConfig) error {
	issuer, endpoint := sdkaws.ToString(j.Issuer), sdkaws.ToString(j.JwksEndpoint)
	if issuer == "" || len(issuer) > 256 {
		return apiError("ValidationError", "The JWT issuer must have between 1 and 256 characters")
	}
	if u, err := url.Parse(endpoint); err != nil || u.Scheme != "https" || u.Host == "" || len(endpoint) > 256 {
		return apiError("ValidationError", "The JWKS endpoint '%s' must be a full HTTPS URL of at most 256 characters", endpoint)
	}
	if len(j.AdditionalClaims) > 10 {
		return apiError("ValidationError", "The maximum number of additional claims is '10'")
	}
	seen := map[string]bool{}
	for _, claim := range j.AdditionalClaims {
		name := sdkaws.ToString(claim.Name)
		if name == "" || slices.Contains([]string{"exp", "iss", "nbf", "iat"}, name) || seen[name] {
			return apiError("ValidationError", "The additional claim '%s' cannot be specified: it is validated by default, empty or given twice", name)
		}
		seen[name] = true
		if n := len(claim.Values); n < 1 || n > 10 {
			return apiError("ValidationError", "The additional claim '%s' must have between 1 and 10 values", name)
		}
		for _, v := range claim.Values {
			if len(v) < 1 || len(v) > 256 {
				return apiError("ValidationError", "The values of the additional claim '%s' must have between 1 and 256 characters", name)
			}
		}
		if claim.Format == elbtypes.JwtValidationActionAdditionalClaimFormatEnumSingleString && len(claim.Values) > 1 {
			return apiError("ValidationError", "The additional claim '%s' of the format 'single-string' can have one value only", name)
		}
	}
	return nil
}

// elbAssociation checks that the load balancer may use the target groups that the actions forward to.
func (c *call) elbAssociation(lb *elbLoadBalancer, protocol elbtypes.ProtocolEnum, actions []elbtypes.Action) error {
	s := c.elb()
	users := s.elbUsers()
	mine := map[string]bool{}
	for tg, lbs := range users {
		if slices.Contains(lbs, *lb.LoadBalancerArn) {
			mine[tg] = true
		}
	}
	for _, arn := range elbForwardTargets(actions) {
		tg := s.TargetGroups[arn]
		if tg == nil {
			return apiError("TargetGroupNotFound", "One or more target groups not found")
		}
		if *tg.VpcId != *lb.VpcId {
			return apiError("InvalidConfigurationRequest", "The target group '%s' is not in the VPC '%s' of the load balancer", arn, *lb.VpcId)
		}
		for _, user := range users[arn] {
			if user != *lb.LoadBalancerArn {
				return apiError("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", arn)
			}
		}
		if *tg.ProtocolVersion != "HTTP1" && protocol != elbtypes.ProtocolEnumHttps {
			return apiError("IncompatibleProtocols", "Listener protocol '%s' is not supported with a target group with protocol-version '%s'", protocol, *tg.ProtocolVersion)
		}
		mine[arn] = true
	}
	if len(mine) > 100 {
		return apiError("TooManyUniqueTargetGroupsPerLoadBalancer", "The maximum number of target groups of load balancer '%s' is '100'", *lb.LoadBalancerArn)
	}
	return nil
}
