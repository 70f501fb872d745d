package aws

import (
	"io"
	"net/http"
	"time"
)

// maxBody is far above any request of these services.
const maxBody = 4 << 20

// request is one HTTP request on its way through the cloud.
type request struct {
	*http.Request
	body   []byte
	id     string
	wire   *wire
	action string
}

// ServeHTTP answers one AWS API request.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request too large or broken", http.StatusRequestEntityTooLarge)
		return
	}
	req := &request{Request: r, body: body, id: requestID(), wire: &wire{}}
	entry := LoggedCall{Cloud: cloudName, Time: started.UTC(), Agent: r.UserAgent()}
	answer, fault, err := c.serve(req, &entry)
	if err != nil {
		api := req.wire.resolve(asError(err))
		entry.Code, entry.Message = api.Code, api.Message
		err = api
	}
	entry.Duration = Duration(time.Since(started))
	c.log.Add(entry)
	if fault.Hang || fault.DropAnswer {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		req.wire.writeError(w, req.id, asError(err))
		return
	}
	req.wire.writeAnswer(w, req.id, req.action, answer)
}

// serve does everything between reading the request and writing the answer.
func (c *Cloud) serve(req *request, entry *LoggedCall) (map[string]any, Fault, error) {
	who, signed, err := c.authenticate(req.Request, req.body)
	if signed != nil {
		entry.Service, entry.Region = signed.service, signed.region
		req.wire = &wire{name: signed.service, service: c.models[signed.service]}
	}
	if err != nil {
		entry.Action = req.wire.guessAction(req)
		return nil, Fault{}, err
	}
	entry.Account = who.account
	var parameters func() (map[string]any, error)
	req.action, parameters, err = req.wire.route(req)
	entry.Action, entry.Mutating = req.action, mutating(req.action)
	if err != nil {
		return nil, Fault{}, err
	}
	fault, err := c.disturb(req, who.account, signed.region)
	if err != nil || fault.Hang {
		return nil, fault, err
	}
	op := operations[signed.service+"."+req.action]
	if op == nil {
		return nil, fault, req.wire.unknownAction(req.action)
	}
	input, err := parameters()
	if err != nil {
		return nil, fault, err
	}
	if dry, _ := input["DryRun"].(bool); dry && signed.service == "ec2" {
		return nil, fault, &Error{Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set.", Status: 412}
	}
	answer, err := c.run(op, who, signed.region, input)
	return answer, fault, err
}

// disturb applies latency, throttling and faults.
func (c *Cloud) disturb(req *request, account, region string) (Fault, error) {
	c.mu.Lock()
	latency := c.config.Latency
	c.mu.Unlock()
	fault := c.faults.Spoil(req.wire.name, req.action, mutating(req.action))
	if err := c.wait(req, latency+time.Duration(fault.Latency)); err != nil {
		return fault, err
	}
	if fault.Hang {
		select {
		case <-req.Context().Done():
		case <-c.closed:
		}
		return fault, apiError("Hang", "never answered")
	}
	if fault.Code != "" {
		message := fault.Message
		if message == "" {
			message = "Injected by a fault rule."
		}
		return fault, &Error{Code: fault.Code, Message: message, Status: fault.Status}
	}
	if c.throttled(req.wire.name, req.action, account, region, time.Now()) {
		return fault, throttleError(req.wire.name)
	}
	return fault, nil
}

func (c *Cloud) wait(req *request, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-req.Context().Done():
		return apiError("RequestCanceled", "the client went away")
	case <-c.closed:
		return apiError("ServiceUnavailable", "the sandbox is closing")
	}
}
