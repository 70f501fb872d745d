// Package serving is the domain: what a serving cluster and its certificate
// are, independent of any cloud SDK, of Terraform and of I/O.
//
// A spec is plain data. What Terraform does not know yet while it plans is
// named in the spec's Unknown set, and every rule that needs such a value
// waits until it is known. Rules return problems that carry the path of the
// attribute they belong to.
package serving

import (
	"slices"
	"strings"
)

// Cloud names a cloud as it is written in configuration and in ids.
type Cloud string

// The clouds a cluster can run on.
const (
	AWS Cloud = "aws"
	GCP Cloud = "gcp"
)

// Visibility says who has a network path to a cluster's load balancer.
type Visibility string

// A public load balancer has addresses on the Internet; a private one only in
// its VPC.
const (
	Public  Visibility = "public"
	Private Visibility = "private"
)

// ID names one Terraform object of ours: <cloud>/<region>/<name>.
type ID struct {
	Cloud  Cloud
	Region string
	Name   string
}

// String renders the id as users see and import it.
func (id ID) String() string {
	return string(id.Cloud) + "/" + id.Region + "/" + id.Name
}

// ParseID reads an id of the form <cloud>/<region>/<name>. The second result
// is false when the text has another form.
func ParseID(text string) (ID, bool) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return ID{}, false
	}
	return ID{Cloud: Cloud(parts[0]), Region: parts[1], Name: parts[2]}, true
}

// ModelServerID names a model server: <cloud>/<region>/<cluster>/<name>.
type ModelServerID struct {
	Cluster ID
	Name    string
}

// String renders the id as users see and import it.
func (id ModelServerID) String() string { return id.Cluster.String() + "/" + id.Name }

// ParseModelServerID reads an id of the form <cloud>/<region>/<cluster>/<name>.
// The second result is false when the text has another form.
func ParseModelServerID(text string) (ModelServerID, bool) {
	end := strings.LastIndex(text, "/")
	if end < 0 || end == len(text)-1 {
		return ModelServerID{}, false
	}
	cluster, ok := ParseID(text[:end])
	return ModelServerID{Cluster: cluster, Name: text[end+1:]}, ok
}

// Severity orders problems by what they stop.
type Severity int

const (
	// SeverityError stops the plan: the cloud would refuse it or the result
	// would not work.
	SeverityError Severity = iota
	// SeverityWarning is shown and does not stop anything: the user may want it.
	SeverityWarning
)

// Problem is one broken rule.
type Problem struct {
	// Rule is the stable id of the broken rule, as in "node_pool_sizes".
	Rule string
	// Path is the attribute the problem belongs to, as in
	// "node_pools.gpu.max_size": names joined with dots, map keys included.
	Path     string
	Severity Severity
	// Summary is one line without a final period.
	Summary string
	// Detail says what was given, what the rule is, and what to do next.
	Detail string
	// Other is the name of the other server that the problem is with; empty where
	// there is none.
	Other string
}

// Unknown is the set of attribute paths whose values are not known yet.
type Unknown map[string]bool

// Known reports whether every given path, and everything below and above it,
// is known.
func (u Unknown) Known(paths ...string) bool {
	for _, p := range paths {
		for unknown := range u {
			if unknown == p || strings.HasPrefix(unknown, p+".") || strings.HasPrefix(p, unknown+".") {
				return false
			}
		}
	}
	return true
}

// Lenient turns the errors that time alone has caused into warnings: what exists
// can be planned, changed and destroyed after its certificate has expired.
func Lenient(problems []Problem) []Problem {
	out := slices.Clone(problems)
	for i := range out {
		if out[i].Rule == ruleExpired.id || out[i].Rule == ruleServedExpired.id {
			out[i].Severity = SeverityWarning
		}
	}
	return out
}
