package acceptance_test

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	roleOfGCP   = "gcp-permissions/role.yaml"
	sourceOfGCP = "../gcp"
)

// verbsOfGCP are the permissions of calls that are not named after them (IAM, "Compute
// Engine roles and permissions"). A rule of a policy is part of the policy, and the
// health of backends part of their service.
var verbsOfGCP = map[string]string{
	"insert": "create", "aggregatedList": "list", "patch": "update", "wait": "get", "getHealth": "get",
	"addRule": "update", "patchRule": "update", "removeRule": "update", "setNamedPorts": "update",
}

// impliedOnGCP are permissions that have no call of their own: another call is
// refused without them, or the Kubernetes API is.
var impliedOnGCP = map[string]string{
	"certificatemanager.certs.use":           "compute.regionTargetHttpsProxies.create",
	"certificatemanager.operations.get":      "certificatemanager.certs.create", // The client polls it.
	"compute.addresses.createInternal":       "compute.addresses.create",        // With a private load balancer.
	"compute.addresses.deleteInternal":       "compute.addresses.delete",
	"compute.addresses.use":                  "compute.forwardingRules.create",
	"compute.addresses.useInternal":          "compute.forwardingRules.create",
	"compute.globalOperations.get":           "compute.networks.create", // The client polls it.
	"compute.instanceGroups.use":             "compute.regionBackendServices.update",
	"compute.networks.updatePolicy":          "compute.firewalls.create",
	"compute.networks.use":                   "compute.forwardingRules.create",
	"compute.regionBackendServices.use":      "compute.regionUrlMaps.create",
	"compute.regionHealthChecks.use":         "compute.regionBackendServices.create",
	"compute.regionHealthChecks.useReadOnly": "compute.regionBackendServices.create",
	"compute.regionOperations.get":           "compute.subnetworks.create", // The client polls it.
	"compute.regionSecurityPolicies.use":     "compute.regionBackendServices.setSecurityPolicy",
	"compute.regionSslPolicies.use":          "compute.regionTargetHttpsProxies.create",
	"compute.regionTargetHttpProxies.use":    "compute.forwardingRules.create",
	"compute.regionTargetHttpsProxies.use":   "compute.forwardingRules.create",
	"compute.regionUrlMaps.use":              "compute.regionTargetHttpsProxies.create",
	"compute.subnetworks.use":                "container.clusters.create",
	"compute.zoneOperations.get":             "compute.instanceGroups.update", // The client polls it.
	"container.clusters.connect":             "container.clusters.create",     // By the DNS endpoint.
	"iam.serviceAccounts.actAs":              "container.clusters.create",     // As the nodes' service account.
}

// inKubernetes are the permissions that GKE asks for where a caller of the Kubernetes
// API has no role of its RBAC. internal/kube has the kinds.
var inKubernetes = regexp.MustCompile(`^container\.(configMaps|daemonSets|deployments|horizontalPodAutoscalers|namespaces|networkPolicies|podDisruptionBudgets|pods|replicaSets|secrets|services)\.(create|delete|get|list|update)$`)

