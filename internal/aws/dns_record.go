package aws

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// dnsRecords are the alias records of endpoints. A record carries no tags: ours
// is the one that leads to a load balancer of ours, and, while it is wanted, the
// one that was last seen as ours wherever it leads now. Any other at the name is
// somebody else's.
type dnsRecords struct {
	*client
	loadBalancer *stack.Object[loadBalancerSpec, loadBalancerLive]
	// all gives the load balancers of the stack, of now and from before.
	all          func() []*loadBalancerLive
	zone, domain string
	// wanted is false of a record that is to go; seen says that the last
	// observation had it.
	wanted, seen bool
	// names are those that the stack's load balancers can have.
	names  []string
	change *dnsChange
}

// dnsChange is the last change of a record that Route 53 may still be carrying
// to its name servers.
type dnsChange struct {
	mu sync.Mutex
	id string
}

type dnsRecordSpec struct {
	// Target and TargetZone are the load balancer's name and its zone.
	Target, TargetZone string
}

type dnsRecordLive struct {
	r53types.ResourceRecordSet
	// Beside are the other types of record that lead callers from the same name.
	Beside []string
	// Spreading says that not all name servers have the last change.
	Spreading bool
}

var _ stack.Kind[dnsRecordSpec, dnsRecordLive] = dnsRecords{}

func (k dnsRecords) Find(ctx context.Context, _ string) ([]*dnsRecordLive, error) {
	if _, err := k.loadBalancer.Found(ctx); err != nil {
		return nil, err
	}
	records, err := k.reader.records.Get(ctx, recordKey(k.zone, k.domain))
	if err != nil {
		return nil, err
	}
	live, others := k.sort(records)
	if live == nil {
		if k.wanted && len(others) > 0 {
			return nil, k.foreign(others)
		}
		return nil, nil
	}
	live.Beside = others
	live.Spreading, err = k.spreading(ctx)
	return []*dnsRecordLive{live}, err
}

// sort picks our record out of those of the name, and names the types of others
// that lead callers somewhere.
func (k dnsRecords) sort(records []r53types.ResourceRecordSet) (live *dnsRecordLive, others []string) {
	for _, r := range records {
		switch r.Type {
		case r53types.RRTypeA:
			// One of several for a name has an identifier, and ours never is.
			if r.SetIdentifier == nil && k.ours(r) {
				live = &dnsRecordLive{ResourceRecordSet: r}
				continue
			}
		case r53types.RRTypeAaaa, r53types.RRTypeCname:
		default:
			continue
		}
		others = append(others, string(r.Type))
	}
	return live, sorted(others)
}

// foreign is that the name leads callers somewhere else already.
func (k dnsRecords) foreign(types []string) *stack.ForeignError {
	return &stack.ForeignError{
		What: "the " + strings.Join(types, " and ") + " record of " + k.domain + " in hosted zone " + k.zone,
		Next: "remove it, so that the cluster makes its own, or take away endpoint.dns and keep the record yourself",
	}
}

// ours reports whether a record leads to a load balancer of the stack, of now or
// from before. The name of one that is gone is believed only where the last
// observation had the record.
func (k dnsRecords) ours(r r53types.ResourceRecordSet) bool {
	if k.wanted && k.seen {
		return true
	}
	if slices.ContainsFunc(k.all(), func(lb *loadBalancerLive) bool { return leadsTo(r, lb) }) {
		return true
	}
	return k.seen && slices.ContainsFunc(k.names, func(name string) bool {
		// The cloud adds a hyphen and digits. More hyphens are of a longer name, which is
		// another cluster's.
		rest, ok := strings.CutPrefix(strings.TrimPrefix(aliasTarget(r), "internal-"), strings.ToLower(name)+"-")
		added, domain, _ := strings.Cut(rest, ".")
		return ok && !strings.Contains(added, "-") && strings.Contains("."+domain, ".elb.")
	})
}

// leadsTo reports whether a record is an alias of a load balancer.
func leadsTo(r r53types.ResourceRecordSet, lb *loadBalancerLive) bool {
	return r.Type == r53types.RRTypeA && r.SetIdentifier == nil && aliasTarget(r) == plainName(lb.DNSName)
}

// aliasTarget is where an alias leads. The console writes a word before the name
// of a load balancer, which leads to the same.
func aliasTarget(r r53types.ResourceRecordSet) string {
	if r.AliasTarget == nil {
		return ""
	}
	return strings.TrimPrefix(plainName(r.AliasTarget.DNSName), "dualstack.")
}

