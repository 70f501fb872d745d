package kube

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// rejects says why a pod cannot be at a place, in the scheduler's words. As there,
// the first filter that rejects speaks alone, and resources are all listed.
func rejects(p *corev1.Pod, at *place, places []*place) []string {
	switch taint := untolerated(p, at.node); {
	case at.node.Spec.Unschedulable && !tolerates(p, &corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}):
		return []string{"node(s) were unschedulable"}
	case taint != nil:
		return []string{fmt.Sprintf("node(s) had untolerated taint {%s: %s}", taint.Key, taint.Value)}
	case !nodeMatches(p, at.node):
		return []string{"node(s) didn't match Pod's node affinity/selector"}
	}
	var why []string
	for name, want := range requests(p) {
		if want.IsZero() {
			continue
		}
		if free, ok := at.free[name]; !ok || free.Cmp(want) < 0 {
			if name == corev1.ResourcePods {
				why = append(why, "Too many pods")
			} else {
				why = append(why, "Insufficient "+string(name))
			}
		}
	}
	if len(why) > 0 {
		slices.Sort(why)
		return why
	}
	if reason := spreads(p, at, places); reason != "" {
		return []string{reason}
	}
	if repelled(p, at, places) {
		return []string{"node(s) didn't match pod anti-affinity rules"}
	}
	return nil
}

func tolerates(p *corev1.Pod, t *corev1.Taint) bool {
	return slices.ContainsFunc(p.Spec.Tolerations, func(have corev1.Toleration) bool {
		if have.Effect != "" && have.Effect != t.Effect || have.Key != "" && have.Key != t.Key {
			return false
		}
		return have.Operator == corev1.TolerationOpExists || have.Key != "" && have.Value == t.Value
	})
}

// untolerated is the first taint that keeps a pod off a node.
func untolerated(p *corev1.Pod, n *corev1.Node) *corev1.Taint {
	for i := range n.Spec.Taints {
		if t := &n.Spec.Taints[i]; t.Effect != corev1.TaintEffectPreferNoSchedule && !tolerates(p, t) {
			return t
		}
	}
	return nil
}

// nodeMatches is for nodeSelector and required node affinity.
func nodeMatches(p *corev1.Pod, n *corev1.Node) bool {
	if !labels.SelectorFromSet(p.Spec.NodeSelector).Matches(labels.Set(n.Labels)) {
		return false
	}
	if p.Spec.Affinity == nil || p.Spec.Affinity.NodeAffinity == nil {
		return true
	}
	required := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		return true
	}
	return slices.ContainsFunc(required.NodeSelectorTerms, func(term corev1.NodeSelectorTerm) bool {
		if len(term.MatchExpressions)+len(term.MatchFields) == 0 {
			return false
		}
		return meets(term.MatchExpressions, labels.Set(n.Labels)) && meets(term.MatchFields, labels.Set{metav1.ObjectNameField: n.Name})
	})
}

var operators = map[corev1.NodeSelectorOperator]selection.Operator{
	corev1.NodeSelectorOpIn: selection.In, corev1.NodeSelectorOpNotIn: selection.NotIn,
	corev1.NodeSelectorOpExists: selection.Exists, corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist,
	corev1.NodeSelectorOpGt: selection.GreaterThan, corev1.NodeSelectorOpLt: selection.LessThan,
}

func meets(wants []corev1.NodeSelectorRequirement, have labels.Set) bool {
	for _, want := range wants {
		r, err := labels.NewRequirement(want.Key, operators[want.Operator], want.Values)
		if err != nil || !r.Matches(have) {
			return false
		}
	}
	return true
}

// spreads is topologySpreadConstraints that forbid.
func spreads(p *corev1.Pod, at *place, places []*place) string {
	for _, c := range p.Spec.TopologySpreadConstraints {
		if c.WhenUnsatisfiable != corev1.DoNotSchedule {
			continue
		}
		here, ok := at.node.Labels[c.TopologyKey]
		if !ok {
			return "node(s) didn't match pod topology spread constraints (missing required label)"
		}
		selector, err := metav1.LabelSelectorAsSelector(c.LabelSelector)
		if err != nil {
			return "node(s) didn't match pod topology spread constraints"
		}
		for _, key := range c.MatchLabelKeys {
			if r, err := labels.NewRequirement(key, selection.Equals, []string{p.Labels[key]}); err == nil {
				selector = selector.Add(*r)
			}
		}
		counts := map[string]int32{}
		for _, other := range places {
			domain, ok := other.node.Labels[c.TopologyKey]
			if !ok || !nodeMatches(p, other.node) {
				continue
			}
			counts[domain] += 0
			for _, q := range other.pods {
				if q.Namespace == p.Namespace && q.DeletionTimestamp == nil && selector.Matches(labels.Set(q.Labels)) {
					counts[domain]++
				}
			}
		}
		least := counts[here]
		for _, n := range counts {
			least = min(least, n)
		}
		if c.MinDomains != nil && len(counts) < int(*c.MinDomains) {
			least = 0
		}
		self := int32(0)
		if selector.Matches(labels.Set(p.Labels)) {
			self = 1
		}
		if counts[here]+self-least > c.MaxSkew {
			return "node(s) didn't match pod topology spread constraints"
		}
	}
	return ""
}

// repelled is required pod anti-affinity, of the pod and of those that are there.
func repelled(p *corev1.Pod, at *place, places []*place) bool {
	for _, other := range places {
		for _, q := range other.pods {
			for _, term := range antiTerms(p) {
				if sameDomain(at, other, term.TopologyKey) && selects(term, p, q) {
					return true
				}
			}
			for _, term := range antiTerms(q) {
				if sameDomain(at, other, term.TopologyKey) && selects(term, q, p) {
					return true
				}
			}
		}
	}
	return false
}

func antiTerms(p *corev1.Pod) []corev1.PodAffinityTerm {
	if p.Spec.Affinity == nil || p.Spec.Affinity.PodAntiAffinity == nil {
		return nil
	}
	return p.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}

func sameDomain(a, b *place, key string) bool {
	x, ok := a.node.Labels[key]
	return ok && x == b.node.Labels[key]
}

// selects reports whether a term of one pod means another one.
func selects(term corev1.PodAffinityTerm, of, other *corev1.Pod) bool {
	if len(term.Namespaces) == 0 && of.Namespace != other.Namespace || len(term.Namespaces) > 0 && !slices.Contains(term.Namespaces, other.Namespace) {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(term.LabelSelector)
	return err == nil && selector.Matches(labels.Set(other.Labels))
}
