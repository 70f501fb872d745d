// Command caller is somebody who calls a model through the sandbox's load balancer: TCP from a place in the simulated
// network, TLS to the load balancer, HTTP to the gateway.
//
//	caller -sandbox URL -from PLACE -to HOSTNAME -ca FILE [-token FILE] [-body] -url https://models.example.com/fraud/predict
//	caller ... -until-terminated
//
// PLACE is "internet", an address, or a VPC's id. A token is read from its file for each request, and goes into
// Authorization: Bearer or, with -body, into the key "auth" of the JSON body. The status is printed, or why there was
// none. With -until-terminated requests follow one another; at SIGTERM their number is printed, and that of those
// which were not answered with 200, of which there must be none.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "caller:", err)
		os.Exit(1)
	}
}

type caller struct {
	http   *http.Client
	target *url.URL
	host   string
	token  string
	body   bool
}

func run() error {
	sandbox := flag.String("sandbox", "", "`address` of the sandbox")
	from := flag.String("from", "internet", "`place` of the caller: internet, an address, or the id of a VPC")
	to := flag.String("to", "", "`host name` of the load balancer, in place of DNS")
	ca := flag.String("ca", "", "`file` with the certificate to trust")
	token := flag.String("token", "", "`file` with the token; none without")
	body := flag.Bool("body", false, "send the token in the body")
	target := flag.String("url", "", "what to call")
	repeat := flag.Bool("until-terminated", false, "call until SIGTERM")
	flag.Parse()

	proxy, err := url.Parse(*sandbox)
	if err != nil {
		return err
	}
	proxy.User = url.User(*from)
	u, err := url.Parse(*target)
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(*ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s has no certificate", *ca)
	}
	c := &caller{host: u.Host, token: *token, body: *body, target: u, http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		Proxy:           http.ProxyURL(proxy),
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: u.Hostname()},
	}}}
	u.Host = *to
	if *repeat {
		return c.repeat()
	}
	status, err := c.call()
	if err != nil {
		fmt.Println("no answer:", reason(err))
		return nil
	}
	fmt.Println(status)
	return nil
}

// call makes one request.
func (c *caller) call() (int, error) {
	content := map[string]any{"inputs": []int{1, 2, 3}}
	header := http.Header{"Content-Type": {"application/json"}}
	if c.token != "" {
		text, err := os.ReadFile(c.token)
		if err != nil {
			return 0, err
		}
		token := strings.TrimSpace(string(text))
		if c.body {
			content["auth"] = token
		} else {
			header.Set("Authorization", "Bearer "+token)
		}
	}
	text, err := json.Marshal(content)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequest(http.MethodPost, c.target.String(), bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	request.Host, request.Header = c.host, header
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

func (c *caller) repeat() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	count, bad := 0, map[string]int{}
	for ctx.Err() == nil {
		count++
		switch status, err := c.call(); {
		case err != nil:
			bad[reason(err)]++
		case status != http.StatusOK:
			bad[fmt.Sprint(status)]++
		}
		time.Sleep(5 * time.Millisecond)
	}
	lost := 0
	for _, n := range bad {
		lost += n
	}
	fmt.Printf("%d requests, %d of them without a 200\n", count, lost)
	for what, n := range bad {
		fmt.Printf("  %d: %s\n", n, what)
	}
	if len(bad) > 0 || count == 0 {
		return errors.New("requests were lost")
	}
	return nil
}

// reason takes off the URL.
func reason(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}