// spreading asks how far the last change of this process is.
func (k dnsRecords) spreading(ctx context.Context) (bool, error) {
	k.change.mu.Lock()
	defer k.change.mu.Unlock()
	if k.change.id == "" {
		return false, nil
	}
	out, err := k.route53.GetChange(ctx, &route53.GetChangeInput{Id: &k.change.id})
	if absent(err, "NoSuchChange") != nil {
		return false, err
	}
	if err == nil && out.ChangeInfo.Status == r53types.ChangeStatusPending {
		return true, nil
	}
	k.change.id = ""
	return false, nil
}

func (k dnsRecords) ID(*dnsRecordLive) string { return recordKey(k.zone, k.domain) }

func (k dnsRecords) State(live *dnsRecordLive) stack.State {
	if live.Spreading {
		return stack.State{Phase: stack.Pending, Reason: "the change is on its way to the name servers"}
	}
	return stack.State{}
}

func (k dnsRecords) Diff(_ string, want dnsRecordSpec, live *dnsRecordLive) []stack.Difference {
	alias := r53types.AliasTarget{}
	if live.AliasTarget != nil {
		alias = *live.AliasTarget
	}
	diffs := same("alias target", plainName(alias.DNSName), strings.ToLower(want.Target))
	diffs = append(diffs, same("zone of the alias target", aws.ToString(alias.HostedZoneId), want.TargetZone)...)
	diffs = append(diffs, same("evaluation of the target's health", alias.EvaluateTargetHealth, false)...)
	var values []string
	for _, r := range live.ResourceRecords {
		values = append(values, aws.ToString(r.Value))
	}
	diffs = append(diffs, sameSet("value", values, nil)...)
	diffs = append(diffs, same("health check", aws.ToString(live.HealthCheckId), "")...)
	diffs = append(diffs, sameSet("routing policy", routing(live.ResourceRecordSet), nil)...)
	return append(diffs, sameSet("type of record beside it", live.Beside, nil)...)
}

// routing names what makes a record more than a simple one.
func routing(r r53types.ResourceRecordSet) []string {
	var out []string
	for policy, there := range map[string]bool{
		"failover": r.Failover != "", "latency": r.Region != "", "weight": r.Weight != nil, "geolocation": r.GeoLocation != nil, "geoproximity": r.GeoProximityLocation != nil,
		"multivalue": aws.ToBool(r.MultiValueAnswer), "CIDR": r.CidrRoutingConfig != nil, "traffic policy": r.TrafficPolicyInstanceId != nil,
	} {
		if there {
			out = append(out, policy)
		}
	}
	return out
}

// Create never replaces a record that somebody has made meanwhile.
func (k dnsRecords) Create(ctx context.Context, _ string, want dnsRecordSpec, _ string) error {
	return k.send(ctx, r53types.ChangeActionCreate, k.record(want))
}

func (k dnsRecords) Update(ctx context.Context, _ string, want dnsRecordSpec, live *dnsRecordLive, _ []stack.Difference) error {
	if len(live.Beside) > 0 {
		return k.foreign(live.Beside)
	}
	return k.send(ctx, r53types.ChangeActionUpsert, k.record(want))
}

func (k dnsRecords) record(want dnsRecordSpec) r53types.ResourceRecordSet {
	return r53types.ResourceRecordSet{Name: &k.domain, Type: r53types.RRTypeA, AliasTarget: &r53types.AliasTarget{
		DNSName: &want.Target, HostedZoneId: &want.TargetZone,
		// There is no other record to fall back on: an answer with no address would be
		// worse than a load balancer without healthy targets.
		EvaluateTargetHealth: false,
	}}
}

// Delete names the record as it is; Route 53 refuses to remove one that has
// changed meanwhile, or that is gone.
func (k dnsRecords) Delete(ctx context.Context, live *dnsRecordLive) error {
	err := k.send(ctx, r53types.ChangeActionDelete, live.ResourceRecordSet)
	if !isCode(err, "InvalidChangeBatch") {
		return absent(err, "NoSuchHostedZone")
	}
	records, again := k.readRecords(ctx, []string{recordKey(k.zone, k.domain)})
	if again != nil {
		return again
	}
	if now, _ := k.sort(records[recordKey(k.zone, k.domain)]); now == nil {
		return nil
	}
	return err
}

func (k dnsRecords) send(ctx context.Context, action r53types.ChangeAction, record r53types.ResourceRecordSet) error {
	out, err := k.route53.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &k.zone,
		ChangeBatch:  &r53types.ChangeBatch{Changes: []r53types.Change{{Action: action, ResourceRecordSet: &record}}},
	})
	if isCode(err, "NoSuchHostedZone") {
		return &advised{err, "The hosted zone is gone: give endpoint.dns.zone_id another, or take endpoint.dns away."}
	}
	if err != nil {
		return told(err)
	}
	k.change.mu.Lock()
	defer k.change.mu.Unlock()
	k.change.id = aws.ToString(out.ChangeInfo.Id)
	return nil
}
