package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// benchToken is as long as "openssl rand -hex 32" makes one.
const benchToken = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// model is the stub: it reads what it is sent and answers a few bytes.
type model struct{}

func (model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"score":0.5}`)
}

// bodyOf is a JSON body of n bytes with the token last, where it is found late.
func bodyOf(n int) string {
	const head, tail = `{"text":"`, `","auth":"` + benchToken + `"}`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
}

// request is what a caller sends, over and over.
type request struct{ url, authorization, body string }

// send sends it once. Anything but 200 is an error.
func (r request) send(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader([]byte(r.body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if r.authorization != "" {
		req.Header.Set("Authorization", r.authorization)
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s", answer.Status)
	}
	return err
}

// answers waits until the way is open: the keys of an issuer come late.
func (r request) answers(ctx context.Context) error {
	var err error
	for range 100 {
		if err = r.send(ctx, http.DefaultClient); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// caller keeps a connection of its own.
func caller() *http.Client { return &http.Client{Transport: &http.Transport{}} }

// load is what callers saw.
type load struct {
	times []time.Duration
	took  time.Duration
}

// run sends requests one after the other from each caller, for some time.
func (l *load) run(ctx context.Context, r request, callers int, during time.Duration) error {
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	start := time.Now()
	for range callers {
		all.Go(func() {
			client := caller()
			defer client.CloseIdleConnections()
			// The connection is not what is measured.
			err := r.send(ctx, client)
			var times []time.Duration
			for err == nil && time.Since(start) < during {
				began := time.Now()
				err = r.send(ctx, client)
				times = append(times, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			l.times = append(l.times, times...)
			if err != nil {
				failed = err
			}
		})
	}
	all.Wait()
	l.took += time.Since(start)
	return failed
}

func (l *load) perSecond() float64 { return float64(len(l.times)) / l.took.Seconds() }

func (l *load) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(l.times))
	return sorted[int(q*float64(len(sorted)-1))]
}

func micro(d time.Duration) string { return fmt.Sprintf("%d us", d.Microseconds()) }
