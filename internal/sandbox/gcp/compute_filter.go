package gcp

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
)

// condition is one comparison of a filter.
type condition struct {
	// path are the steps to a field, by its name in JSON.
	path  []string
	op    string
	value string
}

var (
	comparison = regexp.MustCompile(`^([A-Za-z][\w.\-]*)\s*(!=|=|:|\s(?:eq|ne)\s)\s*(.*)$`)
	quoted     = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	beyond     = regexp.MustCompile(`(?:^|[\s()])(?:OR|NOT)(?:[\s()]|$)|[<>]`)
	unquoted   = regexp.MustCompile(`^[^\s"'()]+$`)
)

// parseFilter reads the forms of filters that clients of this kind write: comparisons with =, !=, : and *, or with eq and ne and a
// regular expression, alone or in parentheses that stand side by side or with AND in between. Everything else is refused, because
// a filter that is read wrongly answers wrongly without a word.
func parseFilter(text string) ([]condition, error) {
	if beyond.MatchString(quoted.ReplaceAllString(text, `""`)) {
		return nil, invalid("filter", text, "The sandbox does not implement OR, NOT, <, >, <= and >= in filters.")
	}
	var all []condition
	for rest := strings.TrimSpace(text); rest != ""; {
		var part string
		if strings.HasPrefix(rest, "(") {
			var closed bool
			if part, rest, closed = cutUnquoted(rest[1:], ")"); !closed {
				return nil, badFilter(text)
			}
			rest = strings.TrimSpace(rest)
			after, joined := strings.CutPrefix(rest, "AND")
			if joined && strings.TrimSpace(after) == "" || !joined && rest != "" && !strings.HasPrefix(rest, "(") {
				return nil, badFilter(text)
			}
			rest = strings.TrimSpace(after)
		} else {
			part, rest, _ = cutUnquoted(rest, " AND ")
		}
		one, ok := parseCondition(strings.TrimSpace(part))
		if !ok {
			return nil, badFilter(text)
		}
		all = append(all, one)
	}
	return all, nil
}

// cutUnquoted is strings.Cut at a separator that is not in quotes.
func cutUnquoted(text, separator string) (before, after string, found bool) {
	quote := byte(0)
	for i := range len(text) {
		switch at := text[i]; {
		case quote != 0:
			if at == quote {
				quote = 0
			}
		case at == '"' || at == '\'':
			quote = at
		case strings.HasPrefix(text[i:], separator):
			return text[:i], text[i+len(separator):], true
		}
	}
	return text, "", false
}

func badFilter(text string) error { return invalid("filter", text, "Invalid list filter expression.") }

func parseCondition(text string) (condition, bool) {
	parts := comparison.FindStringSubmatch(text)
	if parts == nil {
		return condition{}, false
	}
	one := condition{path: strings.Split(parts[1], "."), op: strings.TrimSpace(parts[2]), value: parts[3]}
	if n := len(one.value); n > 1 && (one.value[0] == '"' || one.value[0] == '\'') && one.value[n-1] == one.value[0] {
		one.value = one.value[1 : n-1]
		return one, !strings.ContainsAny(one.value, `"'`)
	}
	if !unquoted.MatchString(one.value) {
		return one, false
	}
	if one.op == "eq" || one.op == "ne" {
		_, err := regexp.Compile(one.value)
		return one, err == nil
	}
	return one, true
}

// holds compares a message with every condition.
func holds(conditions []condition, m proto.Message) (bool, error) {
	if len(conditions) == 0 {
		return true, nil
	}
	tree, err := protoTree(m)
	if err != nil {
		return false, err
	}
	for _, one := range conditions {
		ok, err := one.holds(tree)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (f condition) holds(tree map[string]any) (bool, error) {
	var at any = tree
	for _, step := range f.path {
		node, ok := at.(map[string]any)
		if !ok {
			at = nil
			break
		}
		at = node[step]
	}
	have, known := scalar(at)
	switch f.op {
	case "=", "!=":
		if strings.Contains(f.value, "*") && f.op == "!=" {
			return false, badFilter(strings.Join(f.path, ".") + f.op + f.value)
		}
		return (known && glob(f.value, have)) == (f.op == "="), nil
	case ":":
		return known && (f.value == "*" || glob(f.value, have)), nil
	}
	whole, err := regexp.Compile("^(?:" + f.value + ")$")
	if err != nil {
		return false, badFilter(f.value)
	}
	return (known && whole.MatchString(have)) == (f.op == "eq"), nil
}

// glob compares with * standing for any run.
func glob(want, have string) bool {
	parts := strings.Split(want, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return pattern(strings.Join(parts, ".*")).MatchString(have)
}

func scalar(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case json.Number:
		return value.String(), true
	case nil:
		return "", false
	}
	return fmt.Sprint(value), true
}
