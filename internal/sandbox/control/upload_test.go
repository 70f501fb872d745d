package control

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestUpload asserts when an answer says that the connection ends: when it comes before the end of an HTTP/1.1 request's body.
func TestUpload(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body  string
		major int
		read  int64
		want  string
	}{
		"nothing of it read":     {"0123456789", 1, 0, "close"},
		"a part of it read":      {"0123456789", 1, 4, "close"},
		"all of it read":         {"0123456789", 1, 10, ""},
		"no body":                {"", 1, 0, ""},
		"streams of their own":   {"0123456789", 2, 0, ""},
		"read beyond its length": {"0123456789", 1, 11, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://m.example.com/", strings.NewReader(test.body))
		r.ProtoMajor = test.major
		watched, upload := Watched(r)
		if _, err := io.CopyN(io.Discard, watched.Body, test.read); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		header := http.Header{}
		upload.Parting(header)
		if got := header.Get("Connection"); got != test.want {
			t.Errorf("%s: Connection is %q, want %q", name, got, test.want)
		}
	}
}
