package serving

import (
	"slices"
	"strings"
)

var (
	ruleServiceNamespace = mustNot("service_namespace", "Invalid namespace")
	ruleServiceReserved  = mustNot("service_namespace_reserved", "Namespace is not for model servers")
	ruleServiceName      = mustNot("service_name", "Invalid name of a service")
	ruleServicePort      = mustNot("service_port", "Invalid port of a service")
)

const maxDNSLabel = 63

var (
	// A namespace is a DNS label of RFC 1123, a service one of RFC 1035, which has
	// a letter first (apimachinery, pkg/util/validation).
	namespaceSyntax = dnsLabelSyntax
	serviceSyntax   = upTo(maxDNSLabel, `^[a-z]([a-z0-9-]*[a-z0-9])?$`)
)

// reservedNamespaces are the gateway's, Kubernetes's and that of the servers
// that run an image: opening one of their services would go around a check.
var reservedNamespaces = []string{"serving-system", "kube-system", "serving-models"}

// service judges the reference to a service that runs already. Whether it
// exists is for the cluster to say.
func (f *findings) service(s ServiceReference) {
	const namespace, name, port = "service.namespace", "service.name", "service.port"
	if f.known(namespace) {
		switch {
		case !namespaceSyntax.MatchString(s.Namespace):
			f.add(ruleServiceNamespace.at(namespace, "The namespace is %q. It has 1 to %d lower-case letters, digits and hyphens, no hyphen first or last. Write it as \"kubectl get services -A\" shows it.", s.Namespace, maxDNSLabel))
		case slices.Contains(reservedNamespaces, s.Namespace):
			f.add(ruleServiceReserved.at(namespace, "The namespace is %q. The services of %s are not for callers. Name one of your own namespaces.", s.Namespace, strings.Join(reservedNamespaces, ", ")))
		}
	}
	if f.known(name) && !serviceSyntax.MatchString(s.Name) {
		f.add(ruleServiceName.at(name, "The service is called %q. Its name has 1 to %d lower-case letters, digits and hyphens, starts with a letter and does not end with a hyphen. "+
			"Write it as \"kubectl get services -A\" shows it.", s.Name, maxDNSLabel))
	}
	if f.known(port) && (s.Port < 1 || s.Port > maxPort) {
		f.add(ruleServicePort.at(port, "The port is %d. It is a port of the service (not of its pods), from 1 to %d. Write it.", s.Port, maxPort))
	}
}
