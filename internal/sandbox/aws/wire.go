package aws

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
)

// wire speaks one service's protocol. The zero value is for requests that name no service: it answers like the query protocol.
type wire struct {
	name    string
	service *model.Service
}

func (w *wire) protocol() string {
	if w.service == nil {
		return "query"
	}
	return w.service.Metadata.Protocol
}

// route finds the operation that a request means and returns a function that reads its parameters.
func (w *wire) route(req *request) (action string, parameters func() (map[string]any, error), err error) {
	switch w.protocol() {
	case "json":
		return w.routeJSON(req)
	case "rest-json", "rest-xml":
		return w.routeREST(req)
	default:
		return w.routeQuery(req)
	}
}

// guessAction names the action of a request that was refused before it was read, for the log.
func (w *wire) guessAction(req *request) string {
	if _, action, ok := strings.Cut(req.Header.Get("X-Amz-Target"), "."); ok {
		return action
	}
	if form, err := url.ParseQuery(string(req.body)); err == nil && form.Get("Action") != "" {
		return form.Get("Action")
	}
	if action := req.URL.Query().Get("Action"); action != "" {
		return action
	}
	return req.Method + " " + req.URL.Path
}

func (w *wire) unknownAction(action string) error {
	switch w.protocol() {
	case "json", "rest-json", "rest-xml":
		return &Error{Code: "UnknownOperationException", Message: "The sandbox does not implement " + w.name + " " + action + ".", Status: 404}
	default:
		return apiError("InvalidAction", "The action %s is not valid for this web service.", action)
	}
}

// resolve completes an error from the model: the code on the wire and the HTTP status.
func (w *wire) resolve(e *Error) *Error {
	out := *e
	if out.Type == "" {
		out.Type = "Sender"
	}
	if shape := w.errorShape(out.Code); shape != nil {
		if shape.Error.Code != "" {
			out.Code = shape.Error.Code
		}
		if out.Status == 0 {
			out.Status = shape.Error.HTTPStatusCode
		}
	}
	if out.Status == 0 {
		out.Status = http.StatusBadRequest
	}
	return &out
}

// errorShape finds an exception by its shape's name or by its code.
func (w *wire) errorShape(code string) *model.Shape {
	if w.service == nil {
		return nil
	}
	if shape := w.service.Shapes[code]; shape != nil && shape.Error != nil {
		return shape
	}
	for _, shape := range w.service.Shapes {
		if shape.Error != nil && shape.Error.Code == code {
			return shape
		}
	}
	return nil
}

func (w *wire) writeAnswer(out http.ResponseWriter, id, action string, answer map[string]any) {
	op := w.service.Operations[action]
	w.fillLists(op, answer)
	out.Header().Set("X-Amzn-Requestid", id)
	switch w.protocol() {
	case "json", "rest-json":
		body := map[string]any{}
		if op.Output != nil {
			body = w.renderMembers(w.service.Shapes[op.Output.Shape], answer)
		}
		out.Header().Set("Content-Type", w.jsonType())
		status := http.StatusOK
		if op.HTTP.ResponseCode != 0 {
			status = op.HTTP.ResponseCode
		}
		out.WriteHeader(status)
		_ = json.NewEncoder(out).Encode(body)
	case "rest-xml":
		w.writeRESTXML(out, op, answer)
	default:
		out.Header().Set("Content-Type", "text/xml;charset=UTF-8")
		out.WriteHeader(http.StatusOK)
		_, _ = out.Write(w.renderXML(op, id, answer))
	}
}

// fillLists makes an answer's own lists present when they are empty, as AWS does: boto3's users index them unasked.
func (w *wire) fillLists(op *model.Operation, answer map[string]any) {
	if op.Output == nil {
		return
	}
	for name, ref := range w.service.Shapes[op.Output.Shape].Members {
		if w.service.Shapes[ref.Shape].Type == "list" && answer[goName(name)] == nil {
			answer[goName(name)] = []any{}
		}
	}
}

func (w *wire) jsonType() string {
	if w.protocol() == "json" {
		return "application/x-amz-json-" + w.service.Metadata.JSONVersion
	}
	return "application/json"
}

func (w *wire) writeError(out http.ResponseWriter, id string, e *Error) {
	out.Header().Set("X-Amzn-Requestid", id)
	switch w.protocol() {
	case "json", "rest-json":
		body := map[string]any{"message": e.Message}
		for name, value := range e.Fields {
			body[name] = value
		}
		if w.protocol() == "json" {
			body["__type"] = e.Code
		}
		out.Header().Set("X-Amzn-Errortype", e.Code)
		out.Header().Set("Content-Type", w.jsonType())
		out.WriteHeader(e.Status)
		_ = json.NewEncoder(out).Encode(body)
	default:
		out.Header().Set("Content-Type", "text/xml;charset=UTF-8")
		out.WriteHeader(e.Status)
		_, _ = out.Write(w.renderXMLError(id, e))
	}
}

// requestID makes an id in the form AWS gives its requests.
func requestID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:])
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	text := hex.EncodeToString(raw[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}
