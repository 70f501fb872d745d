package kube

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want, live, diffs string }{
		{"equal", `{"a":1,"b":"x"}`, `{"a":1,"b":"x"}`, ""},
		{"changed", `{"a":1}`, `{"a":2}`, ".a: is 2, should be 1"},
		{"missing", `{"a":{"b":1}}`, `{}`, ".a: missing map[b:1]"},
		{"missing below", `{"a":{"b":1}}`, `{"a":{}}`, ".a.b: missing 1"},
		{"of others", `{"a":1}`, `{"a":1,"b":2}`, ""},
		{"empty is none", `{"a":{},"b":[]}`, `{}`, ""},
		{"none is wanted", `{"b":[]}`, `{"b":["x"]}`, ".b: is [x], should be []"},
		{"another type", `{"a":{"b":1}}`, `{"a":"x"}`, ".a.b: missing 1"},
		{"key with dots", `{"a":{"x.y/z":"1"}}`, `{"a":{"x.y/z":"2"}}`, ".a[x.y/z]: is 2, should be 1"},

		{"quantity", `{"cpu":"0.5","memory":"1Gi"}`, `{"cpu":"500m","memory":"1024Mi"}`, ""},
		{"quantity changed", `{"cpu":"0.5"}`, `{"cpu":"600m"}`, ".cpu: is 600m, should be 0.5"},
		{"number is no text", `{"a":1000}`, `{"a":"1k"}`, ".a: is 1k, should be 1000"},
		{"number as text", `{"a":1}`, `{"a":"1"}`, ""},

		{"keyed", `{"env":[{"name":"a","value":"1"},{"name":"b","value":"2"}]}`, `{"env":[{"name":"b","value":"2"},{"name":"a","value":"1"}]}`, ""},
		{"keyed, of others", `{"env":[{"name":"a","value":"1"}]}`, `{"env":[{"name":"z","value":"9"},{"name":"a","value":"1","x":1}]}`, ""},
		{"keyed, missing", `{"env":[{"name":"a","value":"1"}]}`, `{"env":[{"name":"z","value":"9"}]}`, ".env: missing a"},
		{"keyed, changed", `{"env":[{"name":"a","value":"1"}]}`, `{"env":[{"name":"a","value":"2"}]}`, ".env[a].value: is 2, should be 1"},
		{"keyed by two", `{"spec":{"ports":[{"port":80,"protocol":"TCP","nodePort":1}]}}`, `{"spec":{"ports":[{"port":80,"protocol":"UDP"},{"port":80,"protocol":"TCP","nodePort":2}]}}`, ".spec.ports[80 TCP].nodePort: is 2, should be 1"},
		{"keyed by another", `{"volumeMounts":[{"name":"v","mountPath":"/a"},{"name":"v","mountPath":"/b"}]}`, `{"volumeMounts":[{"name":"v","mountPath":"/a"},{"name":"w","mountPath":"/b"}]}`, ".volumeMounts[/b].name: is w, should be v"},
		{"atomic", `{"args":["a","b"]}`, `{"args":["a","c"]}`, ".args[1]: is c, should be b"},
		{"atomic, more", `{"args":["a"]}`, `{"args":["a","b"]}`, ".args: is [a b], should be [a]"},
		{"atomic, order", `{"args":["a","b"]}`, `{"args":["b","a"]}`, ".args[0]: is b, should be a\n.args[1]: is a, should be b"},
		{"ports of a policy are no keyed list", `{"ports":[{"port":1}]}`, `{"ports":[{"port":1},{"port":2}]}`, ".ports: is [map[port:1] map[port:2]], should be [map[port:1]]"},

		{"whole", `{"selector":{"app":"a"}}`, `{"selector":{"app":"a","x":"y"}}`, ".selector.x: unexpected y"},
		{"whole, of labels", `{"podSelector":{"matchLabels":{"app":"a"}}}`, `{"podSelector":{"matchLabels":{"app":"a"},"matchExpressions":[{"key":"x","operator":"Exists"}]}}`, ".podSelector.matchExpressions: unexpected [map[key:x operator:Exists]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var want, live map[string]any
			must(t, json.Unmarshal([]byte(c.want), &want))
			must(t, json.Unmarshal([]byte(c.live), &live))
			var lines []string
			for _, d := range compare("", want, live) {
				lines = append(lines, d.String())
			}
			if got := strings.Join(lines, "\n"); got != c.diffs {
				t.Errorf("differences:\n%s\nshould be:\n%s", got, c.diffs)
			}
		})
	}
}
