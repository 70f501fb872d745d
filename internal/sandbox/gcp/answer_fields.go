package gcp

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// selection is what the parameter "fields" of a request leaves of an answer: names of fields, each with what it leaves of their
// values. An empty one leaves everything.
type selection map[string]selection

// selectionOf reads the parameter, as in "items(name,labels),nextPageToken" or "items/name", and holds it against the answer of a
// method.
func selectionOf(r *http.Request, m *method) (selection, error) {
	query := r.URL.Query()
	text := query.Get("fields") + query.Get("$fields")
	if text == "" || m.output == nil {
		return nil, nil
	}
	chosen, rest, ok := parseSelection(text)
	if !ok || rest != "" {
		return nil, badSelection(text)
	}
	return chosen.resolve(m.output)
}

func badSelection(text string) error {
	return &Error{Status: 400, Reason: "invalidParameter", Message: "Invalid field selection " + text}
}

var selected = regexp.MustCompile(`^(?:\*|[A-Za-z_][\w\-]*)`)

// parseSelection reads a list of names up to the end of the text or of the parentheses that it is in.
func parseSelection(text string) (all selection, rest string, ok bool) {
	all = selection{}
	for {
		var one selection
		var name string
		if name, one, text, ok = parseSelected(text); !ok {
			return nil, "", false
		}
		all.add(name, one)
		if text == "" || text[0] != ',' {
			return all, text, true
		}
		text = text[1:]
	}
}

// parseSelected reads a name with what is chosen of it: "a", "a/b" or "a(b,c)".
func parseSelected(text string) (name string, below selection, rest string, ok bool) {
	name = selected.FindString(text)
	rest = text[len(name):]
	switch {
	case name == "":
		return "", nil, "", false
	case strings.HasPrefix(rest, "/"):
		child, of, after, ok := parseSelected(rest[1:])
		return name, selection{child: of}, after, ok
	case strings.HasPrefix(rest, "("):
		below, after, ok := parseSelection(rest[1:])
		after, closed := strings.CutPrefix(after, ")")
		return name, below, after, ok && closed
	}
	return name, nil, rest, true
}

// add joins what is chosen of a name in two places.
func (s selection) add(name string, below selection) {
	have, known := s[name]
	switch {
	case !known:
		s[name] = below
	case len(have) == 0 || len(below) == 0:
		s[name] = nil
	default:
		for child, of := range below {
			have.add(child, of)
		}
	}
}

// resolve gives names the form that they have in JSON, and refuses those of no field.
func (s selection) resolve(md protoreflect.MessageDescriptor) (selection, error) {
	out := selection{}
	for name, below := range s {
		if name == "*" {
			// What all fields have in common is not known: whichever has it keeps it.
			out[name] = below
			continue
		}
		field := fieldNamed(md, name)
		if field == nil {
			return nil, badSelection(name)
		}
		if len(below) > 0 && field.IsMap() && field.MapValue().Message() != nil {
			values := selection{}
			for key, of := range below {
				resolved, err := of.resolve(field.MapValue().Message())
				if err != nil {
					return nil, err
				}
				values.add(key, resolved)
			}
			below = values
		} else if len(below) > 0 && !field.IsMap() {
			if field.Message() == nil {
				return nil, badSelection(name)
			}
			var err error
			if below, err = below.resolve(field.Message()); err != nil {
				return nil, err
			}
		}
		out.add(field.JSONName(), below)
	}
	return out, nil
}

// cut takes out of an answer what is not chosen.
func (s selection) cut(raw []byte) []byte {
	tree, err := readTree(raw)
	if err != nil {
		return raw
	}
	s.cutValue(tree)
	out, err := json.Marshal(tree)
	if err != nil {
		return raw
	}
	return out
}

func (s selection) cutValue(value any) {
	if len(s) == 0 {
		return
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			s.cutValue(item)
		}
	case map[string]any:
		for name, child := range value {
			below, chosen := s[name]
			if !chosen {
				below, chosen = s["*"]
			}
			if !chosen {
				delete(value, name)
				continue
			}
			below.cutValue(child)
		}
	}
}
