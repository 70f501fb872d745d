package aws

import (
	"fmt"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// elbState is what Elastic Load Balancing holds in one region, keyed by ARN.
type elbState struct {
	LoadBalancers map[string]*elbLoadBalancer
	TargetGroups  map[string]*elbTargetGroup
	Listeners     map[string]*elbListener
	Rules         map[string]*elbRule
}

// elbLoadBalancer is an Application Load Balancer with what other calls describe about it.
type elbLoadBalancer struct {
	elbtypes.LoadBalancer
	Attributes map[string]string
	Tags       map[string]string
	// Interfaces maps the subnet to the network interface the load balancer has in it.
	Interfaces map[string]string
}

// elbTargetGroup does not keep LoadBalancerArns: listeners and rules are the authority for that.
type elbTargetGroup struct {
	elbtypes.TargetGroup
	Attributes map[string]string
	Tags       map[string]string
	Targets    map[string]*elbTarget
	// Serial orders groups as they were made.
	Serial uint64
}

// elbTarget is a registered target. Health is what health checks found, whether or not a listener uses the group.
type elbTarget struct {
	Target          elbtypes.TargetDescription
	Health          elbtypes.TargetHealth
	HealthCheckPort string
	// Group is the Auto Scaling group that registered it, empty when a caller did.
	Group string
}

type elbListener struct {
	elbtypes.Listener
	Attributes map[string]string
	Tags       map[string]string
	// Extra are the SNI certificates besides the default one.
	Extra []string
	// Serial orders listeners as they were made.
	Serial uint64
}

// elbRule is a listener rule. The actions of a default rule live in its listener.
type elbRule struct {
	elbtypes.Rule
	ListenerArn string
	Tags        map[string]string
}

// elb is the state of this call's region.
func (c *call) elb() *elbState { return &c.region().ELB }

func init() {
	registerKind("elb.load_balancer", func(r *Region) any { return r.ELB.LoadBalancers })
	registerKind("elb.target_group", func(r *Region) any { return r.ELB.TargetGroups })
	registerKind("elb.listener", func(r *Region) any { return r.ELB.Listeners })
	registerKind("elb.rule", func(r *Region) any { return r.ELB.Rules },
		live(func(_ *Region, rule *elbRule) bool { return !sdkaws.ToBool(rule.IsDefault) }))
}

func (c *call) elbLoadBalancer(arn *string) (*elbLoadBalancer, error) {
	if err := c.elbArn(arn, "loadbalancer/"); err != nil {
		return nil, err
	}
	lb := c.elb().LoadBalancers[sdkaws.ToString(arn)]
	if lb == nil {
		return nil, apiError("LoadBalancerNotFound", "Load balancer '%s' not found", sdkaws.ToString(arn))
	}
	return lb, nil
}

func (c *call) elbTargetGroup(arn *string) (*elbTargetGroup, error) {
	if err := c.elbArn(arn, "targetgroup/"); err != nil {
		return nil, err
	}
	tg := c.elb().TargetGroups[sdkaws.ToString(arn)]
	if tg == nil {
		return nil, apiError("TargetGroupNotFound", "Target group '%s' not found", sdkaws.ToString(arn))
	}
	return tg, nil
}

func (c *call) elbListener(arn *string) (*elbListener, error) {
	if err := c.elbArn(arn, "listener/"); err != nil {
		return nil, err
	}
	l := c.elb().Listeners[sdkaws.ToString(arn)]
	if l == nil {
		return nil, apiError("ListenerNotFound", "Listener '%s' not found", sdkaws.ToString(arn))
	}
	return l, nil
}

func (c *call) elbRule(arn *string) (*elbRule, error) {
	if err := c.elbArn(arn, "listener-rule/"); err != nil {
		return nil, err
	}
	rule := c.elb().Rules[sdkaws.ToString(arn)]
	if rule == nil {
		return nil, apiError("RuleNotFound", "Rule '%s' not found", sdkaws.ToString(arn))
	}
	return rule, nil
}

// elbArn refuses what is not an ARN of the wanted kind, as the service does before it looks anything up.
func (c *call) elbArn(arn *string, resource string) error {
	parts := strings.SplitN(sdkaws.ToString(arn), ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "elasticloadbalancing" || !strings.HasPrefix(parts[5], resource) {
		return apiError("ValidationError", "'%s' is not a valid %s ARN", sdkaws.ToString(arn), strings.TrimSuffix(resource, "/"))
	}
	if parts[3] != c.Region {
		return apiError("ValidationError", "'%s' is not in the region %s", sdkaws.ToString(arn), c.Region)
	}
	return nil
}

// elbArnTail is an ARN's resource path without its type, as in "app/name/id".
func elbArnTail(arn string) string {
	_, tail, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
	return tail
}

// elbTagMap checks the tags of a create call.
func elbTagMap(tags []elbtypes.Tag) (map[string]string, error) {
	out := map[string]string{}
	for _, t := range tags {
		k := sdkaws.ToString(t.Key)
		if _, twice := out[k]; twice {
			return nil, apiError("DuplicateTagKeys", "Tag keys must be unique, '%s' is given more than once", k)
		}
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return nil, apiError("ValidationError", "Tag keys that begin with 'aws:' are reserved for system use: '%s'", k)
		}
		out[k] = sdkaws.ToString(t.Value)
	}
	if len(out) > 50 {
		return nil, apiError("TooManyTags", "The maximum number of tags per resource is '50'")
	}
	return out, nil
}

func elbTags(m map[string]string) []elbtypes.Tag {
	out := []elbtypes.Tag{}
	for _, k := range sortedKeys(m) {
		out = append(out, elbtypes.Tag{Key: new(k), Value: new(m[k])})
	}
	return out
}

// elbName checks the naming rules load balancers and target groups share.
func elbName(kind, name string) error {
	switch {
	case name == "":
		return apiError("ValidationError", "%s name must not be empty", kind)
	case len(name) > 32:
		return apiError("ValidationError", "%s name '%s' cannot be longer than '32' characters", kind, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return apiError("ValidationError", "%s name '%s' cannot begin or end with a hyphen", kind, name)
	case strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}):
		return apiError("ValidationError", "%s name '%s' can only contain characters that are alphanumeric characters and hyphens(-)", kind, name)
	}
	return nil
}

