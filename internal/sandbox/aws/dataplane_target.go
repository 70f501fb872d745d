package aws

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// targetView is a target group as a load balancer works with it: a copy out of the state.
type targetView struct {
	arn                string
	secure             bool
	version, algorithm string
	check              healthCheck
	targets            []target
}

// target is a registered target with the way to it.
type target struct {
	key    string
	port   int
	health elbtypes.TargetHealth
	// machine is nil if nothing of the sandbox has the address.
	machine *machine
	// blocked says why packets of the load balancer do not get to the port, checkBlocked the same for health checks.
	blocked, checkBlocked error
	checkPort             int
	// judged says that somebody set the health behind the sandbox's back, or that it is in a state without health checks.
	judged bool
}

// targetView copies a group. The cloud's lock is held.
func (c *call) targetView(tg *elbTargetGroup) *targetView {
	v := &targetView{
		arn: *tg.TargetGroupArn, secure: tg.Protocol == elbtypes.ProtocolEnumHttps, version: *tg.ProtocolVersion,
		algorithm: tg.Attributes["load_balancing.algorithm.type"], check: healthCheckOf(tg),
	}
	var from *destination
	if users := c.elb().elbUsers()[v.arn]; len(users) > 0 && c.elb().LoadBalancers[users[0]] != nil {
		lb := c.elb().LoadBalancers[users[0]]
		if to, err := c.elbDestination(lb, 0); err == nil {
			from = &to
		}
	}
	for _, key := range sortedKeys(tg.Targets) {
		t := tg.Targets[key]
		one := target{key: key, port: int(*t.Target.Port), health: t.Health, judged: !sandboxOwn(t.Health)}
		one.checkPort = one.port
		if n, err := strconv.Atoi(t.HealthCheckPort); err == nil {
			one.checkPort = n
		}
		if tg.TargetType == elbtypes.TargetTypeEnumInstance {
			one.machine = c.instance(text(t.Target.Id))
		} else {
			one.machine = c.instanceAt(*tg.VpcId, text(t.Target.Id))
		}
		one.blocked, one.checkBlocked = c.reaches(from, one.machine, one.port), c.reaches(from, one.machine, one.checkPort)
		v.targets = append(v.targets, one)
	}
	return v
}

// sandboxOwn reports whether a stored health is what the sandbox itself writes for a target that nobody answers for. Only that
// gives way to real health checks; whatever the admin API sets stays in force.
func sandboxOwn(h elbtypes.TargetHealth) bool {
	return h.State == elbtypes.TargetHealthStateEnumUnhealthy && h.Reason == elbtypes.TargetHealthReasonEnumTimeout
}

// reaches judges the way from a load balancer to a target's port.
func (c *call) reaches(from *destination, to *machine, port int) error {
	switch {
	case to == nil:
		return noPath("target", "nothing in this sandbox has its address")
	case from == nil:
		return noPath("target", "no load balancer that works uses its group")
	case !c.groupsAdmit(from.groups, true, to.endpoint, port):
		return noPath(from.name, "no egress rule of its security groups admits port %d to %s", port, to.address)
	}
	for _, subnet := range from.subnets {
		if err := c.aclAdmits(subnet, true, to.endpoint, port); err != nil {
			return err
		}
	}
	return c.enter(destination{endpoint: to.endpoint, name: "node " + to.name, port: port}, from.endpoint)
}

// targetLoad is what targets are chosen by.
type targetLoad struct{ outstanding atomic.Int64 }

func (p *dataPlane) loadOf(group, key string) *targetLoad {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := group + "|" + key
	if p.load[id] == nil {
		p.load[id] = &targetLoad{}
	}
	return p.load[id]
}

// choose picks a target: among the healthy ones, or among all if none is, as load balancers fail open.
func (p *dataPlane) choose(v *targetView) (*target, error) {
	var healthy, rest []*target
	for i := range v.targets {
		switch t := &v.targets[i]; {
		case t.health.State == elbtypes.TargetHealthStateEnumHealthy:
			healthy = append(healthy, t)
		case t.health.State != elbtypes.TargetHealthStateEnumDraining:
			rest = append(rest, t)
		}
	}
	if len(healthy) == 0 {
		healthy = rest
	}
	if len(healthy) == 0 {
		return nil, fmt.Errorf("the target group %s has no registered targets", v.arn)
	}
	switch v.algorithm {
	case "least_outstanding_requests":
		return slices.MinFunc(healthy, func(a, b *target) int {
			return int(p.loadOf(v.arn, a.key).outstanding.Load() - p.loadOf(v.arn, b.key).outstanding.Load())
		}), nil
	case "weighted_random":
		return healthy[rand.IntN(len(healthy))], nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turns[v.arn]++
	return healthy[p.turns[v.arn]%uint64(len(healthy))], nil
}

// healthCheck is how a group's targets are checked.
type healthCheck struct {
	secure, grpc, http2 bool
	path                string
	codes               string
	timeout             time.Duration
}

func healthCheckOf(tg *elbTargetGroup) healthCheck {
	check := healthCheck{
		secure: tg.HealthCheckProtocol == elbtypes.ProtocolEnumHttps, grpc: *tg.ProtocolVersion == "GRPC", http2: *tg.ProtocolVersion != "HTTP1",
		path: text(tg.HealthCheckPath), timeout: 5 * time.Second,
	}
	if tg.HealthCheckTimeoutSeconds != nil {
		check.timeout = time.Duration(*tg.HealthCheckTimeoutSeconds) * time.Second
	}
	if m := tg.Matcher; m != nil {
		check.codes = text(m.HttpCode)
		if check.grpc {
			check.codes = text(m.GrpcCode)
		}
	}
	return check
}
