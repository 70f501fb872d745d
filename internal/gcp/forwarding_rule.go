package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// forwardingRules take what arrives at an address and port to a proxy. Only the
// target of one can change, so the visibility is part of the name.
type forwardingRules struct {
	named[computepb.ForwardingRule, *computepb.ForwardingRule]
}

type forwardingRuleSpec struct {
	// Address is the name of the address. The answer has the number alone, which
	// several networks may have.
	Address string
	Rule    *computepb.ForwardingRule
}

var (
	_ stack.Kind[forwardingRuleSpec, computepb.ForwardingRule] = forwardingRules{}
	_ stack.Replacer                                           = forwardingRules{}
)

// Replaceable is true because of the visibility.
func (k forwardingRules) Replaceable() {}

func (c *client) forwardingRules(o owner, names []string) forwardingRules {
	return forwardingRules{named[computepb.ForwardingRule, *computepb.ForwardingRule]{
		client: c, owner: o, what: "forwarding rule", names: names, all: c.reader.forwardingRules,
		how: fields{fixed: []string{
			"name", "description", "IPAddress", "IPProtocol", "portRange", "loadBalancingScheme", "network", "subnetwork", "networkTier", "allowGlobalAccess",
		}},
	}}
}

// forwardingRule is one for a port. That of a private load balancer answers to
// other regions too, as peered networks may be there.
func forwardingRule(name string, v serving.Visibility, port string, at *computepb.Address, target string, n *network) forwardingRuleSpec {
	rule := &computepb.ForwardingRule{
		Name: &name, IPAddress: proto.String(at.GetAddress()), IPProtocol: proto.String("TCP"), PortRange: proto.String(port + "-" + port), LoadBalancingScheme: proto.String(scheme(v)),
		Target: proto.String(computeLink(target)), Network: proto.String(computeLink(n.vpc())),
	}
	if v == serving.Public {
		rule.NetworkTier = proto.String("PREMIUM")
	} else {
		rule.Subnetwork, rule.AllowGlobalAccess = proto.String(computeLink(n.subnetwork())), proto.Bool(true)
	}
	return forwardingRuleSpec{Address: relative(at.GetSelfLink()), Rule: rule}
}

func (k forwardingRules) Diff(object string, want forwardingRuleSpec, live *computepb.ForwardingRule) []stack.Difference {
	return append(k.named.Diff(object, want.Rule, live), k.owner.differ(object, live.GetLabels())...)
}

func (k forwardingRules) Create(ctx context.Context, object string, want forwardingRuleSpec, token string) error {
	rule := k.marked(object, want.Rule)
	rule.IPAddress = proto.String(computeLink(want.Address))
	return k.insert(ctx, rule.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.forwardingRules.Insert(ctx, &computepb.InsertForwardingRuleRequest{Project: k.project, Region: k.region, RequestId: id, ForwardingRuleResource: rule})
	})
}

func (k forwardingRules) Update(ctx context.Context, object string, want forwardingRuleSpec, live *computepb.ForwardingRule, diffs []stack.Difference) error {
	if has(diffs, "target") {
		op, err := k.compute.forwardingRules.SetTarget(ctx, &computepb.SetTargetForwardingRuleRequest{Project: k.project, Region: k.region, ForwardingRule: live.GetName(),
			TargetReferenceResource: &computepb.TargetReference{Target: want.Rule.Target}})
		if err := k.done(ctx, op, err); err != nil {
			return err
		}
	}
	if !has(diffs, "label ") {
		return nil
	}
	op, err := k.compute.forwardingRules.SetLabels(ctx, &computepb.SetLabelsForwardingRuleRequest{Project: k.project, Region: k.region, Resource: live.GetName(),
		RegionSetLabelsRequestResource: &computepb.RegionSetLabelsRequest{LabelFingerprint: live.LabelFingerprint, Labels: k.owner.relabel(object, live.GetLabels())}})
	return outdated(k.done(ctx, op, err))
}

func (k forwardingRules) Delete(ctx context.Context, live *computepb.ForwardingRule) error {
	op, err := k.compute.forwardingRules.Delete(ctx, &computepb.DeleteForwardingRuleRequest{Project: k.project, Region: k.region, ForwardingRule: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
