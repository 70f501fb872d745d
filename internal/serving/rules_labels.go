package serving

import (
	"fmt"
	"strings"
)

var (
	ruleLabelKey      = mustNot("label_key", "Invalid label key")
	ruleLabelValue    = mustNot("label_value", "Invalid label value")
	ruleLabelReserved = mustNot("label_reserved", "Label key is reserved")
	ruleTaintKey      = mustNot("taint_key", "Invalid taint key")
	ruleTaintValue    = mustNot("taint_value", "Invalid taint value")
	ruleTaintReserved = mustNot("taint_reserved", "Taint key is reserved")
	ruleTaintEffect   = mustNot("taint_effect", "Invalid taint effect")
	ruleTaintRepeated = mustNot("taint_repeated", "Taint is listed twice")
	ruleTaintCount    = mustNot("taint_count", "Too many taints")
)

// maxTaints is EKS's limit for a node group (EKS User Guide, "Node taints on
// managed node groups": "A maximum of 50 taints").
const maxTaints = 50

// Keys and values have the form that Kubernetes demands: an optional DNS
// subdomain and a slash, then up to 63 characters (Kubernetes documentation,
// "Labels and Selectors: Syntax and character set").
var (
	labelNameSyntax = upTo(63, `^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	dnsLabelSyntax  = upTo(maxDNSLabel, `^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// subdomain reports whether a text is DNS labels with dots between them.
func subdomain(text string) bool {
	for label := range strings.SplitSeq(text, ".") {
		if !dnsLabelSyntax.MatchString(label) {
			return false
		}
	}
	return true
}

func labelKeyOK(key string) bool {
	prefix, name, found := strings.Cut(key, "/")
	if !found {
		return labelNameSyntax.MatchString(key)
	}
	return len(prefix) <= 253 && subdomain(prefix) && labelNameSyntax.MatchString(name)
}

func labelValueOK(value string) bool { return value == "" || labelNameSyntax.MatchString(value) }

// reservedPrefix names whose a key's prefix is, or "". kubernetes.io and k8s.io
// with all below them "are reserved for Kubernetes core components" (same
// page), eks.amazonaws.com for EKS.
func reservedPrefix(key string) string {
	prefix, _, found := strings.Cut(key, "/")
	if !found {
		return ""
	}
	for _, reserved := range []string{"kubernetes.io", "k8s.io", "eks.amazonaws.com"} {
		if prefix == reserved || strings.HasSuffix(prefix, "."+reserved) {
			return reserved
		}
	}
	return ""
}

// kubeletMaySet reports whether the kubelet takes a reserved label for its own
// node, which is how a node group's labels are set (Kubernetes documentation,
// "NodeRestriction"). Others keep the node from starting.
func kubeletMaySet(key string) bool {
	prefix, _, _ := strings.Cut(key, "/")
	for _, free := range []string{"node.kubernetes.io", "kubelet.kubernetes.io"} {
		if prefix == free || strings.HasSuffix(prefix, "."+free) {
			return true
		}
	}
	return false
}

const (
	keyForm   = "A key is a name of up to 63 letters, digits, '-', '_' and '.' that starts and ends with a letter or digit, with an optional DNS name and '/' before it, as \"example.com/team\"."
	valueForm = "A value is empty or has up to 63 letters, digits, '-', '_' and '.' and starts and ends with a letter or digit."
)

func (f *findings) labels(path string, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		at := sub(path, key)
		switch reserved := reservedPrefix(key); {
		case !labelKeyOK(key):
			f.add(ruleLabelKey.at(at, "The label key is %q. %s Rename it.", key, keyForm))
		case reserved != "" && !kubeletMaySet(key):
			f.add(ruleLabelReserved.at(at, "The label %q is under %s, which Kubernetes and the cloud keep for themselves; a node with it would not start. Use a name of your own.", key, reserved))
		}
		if value := labels[key]; f.known(at) && !labelValueOK(value) {
			f.add(ruleLabelValue.at(at, "The value of label %q is %q. %s Change it.", key, value, valueForm))
		}
	}
}

func (f *findings) taints(path string, taints []Taint) {
	first := map[string]int{}
	for i, taint := range taints {
		at := item(path, i)
		if f.known(sub(at, "key")) {
			switch reserved := reservedPrefix(taint.Key); {
			case !labelKeyOK(taint.Key):
				f.add(ruleTaintKey.at(sub(at, "key"), "The taint's key is %q. %s Rename it.", taint.Key, keyForm))
			case reserved != "":
				f.add(ruleTaintReserved.at(sub(at, "key"), "The taint %q is under %s, whose taints Kubernetes and the cloud set and remove themselves. Use a name of your own.", taint.Key, reserved))
			}
		}
		if f.known(sub(at, "value")) && !labelValueOK(taint.Value) {
			f.add(ruleTaintValue.at(sub(at, "value"), "The taint's value is %q. %s Change it.", taint.Value, valueForm))
		}
		if f.known(sub(at, "effect")) && taint.Effect != "NoSchedule" && taint.Effect != "PreferNoSchedule" && taint.Effect != "NoExecute" {
			f.add(ruleTaintEffect.at(sub(at, "effect"), "The effect is %q. It is \"NoSchedule\", \"PreferNoSchedule\" or \"NoExecute\". Write one of them.", taint.Effect))
		}
		if !f.known(sub(at, "key"), sub(at, "effect")) {
			continue
		}
		pair := fmt.Sprintf("%s:%s", taint.Key, taint.Effect)
		if j, ok := first[pair]; ok {
			f.add(ruleTaintRepeated.at(at, "The taint %s is already at index %d. A node has each pair of key and effect once. Remove one of the two.", pair, j))
			continue
		}
		first[pair] = i
	}
	if n := len(taints); n > maxTaints && f.known(path) {
		f.add(ruleTaintCount.at(path, "There are %d taints. EKS takes %d for a node group. Remove some.", n, maxTaints))
	}
}
