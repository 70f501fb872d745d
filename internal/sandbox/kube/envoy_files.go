package kube

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
)

// dnsRefresh is how often Envoy asks for a name unless a cluster says otherwise.
const dnsRefresh = 5 * time.Second

// paths replaces the paths of the container by those of this machine, anywhere in
// a text.
func (p *pod) paths() func(string) string {
	all := p.mappings()
	return func(text string) string {
		for _, m := range all {
			text = replacePath(text, m.inside, m.here)
		}
		return text
	}
}

// replacePath replaces a path where it is whole: /etc/envoy is not in
// /etc/envoy-more, nor in /opt/etc/envoy.
func replacePath(text, from, to string) string {
	if from == "" || !strings.Contains(text, from) {
		return text
	}
	var out strings.Builder
	for {
		at := strings.Index(text, from)
		if at < 0 {
			out.WriteString(text)
			return out.String()
		}
		end := at + len(from)
		out.WriteString(text[:at])
		if at > 0 && isPathByte(text[at-1]) && !strings.HasSuffix(text[:at], "//") || end < len(text) && isPathByte(text[end]) && text[end] != '/' {
			out.WriteString(from)
		} else {
			out.WriteString(to)
		}
		text = text[end:]
	}
}

func isPathByte(b byte) bool {
	return b == '/' || b == '-' || b == '_' || b == '.' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

// translation is for the mounted files of Envoy pods; those of others stay as they
// are.
func (p *pod) translation() func([]byte) []byte {
	spec := p.current()
	isEnvoy := func(c corev1.Container) bool { return imageOf(c.Image) == imageEnvoy }
	if !slices.ContainsFunc(slices.Concat(spec.Spec.InitContainers, spec.Spec.Containers), isEnvoy) {
		return func(content []byte) []byte { return content }
	}
	t := &translator{paths: p.paths(), alias: p.alias.addr.String(), refresh: p.loop.config.scaled(dnsRefresh)}
	t.marks = []string{"0.0.0.0", "127.0.0.1", "localhost", "_DNS", "envoy.config.cluster.v3.Cluster"}
	for _, m := range p.mappings() {
		t.marks = append(t.marks, m.inside)
	}
	return t.translate
}

// A translator makes a file for a container one for a process of this machine,
// which shares its addresses and folders with others.
type translator struct {
	paths   func(string) string
	alias   string
	refresh time.Duration
	// marks are texts of which every file has one that there is something to do in.
	marks []string
}

func (t *translator) translate(content []byte) []byte {
	switch {
	case !t.concerns(content): // As most routes; there may be thousands.
		return content
	case json.Valid(content):
		return t.json(content)
	case utf8.Valid(content) && !bytes.ContainsRune(content, 0):
		return []byte(t.text(string(content)))
	}
	return t.binary(content)
}

// concerns reports whether there may be something to change.
func (t *translator) concerns(content []byte) bool {
	return slices.ContainsFunc(t.marks, func(mark string) bool { return bytes.Contains(content, []byte(mark)) })
}

// address is what the container's own addresses are here. A container's loopback
// and its outside are the same alias.
func (t *translator) address(text string) string {
	switch text {
	case "0.0.0.0", "127.0.0.1", "localhost":
		return t.alias
	}
	return text
}

// text is for YAML: only whole words are addresses.
func (t *translator) text(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		for _, address := range []string{"0.0.0.0", "127.0.0.1"} {
			if strings.Contains(line, "address:") || strings.Contains(line, "address\":") {
				line = replacePath(line, address, t.alias)
			}
		}
		lines[i] = t.paths(line)
	}
	return strings.Join(lines, "\n")
}

// json keeps everything but the strings that mean something of the container's.
func (t *translator) json(content []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber() // A 64-bit number must not become a float.
	var value any
	if err := decoder.Decode(&value); err != nil {
		return content
	}
	switch value.(type) {
	case map[string]any, []any:
	default: // A token, or a number, in a file of its own.
		return content
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(t.walk(value, "")); err != nil {
		return content
	}
	return out.Bytes()
}

func (t *translator) walk(value any, key string) any {
	switch v := value.(type) {
	case string:
		if key == "address" {
			return t.address(v)
		}
		return t.paths(v)
	case []any:
		for i := range v {
			v[i] = t.walk(v[i], key)
		}
	case map[string]any:
		for k := range v {
			v[k] = t.walk(v[k], k)
		}
		if kind := v["type"]; (kind == "STRICT_DNS" || kind == "LOGICAL_DNS") && v["dns_refresh_rate"] == nil && v["dnsRefreshRate"] == nil {
			v["dns_refresh_rate"] = seconds(t.refresh)
		}
	}
	return value
}

// seconds is a duration in protobuf's JSON.
func seconds(d time.Duration) string {
	text, _ := json.Marshal(d.Seconds()) // A number always has a text.
	return string(text) + "s"
}
