package serving

import (
	"math/big"
	"regexp"
	"strings"
)

// quantitySyntax is that of a Kubernetes quantity without a sign: a decimal
// number and a suffix or an exponent (apimachinery, pkg/api/resource). An
// exponent of two digits is far above anything that fits a machine.
var quantitySyntax = regexp.MustCompile(`^([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$`)

// maxQuantity bounds the text, so that nothing large is computed for a mistake.
const maxQuantity = 32

// factors are what the suffixes multiply by.
var factors = map[string]*big.Rat{
	"n": big.NewRat(1, 1_000_000_000), "u": big.NewRat(1, 1_000_000), "m": big.NewRat(1, 1_000), "": big.NewRat(1, 1),
	"k": big.NewRat(1_000, 1), "M": big.NewRat(1_000_000, 1), "G": big.NewRat(1_000_000_000, 1),
	"T": big.NewRat(1_000_000_000_000, 1), "P": big.NewRat(1_000_000_000_000_000, 1), "E": big.NewRat(1_000_000_000_000_000_000, 1),
	"Ki": big.NewRat(1<<10, 1), "Mi": big.NewRat(1<<20, 1), "Gi": big.NewRat(1<<30, 1),
	"Ti": big.NewRat(1<<40, 1), "Pi": big.NewRat(1<<50, 1), "Ei": big.NewRat(1<<60, 1),
}

// quantity reads a Kubernetes quantity, as "500m" or "8Gi".
func quantity(text string) (*big.Rat, bool) {
	parts := quantitySyntax.FindStringSubmatch(text)
	if parts == nil || len(text) > maxQuantity {
		return nil, false
	}
	number, suffix := parts[1], parts[2]
	if factor, ok := factors[suffix]; ok {
		value, ok := new(big.Rat).SetString(number)
		if !ok {
			return nil, false
		}
		return value.Mul(value, factor), true
	}
	return new(big.Rat).SetString(number + strings.ToLower(suffix))
}

// SameQuantity reports whether two Kubernetes quantities are equal, however
// they are written: "1000m" is "1". Absent ones are equal to each other alone.
func SameQuantity(a, b string) bool {
	if a == b {
		return true
	}
	x, okX := quantity(a)
	y, okY := quantity(b)
	return okX && okY && x.Cmp(y) == 0
}
