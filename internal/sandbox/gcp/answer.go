package gcp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// numericEnums reports whether a client wants enums as numbers: the REST clients for Go do, but for Compute Engine's.
func numericEnums(r *http.Request) bool {
	query := r.URL.Query()
	for _, alt := range []string{query.Get("$alt"), query.Get("alt")} {
		if strings.Contains(alt, "enum-encoding=int") {
			return true
		}
	}
	return false
}

func (c *Cloud) writeAnswer(w http.ResponseWriter, r *http.Request, m *method, answer proto.Message) {
	if m.service == "compute" {
		c.setKind(answer)
	}
	raw, err := protojson.MarshalOptions{UseEnumNumbers: numericEnums(r)}.Marshal(answer)
	if err != nil {
		writeError(w, m.service, asError(fmt.Errorf("encode %T: %w", answer, err)))
		return
	}
	if chosen, err := selectionOf(r, m); err == nil && len(chosen) > 0 {
		raw = chosen.cut(raw)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(raw)
}

// setKind gives an answer of Compute Engine the kind that the discovery document has for its schema.
func (c *Cloud) setKind(m proto.Message) {
	setText(m, "kind", c.compute.Kinds[string(m.ProtoReflect().Descriptor().Name())])
}

// gkeReasons are the words that Kubernetes Engine has for what Compute Engine calls invalid.
var gkeReasons = map[string]string{"INVALID_ARGUMENT": "badRequest", "FAILED_PRECONDITION": "failedPrecondition"}

// writeError answers in the form of google.rpc.Status; Compute Engine and Kubernetes Engine add the form they had before that.
func writeError(w http.ResponseWriter, service string, e *Error) {
	body := map[string]any{"code": e.Status, "message": e.Message, "status": e.canonical()}
	if service == "compute" || service == "container" {
		item := map[string]any{"message": e.Message, "domain": "global", "reason": e.reason()}
		if reason := gkeReasons[e.canonical()]; service == "container" && reason != "" {
			item["reason"] = reason
		}
		if e.Domain != "" {
			item["domain"] = e.Domain
		}
		if e.Location != "" {
			item["location"], item["locationType"] = e.Location, "header"
		}
		body["errors"] = []any{item}
		if service == "compute" && e.Code == "" && len(e.Details) == 0 {
			delete(body, "status")
		}
	}
	var details []json.RawMessage
	for _, d := range e.Details {
		if packed, err := anypb.New(d); err == nil {
			if raw, err := protojson.Marshal(packed); err == nil {
				details = append(details, raw)
			}
		}
	}
	if details != nil {
		body["details"] = details
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if e.Status == http.StatusUnauthorized {
		w.Header().Set("Www-Authenticate", `Bearer realm="https://accounts.google.com/", error="invalid_token"`)
	}
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": body})
}
