package aws

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// closing is a client that closes a body before it has sent it, as the SDK may.
type closing struct{ http.Client }

func (c *closing) Do(r *http.Request) (*http.Response, error) {
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	return c.Client.Do(r)
}

// once is a body that cannot be read after it was closed.
type once struct {
	io.Reader
	closed bool
}

func (o *once) Close() error { o.closed = true; return nil }

func (o *once) Read(p []byte) (int, error) {
	if o.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return o.Reader.Read(p)
}

func TestWholeBodies(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	text := strings.Repeat("Filter.1.Value=vpc-0123456789abcdef0&", 1000)
	request := func() *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, &once{Reader: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = int64(len(text))
		return r
	}
	if answer, err := (&closing{}).Do(request()); err == nil {
		_ = answer.Body.Close()
		t.Fatal("a body that was closed is sent all the same: the test tests nothing")
	}
	answer, err := withWholeBodies(&closing{}).Do(request())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != text {
		t.Errorf("the server got %d bytes of %d, error %v", len(got), len(text), err)
	}
}
