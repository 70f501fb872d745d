package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
)

// A stub stands in for a model server: it answers every request with what it has
// received.
type stub struct {
	server *http.Server
	pod    *pod
	app    string
	image  string
	book   *logbook
	over   chan struct{}
	once   sync.Once
	code   int32
}

func (c *container) startStub(book *logbook, image string) (program, error) {
	s := &stub{pod: c.pod, app: appName(c.pod.current()), image: image, book: book, over: make(chan struct{})}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.server = &http.Server{Handler: s, Protocols: &protocols, ErrorLog: silent, ReadHeaderTimeout: time.Minute}
	var listeners []net.Listener
	for _, port := range c.spec.Ports {
		if port.Protocol != "" && port.Protocol != corev1.ProtocolTCP {
			continue
		}
		l, err := net.Listen("tcp", c.pod.aliasPort(port.ContainerPort))
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return nil, fmt.Errorf("the sandbox cannot listen for the container: %w", err)
		}
		listeners = append(listeners, l)
	}
	for _, l := range listeners {
		go func() { _ = s.server.Serve(l) }()
	}
	fmt.Fprintf(book, "%s: a stand-in for image %s listens on %d ports\n", s.app, c.spec.Image, len(listeners))
	return s, nil
}

// appName is what the pod's labels call the model server.
func appName(p *corev1.Pod) string {
	for _, key := range []string{"app.kubernetes.io/instance", "app.kubernetes.io/name", "app"} {
		if name := p.Labels[key]; name != "" {
			return name
		}
	}
	return strings.TrimSuffix(p.GenerateName, "-")
}

func (s *stub) ended() <-chan struct{} { return s.over }

func (s *stub) exit() (int32, string) {
	if s.code != 0 {
		return s.code, "Error"
	}
	return 0, "Completed"
}

func (s *stub) end(grace time.Duration) {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		if grace <= 0 || s.server.Shutdown(ctx) != nil {
			_ = s.server.Close()
		}
		fmt.Fprintln(s.book, "ended")
		close(s.over)
	})
}

func (s *stub) neverReady() bool { return s.image == imageUnready }

func (s *stub) warmUp() time.Duration {
	if s.image == imageSlow {
		return slowStart
	}
	return 0
}

// An echo is the body of an answer.
type echo struct {
	Server  string              `json:"server"`
	Pod     string              `json:"pod"`
	Method  string              `json:"method"`
	Path    string              `json:"path"`
	Query   string              `json:"query"`
	Host    string              `json:"host"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body"`
	// Base64 says that the body is not text and therefore encoded.
	Base64 bool   `json:"base64,omitempty"`
	Proto  string `json:"proto"`
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.UserAgent(), "kube-probe/") {
		// No header, query or body: they may hold what must not be in a log.
		fmt.Fprintf(s.book, "%s %s %s\n", r.Method, r.URL.Path, r.Proto)
	}
	switch {
	case s.image == imageUnready:
		http.Error(w, "never ready", http.StatusServiceUnavailable)
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		echoWebSocket(w, r)
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		echoGRPC(w, r)
	case strings.HasSuffix(r.URL.Path, "/stream"):
		echoEvents(w, r)
	default:
		s.echo(w, r)
	}
}

func (s *stub) echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := echo{
		Server: s.app, Pod: s.pod.current().Name, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Host: r.Host,
		Headers: map[string][]string{}, Body: string(body), Proto: r.Proto,
	}
	for name, values := range r.Header {
		answer.Headers[strings.ToLower(name)] = values
	}
	if !utf8.Valid(body) {
		answer.Body, answer.Base64 = base64.StdEncoding.EncodeToString(body), true
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// A finishedProgram has ended when it starts.
type finishedProgram struct{ over chan struct{} }

// crash is a program that has a problem.
func crash(book *logbook) program {
	fmt.Fprint(book, "loading the model\nreading weights from /models/model.bin\nfatal: /models/model.bin: no such file or directory\n")
	p := finishedProgram{make(chan struct{})}
	close(p.over)
	return p
}

func (p finishedProgram) ended() <-chan struct{} { return p.over }
func (p finishedProgram) exit() (int32, string)  { return 1, "Error" }
func (p finishedProgram) end(time.Duration)      {}
