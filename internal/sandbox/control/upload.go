package control

import (
	"io"
	"net/http"
	"sync/atomic"
)

// An Upload is the body of a request, which a target may answer before it has read it.
type Upload struct {
	io.ReadCloser
	// length is what the request announces, negative when it does not.
	length int64
	read   atomic.Int64
	ended  atomic.Bool
	// reusable connections have a next request, which could not be told from the rest of this one.
	reusable bool
}

// Watched is a request with an Upload as its body. It is a copy, because a server looks at its own request to see whether the
// body was read, and waits for the client if not.
func Watched(r *http.Request) (*http.Request, *Upload) {
	u := &Upload{ReadCloser: r.Body, length: r.ContentLength, reusable: r.ProtoMajor == 1}
	if r.ContentLength != 0 {
		r = r.WithContext(r.Context())
		r.Body = u
	}
	return r, u
}

// Read implements io.Reader.
func (u *Upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.read.Add(int64(n))
	if err != nil {
		u.ended.Store(true)
	}
	return n, err
}

// Parting says in an answer's header that the connection will be closed, because the answer comes before the end of the body:
// a client that is not told would use the connection again and find it closed.
func (u *Upload) Parting(header http.Header) {
	if u.reusable && u.read.Load() != u.length && !u.ended.Load() {
		header.Set("Connection", "close")
	}
}
