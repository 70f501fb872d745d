package aws

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// route53Name is a domain name as Route 53 keeps it: in lower case, with a dot at its end, and with other characters than
// letters, digits, hyphens, underscores and dots as \ and three octal digits ("DNS domain name format", Developer Guide).
// The problem says what is wrong with a name in the service's words.
func route53Name(name string) (normal, problem string) {
	var labels []string
	var label strings.Builder
	length, total := 0, 0
	end := func() string {
		if length == 0 {
			return "DomainLabelEmpty (Domain label is empty)"
		}
		if length > 63 {
			return "DomainLabelTooLong (Domain label is too long)"
		}
		labels = append(labels, label.String())
		total += length + 1
		label.Reset()
		length = 0
		return ""
	}
	rest := strings.TrimSuffix(name, ".")
	for i := 0; i < len(rest); i++ {
		b := rest[i]
		if b == '.' {
			if problem := end(); problem != "" {
				return "", fatal(problem, name)
			}
			continue
		}
		if b == '\\' {
			code, ok := octal(rest[i+1:])
			if !ok {
				return "", fatal("InvalidEscapeSequence (An escape code is \\ and three octal digits)", name)
			}
			b, i = code, i+3
		}
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		length++
		if b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_' {
			label.WriteByte(b)
		} else {
			fmt.Fprintf(&label, `\%03o`, b)
		}
	}
	if problem := end(); problem != "" {
		return "", fatal(problem, name)
	}
	if total > 254 {
		return "", fatal("DomainNameTooLong (Domain name is too long)", name)
	}
	return strings.Join(labels, ".") + ".", ""
}

func fatal(problem, value string) string {
	return fmt.Sprintf("FATAL problem: %s encountered with '%s'", problem, value)
}

// octal reads three octal digits.
func octal(s string) (byte, bool) {
	if len(s) < 3 || s[0] > '3' {
		return 0, false
	}
	code := byte(0)
	for _, digit := range []byte(s[:3]) {
		if digit < '0' || digit > '7' {
			return 0, false
		}
		code = code<<3 | (digit - '0')
	}
	return code, true
}

// reversed is what names are ordered by: "www.example.com." becomes "com.example.www.".
func reversed(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// inside reports whether a name is a zone's own or below it.
func inside(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }

// above is the name without its first label.
func above(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}

func sortRecords(records []*route53Record) {
	slices.SortFunc(records, func(a, b *route53Record) int { return compareRecords(*a.Name, a.Type, *b.Name, b.Type) })
}

func compareRecords(a string, aType route53types.RRType, b string, bType route53types.RRType) int {
	return cmp.Or(strings.Compare(reversed(a), reversed(b)), cmp.Compare(aType, bType))
}
