package aws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// motoServer is moto behind a proxy that stands in for what moto does not
// emulate. It looks at moto's own answer each time, so a stand-in retires when
// moto learns better, and every one that was needed is listed.
type motoServer struct {
	url   string
	moto  *url.URL
	stand map[string]standIn

	mu     sync.Mutex
	gaps   map[string]string
	writes []string
	// chains and tags are what certificates should have, by ARN.
	chains, tags map[string]any
	// version is the cluster's, and attached the target groups of Auto Scaling
	// groups.
	version  string
	attached map[string]map[string]bool
}

// standIn replaces an answer of moto's, or leaves it: the reason is what moto
// lacks, empty when it lacks nothing.
type standIn func(m *motoServer, request *http.Request, answer *motoAnswer) (reason string)

type motoAnswer struct {
	status int
	body   []byte
}

// unknown reports whether moto has no such operation: its web framework then
// answers with a page of its own, for a path that it does not know or for the
// NotImplementedError that moto raises.
func (a *motoAnswer) unknown() bool {
	return a.status >= http.StatusBadRequest && bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(a.body)), []byte("<!doctype html>"))
}

// moto connects to the server that SERVING_CONFORMANCE_ENDPOINT names, emptied.
func moto(t *testing.T) (*motoServer, *Backend) {
	t.Helper()
	endpoint := os.Getenv("SERVING_CONFORMANCE_ENDPOINT")
	if endpoint == "" {
		t.Skip("SERVING_CONFORMANCE_ENDPOINT is not set; make conformance starts moto and sets it")
	}
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	reset, err := http.Post(endpoint+"/moto-api/reset", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = reset.Body.Close()
	m := &motoServer{moto: target, stand: standIns, gaps: map[string]string{}, chains: map[string]any{},
		tags: map[string]any{}, attached: map[string]map[string]bool{}}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.url = server.URL
	return m, New(Config{Region: testRegion, Sandbox: m.url, MaxRetries: 2, Poll: stack.Poll{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond}})
}

// list shows each gap as a test that was skipped. Defer it.
func (m *motoServer) list(t *testing.T) {
	m.mu.Lock()
	gaps := maps.Clone(m.gaps)
	m.mu.Unlock()
	for _, operation := range slices.Sorted(maps.Keys(gaps)) {
		if t.Failed() {
			t.Logf("moto: %s: %s", operation, gaps[operation])
			continue
		}
		t.Run(operation, func(t *testing.T) { t.Skipf("moto: %s: %s", operation, gaps[operation]) })
	}
}

// written gives the operations since the last time that may have changed
// something.
func (m *motoServer) written() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.writes
	m.writes = nil
	return out
}

func (m *motoServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	operation := operationOf(r, body)
	answer, header, err := m.ask(r, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	reason := ""
	if stand := m.stand[operation]; stand != nil {
		reason = stand(m, r, answer)
	} else if answer.unknown() {
		reason = "not implemented"
	}
	_, name, _ := strings.Cut(operation, ":")
	m.mu.Lock()
	if reason != "" {
		m.gaps[operation] = reason
	}
	if !isRead(name) {
		m.writes = append(m.writes, operation)
	}
	m.mu.Unlock()
	for _, key := range []string{"Content-Type", "X-Amzn-Errortype"} {
		if value := header.Get(key); value != "" {
			w.Header().Set(key, value)
		}
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body)
}

// json makes another call to moto, in the JSON protocol, signed as r is.
func (m *motoServer) json(r *http.Request, target string, in any) (map[string]any, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	again := r.Clone(r.Context())
	again.Header.Set("X-Amz-Target", target)
	answer, _, err := m.ask(again, body)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(answer.body, &out)
}

func (m *motoServer) ask(r *http.Request, body []byte) (*motoAnswer, http.Header, error) {
	target := *m.moto
	target.Path, target.RawPath, target.RawQuery = r.URL.Path, r.URL.RawPath, r.URL.RawQuery
	request, err := http.NewRequestWithContext(r.Context(), r.Method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header = r.Header.Clone()
	request.Header.Del("Accept-Encoding")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return &motoAnswer{response.StatusCode, text}, response.Header, err
}

var credentialScope = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request`)

// eksOperations are the paths of EKS whose operations have stand-ins; the other
// protocols name the operation in the request.
var eksOperations = []struct {
	method, name string
	path         *regexp.Regexp
}{
	{"GET", "DescribeCluster", regexp.MustCompile(`^/clusters/[^/]+$`)},
	{"GET", "DescribeNodegroup", regexp.MustCompile(`^/clusters/[^/]+/node-groups/[^/]+$`)},
	{"GET", "ListAccessEntries", regexp.MustCompile(`^/clusters/[^/]+/access-entries$`)},
}

// operationOf names the operation of a request as "service:Operation".
func operationOf(r *http.Request, body []byte) string {
	service := "unknown"
	if match := credentialScope.FindStringSubmatch(r.Header.Get("Authorization")); match != nil {
		service = match[1]
	}
	if _, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return service + ":" + name
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
		return service + ":" + form.Get("Action")
	}
	for _, o := range eksOperations {
		if o.method == r.Method && o.path.MatchString(r.URL.EscapedPath()) {
			return service + ":" + o.name
		}
	}
	verb := map[string]string{"GET": "Get", "POST": "Post", "PUT": "Put", "DELETE": "Delete"}[r.Method]
	return fmt.Sprintf("%s:%s %s", service, verb, r.URL.Path)
}

// rewrite changes a JSON answer; change reports whether it had to.
func (a *motoAnswer) rewrite(change func(map[string]any) bool) bool {
	var body map[string]any
	if json.Unmarshal(a.body, &body) != nil || a.status != http.StatusOK || !change(body) {
		return false
	}
	a.body, _ = json.Marshal(body)
	return true
}
