package gcp

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// transport is on the way of every call: it adds the token and the user agent,
// tries again what the cloud was too busy for but not what a quota of objects forbids, counts writes, and marks the
// calls of which nobody knows whether they were carried out.
type transport struct {
	base     http.RoundTripper
	tokens   *tokenSource
	sandbox  string
	agent    string
	attempts int
	writes   *reads.Epoch
}

const (
	defaultAttempts = 8
	maxBackoff      = 20 * time.Second
	// readiness is for how long an object may be busy with an operation that somebody
	// else has started, or a process that died.
	readiness = 2 * time.Minute
)

// RoundTrip makes a call, in several attempts when it must.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	attempts := cmp.Or(t.attempts, defaultAttempts)
	start := time.Now()
	for attempt := 1; ; attempt++ {
		res, err := t.once(req)
		if !onlyReads(req) {
			t.writes.Add(1)
		}
		verdict := t.judge(req, res, err)
		switch {
		case verdict == lost:
			return nil, &stack.LostError{Err: unanswered(res, err)}
		case verdict == final, verdict == unready && time.Since(start) > readiness:
			return res, err
		case verdict == unready:
		case attempt == attempts:
			// The SDK would go on trying a response of this kind for minutes.
			return nil, &busyError{attempts: attempts, err: unanswered(res, err)}
		}
		pause := backoff(attempt, res)
		if res != nil {
			_ = res.Body.Close() // Whatever is left of a refusal is of no interest.
		}
		timer := time.NewTimer(pause)
		select {
		case <-req.Context().Done():
			timer.Stop()
			return nil, context.Cause(req.Context())
		case <-timer.C:
		}
	}
}

// onlyReads reports whether a call changes nothing, which some do not that are sent
// as POST: those for the health of backends and for an access token.
func onlyReads(req *http.Request) bool {
	return req.Method == http.MethodGet || strings.HasSuffix(req.URL.Path, "/getHealth") || strings.HasSuffix(req.URL.Path, ":generateAccessToken")
}

func (t *transport) once(req *http.Request) (*http.Response, error) {
	token, err := t.tokens.Token(req.Context())
	if err != nil {
		return nil, &CredentialsError{err}
	}
	out := req.Clone(req.Context())
	if req.GetBody != nil {
		if out.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	out.Header.Set("Authorization", "Bearer "+token.Value)
	out.Header.Set("User-Agent", t.agent)
	if t.sandbox != "" {
		target, err := url.Parse(t.sandbox)
		if err != nil {
			return nil, fmt.Errorf("the URL of the sandbox: %w", err)
		}
		out.URL.Scheme, out.URL.Host, out.Host = target.Scheme, target.Host, target.Host
	}
	return t.base.RoundTrip(out)
}

// verdict says what to do about the outcome of one attempt.
type verdict int

const (
	final verdict = iota
	again
	unready
	lost
)

// judge decides. POST makes things, and has no place where the same request twice
// is the same; GET, PUT, PATCH and DELETE do.
func (t *transport) judge(req *http.Request, res *http.Response, err error) verdict {
	makes := req.Method == http.MethodPost && !onlyReads(req)
	var credentials *CredentialsError
	var dial *net.OpError
	switch {
	case errors.As(err, &credentials), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !makes:
		return final
	case errors.As(err, &dial) && dial.Op == "dial":
		return final
	case err != nil && makes:
		return lost
	case err != nil:
		return again
	case res.StatusCode == http.StatusTooManyRequests:
		if body := peek(res); body.lasting() || body.crowded() {
			return final
		}
		return again
	case res.StatusCode == http.StatusForbidden:
		if body := peek(res); body.rate() && !body.lasting() {
			return again
		}
		return final
	case res.StatusCode == http.StatusBadRequest && peek(res).reason() == "resourceNotReady":
		return unready
	case res.StatusCode < http.StatusInternalServerError:
		return final
	case makes:
		return lost
	case res.StatusCode == http.StatusInternalServerError && !onlyReads(req), res.StatusCode == http.StatusNotImplemented:
		return final
	}
	return again
}

// peek reads a refusal and puts its body back: what can be waited for comes with the
// status of a missing permission, of a quota that is used up, and of a bad request.
func peek(res *http.Response) refusal {
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	_ = res.Body.Close() // It was read as far as it goes.
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return refusal{}
	}
	return parseRefusal(body)
}

// backoff is the pause before the next attempt: what the cloud asks for, else
// twice the last one, with jitter.
func backoff(attempt int, res *http.Response) time.Duration {
	if res != nil {
		if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds >= 0 {
			return min(time.Duration(seconds)*time.Second, maxBackoff)
		}
	}
	pause := min(100*time.Millisecond<<min(attempt, 10), maxBackoff)
	return pause/2 + time.Duration(rand.Int64N(int64(pause)/2))
}

// unanswered is the transport's error, or one made of a response.
func unanswered(res *http.Response, err error) error {
	if err != nil {
		return err
	}
	body, readErr := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	_ = res.Body.Close() // It was read as far as it goes.
	if message := parseRefusal(body).Error.Message; readErr == nil && message != "" {
		return fmt.Errorf("%s: %s", res.Status, message)
	}
	return errors.New(res.Status)
}

// busyError says that the cloud was too busy in every attempt.
type busyError struct {
	attempts int
	err      error
}

func (e *busyError) Error() string { return fmt.Sprintf("%s, in %d attempts", e.err, e.attempts) }

// Unwrap gives the last refusal.
func (e *busyError) Unwrap() error { return e.err }
