package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// admin serves the sandbox's own API: what there is, what was called, and how to spoil it. Every body is JSON.
//
//	GET    /census   live objects: {"total": n, "objects": [{cloud, account, region, kind, id}]}
//	GET    /calls    the log of API calls; DELETE empties it
//	GET    /faults   fault rules in force; POST adds one; DELETE removes all
//	GET    /config   settings in force; POST changes those that are given
//	GET    /state    the whole state by cloud, but for private keys
//	GET    /fields   every leaf of every live object: [{cloud, account, region, kind, id, path, value}]
//	POST   /mutate   changes one of these leaves out of band; a null value clears it
//	POST   /delete   removes an object out of band, whatever depends on it
//	POST   /reset    empties clouds, logs and faults
func (s *Server) admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /census", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Census(), nil) })
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Calls(), nil) })
	mux.HandleFunc("DELETE /calls", func(w http.ResponseWriter, _ *http.Request) { s.ResetCalls(); reply(w, nil, nil) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Faults(), nil) })
	mux.HandleFunc("POST /faults", take(s.AddFault))
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) { s.ClearFaults(); reply(w, nil, nil) })
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Settings(), nil) })
	mux.HandleFunc("POST /config", take(s.Configure))
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		state, err := s.State()
		reply(w, state, err)
	})
	mux.HandleFunc("GET /fields", func(w http.ResponseWriter, _ *http.Request) {
		fields, err := s.Fields()
		reply(w, fields, err)
	})
	mux.HandleFunc("POST /mutate", take(s.Mutate))
	mux.HandleFunc("POST /delete", take(s.Delete))
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) { reply(w, nil, s.Reset()) })
	return mux
}

// take reads a JSON body strictly: a misspelt key would otherwise be a rule that never fires.
func take[T any](apply func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body T
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&body); err != nil {
			reply(w, nil, fmt.Errorf("read request: %w", err))
			return
		}
		reply(w, nil, apply(body))
	}
}

func reply(w http.ResponseWriter, body any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		body = map[string]string{"error": err.Error()}
	}
	if body == nil {
		body = map[string]any{}
	}
	_ = json.NewEncoder(w).Encode(body)
}
