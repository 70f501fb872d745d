package gcp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// same reports a difference when got is not want.
func same[T comparable](field string, got, want T) []stack.Difference {
	if got == want {
		return nil
	}
	return []stack.Difference{{Field: field, Got: fmt.Sprint(got), Want: fmt.Sprint(want)}}
}

// fixed is same for what a living object cannot change.
func fixed[T comparable](field string, got, want T) []stack.Difference {
	return each(same(field, got, want), func(d *stack.Difference) { d.Immutable = true })
}

// of names the attribute that models the differences.
func of(attribute string, diffs []stack.Difference) []stack.Difference {
	return each(diffs, func(d *stack.Difference) { d.Attribute = attribute })
}

func each(diffs []stack.Difference, change func(*stack.Difference)) []stack.Difference {
	for i := range diffs {
		change(&diffs[i])
	}
	return diffs
}

// sameSet reports what is missing and what is too much in a set.
func sameSet(field string, got, want []string) []stack.Difference {
	var out []stack.Difference
	for _, w := range sorted(want) {
		if !slices.Contains(got, w) {
			out = append(out, stack.Difference{Field: field, Want: w})
		}
	}
	for _, g := range sorted(got) {
		if !slices.Contains(want, g) {
			out = append(out, stack.Difference{Field: field, Got: g})
		}
	}
	return out
}

// sorted gives a sorted copy without duplicates.
func sorted(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

// without gives the elements of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(sorted(a), func(s string) bool { return slices.Contains(b, s) })
}

// has reports whether a difference of one of the fields, or below one, is among
// diffs. A field that ends in a space matches by prefix, as "label " does.
func has(diffs []stack.Difference, fields ...string) bool {
	return slices.ContainsFunc(diffs, func(d stack.Difference) bool {
		return slices.ContainsFunc(fields, func(f string) bool {
			return d.Field == f || strings.HasPrefix(d.Field, f+".") || strings.HasSuffix(f, " ") && strings.HasPrefix(d.Field, f)
		})
	})
}
