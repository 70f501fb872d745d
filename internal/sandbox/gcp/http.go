package gcp

import (
	"errors"
	"io"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// maxBody is far above any request of these services.
const maxBody = 4 << 20

// ServeHTTP answers one request to a Google API.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request too large or broken", http.StatusRequestEntityTooLarge)
		return
	}
	entry := control.LoggedCall{Time: started.UTC(), Cloud: "gcp", Agent: r.UserAgent(), Action: r.Method + " " + r.URL.Path}
	found := c.mux.find(r.Method, r.URL)
	var m *method
	var answer proto.Message
	var fault control.Fault
	if len(found) == 0 {
		err = &Error{Status: 404, Message: "The sandbox has no method at " + r.Method + " " + r.URL.Path + "."}
		m = &method{}
	} else {
		m, answer, fault, err = c.serve(found, r, body, &entry)
	}
	if err != nil {
		api := asError(err)
		entry.Code, entry.Message = api.canonical(), api.Message
		if m.service == "compute" {
			entry.Code = api.reason()
		}
		err = api
	}
	entry.Duration = control.Duration(time.Since(started))
	c.log.Add(entry)
	if fault.Hang || fault.DropAnswer {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		writeError(w, m.service, asError(err))
		return
	}
	c.writeAnswer(w, r, m, answer)
}

// serve does everything between reading the request and writing the answer.
func (c *Cloud) serve(found []match, r *http.Request, body []byte, entry *control.LoggedCall) (*method, proto.Message, control.Fault, error) {
	m := found[0].method
	project, location := located(r.URL.Path)
	entry.Service, entry.Action, entry.Mutating = m.service, m.action, !m.reads
	entry.Account, entry.Region = project, location
	who, err := c.authenticate(r)
	if err != nil {
		return m, nil, control.Fault{}, err
	}
	id, err := c.admit(who, m, project, r.URL.Path)
	if err != nil {
		return m, nil, control.Fault{}, err
	}
	entry.Account = id
	fault, err := c.disturb(r, m, id, location)
	if err != nil || fault.Hang {
		return m, nil, fault, err
	}
	for _, candidate := range found {
		m = candidate.method
		if m.call == nil {
			break
		}
		// Binding changes the tree of the body, so every candidate reads its own.
		in, tree, err := c.bind(candidate, r, body)
		if err != nil {
			return m, nil, fault, err
		}
		on := &call{Project: id, Location: location, Principal: who, method: m, body: tree, cloud: c}
		if fault.Later {
			on.fail = faultError(fault.Code, fault.Status, fault.Message)
		}
		answer, err := c.answer(r, m, on, in)
		if errors.Is(err, errElsewhere) {
			continue
		}
		entry.Service, entry.Action = m.service, m.action
		return m, answer, fault, err
	}
	if m.call == nil {
		return m, nil, fault, &Error{Status: http.StatusNotImplemented, Message: "The sandbox does not implement " + string(m.name) + "."}
	}
	return m, nil, fault, &Error{Status: 404, Message: "Not found: " + r.URL.Path}
}

// answer runs a method, again and again if it waits for something.
func (c *Cloud) answer(r *http.Request, m *method, on *call, in proto.Message) (proto.Message, error) {
	done := waits[m.name]
	deadline := time.Now().Add(longestWait)
	for {
		answer, err := c.run(m, on, in)
		if err != nil || done == nil || done(answer) || time.Now().After(deadline) {
			return answer, err
		}
		if err := c.pause(r, waitStep); err != nil {
			return nil, err
		}
	}
}

// waits are the methods that answer when something is so, or when they have waited long enough.
var waits = map[fullName]func(answer proto.Message) bool{}

const (
	// longestWait is what the API's reference says of a wait.
	longestWait = 2 * time.Minute
	waitStep    = 20 * time.Millisecond
)

// disturb applies latency, throttling and faults.
func (c *Cloud) disturb(r *http.Request, m *method, project, location string) (control.Fault, error) {
	c.mu.Lock()
	latency, limits := c.config.Latency, c.config.Throttle
	c.mu.Unlock()
	fault := c.faults.Spoil(m.service, m.action, !m.reads)
	if err := c.pause(r, latency+time.Duration(fault.Latency)); err != nil {
		return fault, err
	}
	if fault.Hang {
		select {
		case <-r.Context().Done():
		case <-c.closed:
		}
		return fault, &Error{Status: 504, Message: "never answered"}
	}
	if fault.Code != "" && !fault.Later {
		return fault, faultError(fault.Code, fault.Status, fault.Message)
	}
	if c.throttle.Exceeded(limits, m.service, m.action, project, location, time.Now()) {
		return fault, throttled(m.service, c.projectNumber(project))
	}
	return fault, nil
}

func (c *Cloud) pause(r *http.Request, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Context().Done():
		return &Error{Status: 499, Code: "CANCELLED", Message: "the client went away"}
	case <-c.closed:
		return &Error{Status: 503, Message: "the sandbox is closing"}
	}
}
