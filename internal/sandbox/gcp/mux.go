package gcp

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// route is one place where a method lives.
type route struct {
	method *method
	// path has a group for each of fields, which are paths of fields of the request.
	path   *regexp.Regexp
	fields []string
	// body is the field that takes the body; "*" is the request itself, and empty is none.
	body string
}

// match is a route that fits a request, with the values of its fields.
type match struct {
	*route
	values []string
}

// mux finds methods by verb and path.
type mux struct {
	routes map[string][]*route
}

// newMux reads the annotations of every service that has a handler. Methods without one are known as well, so that they are
// refused by name.
func newMux() (*mux, error) {
	m := &mux{routes: map[string][]*route{}}
	services := map[protoreflect.FullName]protoreflect.ServiceDescriptor{}
	all := make([]*method, 0, len(methods))
	for name, known := range methods {
		all = append(all, known)
		if d, err := protoregistry.GlobalFiles.FindDescriptorByName(name.Parent()); err == nil {
			if service, ok := d.(protoreflect.ServiceDescriptor); ok {
				services[name.Parent()] = service
			}
		}
	}
	for _, service := range services {
		for i := range service.Methods().Len() {
			if d := service.Methods().Get(i); methods[d.FullName()] == nil {
				all = append(all, describe(d))
			}
		}
	}
	// Those with a handler come first, and then the order is that of the names.
	sort.Slice(all, func(i, j int) bool {
		if (all[i].call == nil) != (all[j].call == nil) {
			return all[i].call != nil
		}
		return all[i].name < all[j].name
	})
	for _, known := range all {
		for _, rule := range known.rules {
			verb, template := verbOf(rule)
			r, err := parseTemplate(template)
			if err != nil {
				return nil, fmt.Errorf("path of %s: %w", known.name, err)
			}
			r.method, r.body = known, rule.Body
			m.routes[verb] = append(m.routes[verb], r)
		}
	}
	return m, nil
}

func verbOf(rule *annotations.HttpRule) (verb, template string) {
	switch pattern := rule.Pattern.(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, pattern.Get
	case *annotations.HttpRule_Put:
		return http.MethodPut, pattern.Put
	case *annotations.HttpRule_Post:
		return http.MethodPost, pattern.Post
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, pattern.Delete
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, pattern.Patch
	}
	return "", ""
}

// parseTemplate reads a path such as "/v1/{name=projects/*/locations/*}/clusters" or "/compute/v1/projects/{project}".
func parseTemplate(template string) (*route, error) {
	r := &route{}
	var text strings.Builder
	text.WriteString("^")
	for rest := template; rest != ""; {
		literal, after, found := strings.Cut(rest, "{")
		text.WriteString(regexp.QuoteMeta(literal))
		if !found {
			break
		}
		variable, tail, closed := strings.Cut(after, "}")
		if !closed {
			return nil, fmt.Errorf("template %q does not close a variable", template)
		}
		field, pattern, given := strings.Cut(variable, "=")
		if !given {
			pattern = "*"
		}
		segments := regexp.QuoteMeta(pattern)
		segments = strings.ReplaceAll(segments, `\*\*`, `.+`)
		segments = strings.ReplaceAll(segments, `\*`, `[^/]+`)
		text.WriteString("(" + segments + ")")
		r.fields = append(r.fields, field)
		rest = tail
	}
	text.WriteString("$")
	path, err := regexp.Compile(text.String())
	r.path = path
	return r, err
}

// find returns every route that fits, those with a handler first.
func (m *mux) find(verb string, u *url.URL) []match {
	var found []match
	for _, r := range m.routes[verb] {
		if values := r.path.FindStringSubmatch(u.Path); values != nil {
			found = append(found, match{route: r, values: values[1:]})
		}
	}
	return found
}

// Serves reports whether a path belongs to this cloud. The sandbox's other clouds have none of these.
func Serves(path string) bool {
	return strings.HasPrefix(path, "/compute/v1/") || strings.HasPrefix(path, "/v1/projects/")
}

// located reads project and location out of a path.
func located(path string) (project, location string) {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		next := ""
		if i+1 < len(segments) {
			next = segments[i+1]
		}
		switch {
		case segment == "projects" && project == "":
			project = next
		case project == "" || location != "":
		case segment == "regions" || segment == "zones" || segment == "locations":
			location = next
		case segment == global && segments[i-1] == project:
			location = global
		}
	}
	// What lists every location, and what is a location itself, is in none.
	if location == "-" {
		location = ""
	}
	return project, location
}