// elbUsers lists, for each target group, the load balancers whose listeners or rules forward to it.
func (s *elbState) elbUsers() map[string][]string {
	users := map[string][]string{}
	add := func(lb string, actions []elbtypes.Action) {
		for _, tg := range elbForwardTargets(actions) {
			if !slices.Contains(users[tg], lb) {
				users[tg] = append(users[tg], lb)
			}
		}
	}
	for _, l := range s.Listeners {
		add(sdkaws.ToString(l.LoadBalancerArn), l.DefaultActions)
	}
	for _, rule := range s.Rules {
		if l := s.Listeners[rule.ListenerArn]; l != nil {
			add(sdkaws.ToString(l.LoadBalancerArn), rule.Actions)
		}
	}
	for _, lbs := range users {
		slices.Sort(lbs)
	}
	return users
}

// certificateUsers are the load balancers whose listeners use a certificate: what ACM reports as InUseBy.
func (s *elbState) certificateUsers(arn string) []string {
	var users []string
	for _, l := range s.Listeners {
		used := slices.Contains(l.Extra, arn)
		for _, cert := range l.Certificates {
			used = used || sdkaws.ToString(cert.CertificateArn) == arn
		}
		if lb := sdkaws.ToString(l.LoadBalancerArn); used && !slices.Contains(users, lb) {
			users = append(users, lb)
		}
	}
	slices.Sort(users)
	return users
}

// elbPage cuts one page out of items. The marker is the position of the next item.
func elbPage[T any](items []T, marker *string, size *int32) ([]T, *string, error) {
	start := 0
	if m := sdkaws.ToString(marker); m != "" {
		if _, err := fmt.Sscanf(m, "p%d", &start); err != nil || start <= 0 || start > len(items) {
			return nil, nil, apiError("ValidationError", "Invalid marker '%s'", m)
		}
	}
	end := len(items)
	if n := int(sdkaws.ToInt32(size)); n > 0 && start+n < end {
		end = start + n
	}
	if end < len(items) {
		return items[start:end], new(fmt.Sprintf("p%d", end)), nil
	}
	return items[start:end], nil, nil
}