// permissionOf is the permission that a call needs, empty for what needs none in the
// project.
func permissionOf(service, action string) string {
	kind, verb, isMethod := strings.Cut(action, ".")
	if !isMethod {
		return service + " " + action // No API has such a call.
	}
	verb = lowerFirst(verb)
	switch {
	case service == "iamcredentials":
		return "" // It is given on the service account to act as.
	case service == "compute":
		if other := verbsOfGCP[verb]; other != "" {
			verb = other
		}
		return "compute." + lowerFirst(kind) + "." + verb
	case verb == "getOperation":
		return service + ".operations.get"
	case service == "certificatemanager":
		verb, _, _ = strings.Cut(verb, "Certificate")
		return "certificatemanager.certs." + verb
	}
	for _, of := range []string{"create", "delete", "get", "list"} {
		if verb == of+"Cluster" || verb == of+"Clusters" {
			return "container.clusters." + of
		}
	}
	return "container.clusters.update" // A node pool is part of its cluster.
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// permittedOnGCP holds every call so far against the role that users are given.
func permittedOnGCP(w *world) {
	w.Helper()
	allowed, refused := roleOf(w), map[string]bool{}
	for _, call := range w.Calls() {
		if call.Cloud != "gcp" {
			continue
		}
		name := permissionOf(call.Service, call.Action)
		if name != "" && !slices.Contains(allowed, name) && !refused[name] {
			refused[name] = true
			w.Errorf("examples/%s does not allow %s, which %s.%s needs", roleOfGCP, name, call.Service, call.Action)
		}
	}
}

// roleOf reads the permissions of the role.
func roleOf(t testing.TB) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(examplesFolder, roleOfGCP))
	if err != nil {
		t.Fatal(err)
	}
	var allowed []string
	for _, match := range regexp.MustCompile(`(?m)^ *- ([a-zA-Z.]+)$`).FindAllStringSubmatch(string(content), -1) {
		allowed = append(allowed, match[1])
	}
	return allowed
}

// TestRoleIsWhatTheCodeCalls compares the documented IAM role with the calls that
// internal/gcp makes.
func TestRoleIsWhatTheCodeCalls(t *testing.T) {
	t.Parallel()
	want := permissionsOfCalls(t)
	for permission, by := range impliedOnGCP {
		if want[by] {
			want[permission] = true
		}
	}
	allowed := map[string]bool{}
	for _, permission := range roleOf(t) {
		if allowed[permission] {
			t.Errorf("the role has %s twice", permission)
		}
		allowed[permission] = true
		if !want[permission] && !inKubernetes.MatchString(permission) {
			t.Errorf("the role allows %s, which the provider never needs", permission)
		}
	}
	for _, permission := range slices.Sorted(maps.Keys(want)) {
		if !allowed[permission] {
			t.Errorf("the provider needs %s, which the role lacks", permission)
		}
	}
}

// permissionsOfCalls finds every call of a client in the source, as
// k.compute.networks.Insert(ctx, ...), and gives the permissions for them.
func permissionsOfCalls(t *testing.T) map[string]bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(sourceOfGCP, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := gotoken.NewFileSet()
	clients, found := map[string]string{}, map[string]bool{}
	var sources []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, source)
		ast.Inspect(source, func(node ast.Node) bool { return clientsIn(node, clients) })
	}
	for _, source := range sources {
		ast.Inspect(source, func(node ast.Node) bool {
			method, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			client, ok := method.X.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			holder := lastName(client.X)
			switch kind := clients[client.Sel.Name]; {
			case kind == "" || holder == "reader":
			case client.Sel.Name == "gke" || client.Sel.Name == "certificates":
				found[permissionOf(strings.ToLower(kind), "."+method.Sel.Name)] = true
			case holder == "compute" || holder == "api":
				found[permissionOf("compute", kind+"."+method.Sel.Name)] = true
			}
			return true
		})
	}
	if len(found) < 50 {
		t.Fatalf("internal/gcp needs %d permissions: the search for calls is broken", len(found))
	}
	return found
}

// clientsIn notes the fields of structs that are clients of the SDK, with the kind
// of object that each is for.
func clientsIn(node ast.Node, clients map[string]string) bool {
	field, ok := node.(*ast.Field)
	if !ok || len(field.Names) != 1 {
		return true
	}
	pointer, ok := field.Type.(*ast.StarExpr)
	if !ok {
		return true
	}
	of, ok := pointer.X.(*ast.SelectorExpr)
	if !ok {
		return true
	}
	switch kind, isClient := strings.CutSuffix(of.Sel.Name, "Client"); {
	case !isClient:
	case lastName(of.X) == "compute":
		clients[field.Names[0].Name] = kind
	case lastName(of.X) == "container" || lastName(of.X) == "certificatemanager":
		clients[field.Names[0].Name] = lastName(of.X)
	}
	return true
}

// lastName is the last name of an expression, as "compute" of k.compute.
func lastName(of ast.Expr) string {
	switch e := of.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
