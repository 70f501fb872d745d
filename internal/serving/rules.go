package serving

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// rule is what all problems of one kind have in common.
type rule struct {
	id       string
	severity Severity
	summary  string
}

// ruleBook lists every rule, so that a test can demand a case of each.
var ruleBook []rule

// mustNot declares a rule whose problems are errors.
func mustNot(id, summary string) rule { return declare(id, SeverityError, summary) }

// shouldNot declares a rule whose problems are warnings.
func shouldNot(id, summary string) rule { return declare(id, SeverityWarning, summary) }

func declare(id string, severity Severity, summary string) rule {
	r := rule{id: id, severity: severity, summary: summary}
	ruleBook = append(ruleBook, r)
	return r
}

// at makes the problem of this rule at a path.
func (r rule) at(path, detail string, args ...any) Problem {
	return Problem{
		Rule: r.id, Path: path, Severity: r.severity,
		Summary: r.summary, Detail: fmt.Sprintf(detail, args...),
	}
}

// with names the other server that the problem is with.
func (p Problem) with(other string) Problem {
	p.Other = other
	return p
}

// findings collects problems while rules walk over a spec. Every rule asks
// known for its inputs before it judges.
type findings struct {
	unknown  Unknown
	problems []Problem
}

func (f *findings) add(p Problem) { f.problems = append(f.problems, p) }

func (f *findings) known(paths ...string) bool { return f.unknown.Known(paths...) }

// Problems judges the spec on its own. Errors and warnings come in the order
// of the schema. A rule whose inputs are not all known says nothing.
func (c Cluster) Problems() []Problem {
	f := &findings{unknown: c.Unknown}
	f.location(c.Cloud, c.Region, c.Name)
	f.visibility(c)
	f.kubernetesVersion(c)
	f.network(c)
	f.nodePools(c)
	f.endpoint(c)
	f.kubernetesAPI(c)
	f.gateway(c)
	f.of(c.Cloud).arguments(f, c)
	f.tags(c.Cloud, c.Tags)
	return f.problems
}

// sub joins path steps with dots.
func sub(steps ...string) string { return strings.Join(steps, ".") }

// item is the path of a list's element.
func item(list string, i int) string { return list + "." + strconv.Itoa(i) }

// sortedKeys gives a map's keys in a stable order, so that problems come in the
// same order each time.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// repeated calls found for every known element that an earlier known element
// equals.
func (f *findings) repeated(list string, values []string, found func(path, value string, first int)) {
	first := map[string]int{}
	for i, value := range values {
		if value == "" || !f.known(item(list, i)) {
			continue
		}
		if j, ok := first[value]; ok {
			found(item(list, i), value, j)
			continue
		}
		first[value] = i
	}
}
