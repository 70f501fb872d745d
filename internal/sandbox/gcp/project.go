package gcp

import (
	"fmt"
	"maps"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// homeProject is the project of the built-in credentials, and peerProject one that they have no role in.
const (
	homeProject = "sandbox-project"
	peerProject = "peer-project"
)

// builtinProjects are those of every sandbox, with their numbers.
var builtinProjects = map[string]string{homeProject: "111111111111", peerProject: "222222222222"}

// projects are all projects by id.
func (c *Cloud) projects() map[string]string {
	all := maps.Clone(builtinProjects)
	maps.Copy(all, c.config.Projects)
	return all
}

// projectNumber is the number of a project, for code that does not hold the cloud's lock.
func (c *Cloud) projectNumber(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.projects()[id]
}

// projectID finds a project by its id or its number.
func (c *Cloud) projectID(name string) (string, bool) {
	for id, number := range c.projects() {
		if name == id || name == number {
			return id, true
		}
	}
	return "", false
}

// admit returns the id of the project that a path names, if it exists, if the caller may use it and if the API is enabled there. A
// path without a project is let through, as "-" is.
func (c *Cloud) admit(who string, m *method, name, path string) (string, error) {
	if name == "" || name == "-" {
		return name, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.projectID(name)
	switch {
	case !ok && m.service == "compute":
		return "", notFound("projects/" + name)
	case !ok:
		return "", &Error{
			Status: 403, Message: fmt.Sprintf("Permission denied on resource project %s.", name),
			Details: []proto.Message{&errdetails.ErrorInfo{Reason: "CONSUMER_INVALID", Domain: "googleapis.com", Metadata: map[string]string{
				"consumer": "projects/" + name, "service": m.service + ".googleapis.com",
			}}},
		}
	case !c.mayUse(who, id):
		return "", denied(m, path)
	case c.config.Disabled[id+"/"+m.service]:
		return "", c.disabled(m, id)
	}
	return id, nil
}

// denied is what somebody hears who has no role in a project.
func denied(m *method, path string) error {
	_, resource, _ := strings.Cut(path, "/projects/")
	return &Error{Status: 403, Message: fmt.Sprintf("Required '%s' permission for 'projects/%s'", permission(m), resource)}
}

// permission is the name of what a method needs. The names follow those of the methods; IAM's own list has exceptions.
func permission(m *method) string {
	collection, verb, _ := strings.Cut(m.action, ".")
	switch verb {
	case "Insert":
		verb = "create"
	case "AggregatedList":
		verb = "list"
	case "Patch":
		verb = "update"
	}
	return m.service + "." + lowerFirst(collection) + "." + lowerFirst(verb)
}

// apiTitles are the names of APIs for people.
var apiTitles = map[string]string{
	"compute": "Compute Engine API", "container": "Kubernetes Engine API", "certificatemanager": "Certificate Manager API",
	"iamcredentials": "IAM Service Account Credentials API",
}

// disabled is what everybody hears of an API that a project has not enabled.
func (c *Cloud) disabled(m *method, id string) error {
	number, host := c.projects()[id], m.service+".googleapis.com"
	link := "https://console.developers.google.com/apis/api/" + host + "/overview?project=" + number
	message := fmt.Sprintf("%s has not been used in project %s before or it is disabled. Enable it by visiting %s then retry. "+
		"If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.", apiTitles[m.service], number, link)
	return &Error{
		Status: 403, Reason: "accessNotConfigured", Domain: "usageLimits", Code: "PERMISSION_DENIED", Message: message,
		Details: []proto.Message{
			&errdetails.Help{Links: []*errdetails.Help_Link{{Description: "Google developers console API activation", Url: link}}},
			&errdetails.ErrorInfo{Reason: "SERVICE_DISABLED", Domain: "googleapis.com", Metadata: map[string]string{
				"consumer": "projects/" + number, "containerInfo": number, "service": host, "serviceTitle": apiTitles[m.service], "activationUrl": link,
			}},
		},
	}
}
