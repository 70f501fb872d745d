package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

const (
	// Every way to the stub is measured as often, in turn and then in reverse, so that a busy moment of the machine hits
	// all alike.
	gatewayRounds = 4
	// One caller measures the time of a request, several how many pass.
	gatewayCallers = 8
	latencyTime    = 600 * time.Millisecond
	throughputTime = time.Second
)

// way is one way to the stub model, and what was measured of it.
type way struct {
	name    string
	request request
	// stub and plain are the ways that it is compared with: the stub alone, and Envoy without authentication.
	stub, plain *way
	budget      [2]float64
	alone, busy load
}

// gateway measures what the gateway adds to a request, and how it takes over a new configuration.
func (b *bench) gateway(ctx context.Context) error {
	binary, err := findEnvoy(ctx)
	if err != nil {
		return err
	}
	stub := httptest.NewServer(model{})
	defer stub.Close()
	signer, err := newSigner(b.dir)
	if err != nil {
		return err
	}
	defer signer.close()
	plain, err := startPlainEnvoy(ctx, binary, filepath.Join(b.dir, "plain"), stub.Listener.Addr().String())
	if err != nil {
		return err
	}
	defer plain.stop()
	config := gateway.Config{CABundle: signer.ca, Servers: modes(stub.Listener.Addr().String(), signer)}
	ours, err := startGateway(ctx, binary, filepath.Join(b.dir, "gateway"), config)
	if err != nil {
		return err
	}
	defer ours.stop()
	ways, err := waysTo(stub.URL, plain.url, ours.url, signer)
	if err != nil {
		return err
	}
	for _, w := range ways {
		if err := w.request.answers(ctx); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	say("measuring %d ways to a stub model, %d times each", len(ways), gatewayRounds)
	for range gatewayRounds {
		for _, w := range ways {
			if err := w.measure(ctx); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
		slices.Reverse(ways)
	}
	b.gatewayRows(ways)
	return b.reloads(ctx, ours)
}

// measure adds one round.
func (w *way) measure(ctx context.Context) error {
	if err := w.alone.run(ctx, w.request, 1, latencyTime); err != nil {
		return err
	}
	return w.busy.run(ctx, w.request, gatewayCallers, throughputTime)
}

// modes are the gateway's servers, one for each mode, all before the same stub.
func modes(stub string, s *signer) []gateway.Server {
	tokens := map[string]serving.Token{"app": {Value: benchToken}, "ci": {Value: strings.Repeat("0", 64)}}
	var all []gateway.Server
	for name, auth := range map[string]serving.Auth{
		"none":   {Mode: serving.AuthNone},
		"header": {Mode: serving.AuthHeader, Tokens: tokens},
		"body":   {Mode: serving.AuthBody, Tokens: tokens},
		"jwt":    {Mode: serving.AuthJWT, JWT: &serving.JWT{Issuer: s.issuer, Audiences: []string{"bench"}, JWKSURL: s.url}},
	} {
		all = append(all, gateway.Server{ModelServer: serving.ModelServer{Name: name, Auth: auth}, Upstream: stub})
	}
	return all
}

// waysTo lists what is compared.
func waysTo(stub, plain, ours string, s *signer) ([]*way, error) {
	jwt, err := s.token()
	if err != nil {
		return nil, err
	}
	small, large := bodyOf(1<<10), bodyOf(1<<20)
	alone := &way{name: "the stub alone", request: request{url: stub, body: small}}
	envoy := &way{name: "plain Envoy", request: request{url: plain, body: small}, stub: alone}
	aloneLarge := &way{name: "the stub alone, 1 MiB", request: request{url: stub, body: large}}
	envoyLarge := &way{name: "plain Envoy, 1 MiB", request: request{url: plain, body: large}, stub: aloneLarge}
	to := func(mode, authorization string) *way {
		return &way{
			name: "gateway, mode " + mode, stub: alone, plain: envoy, budget: [2]float64{2, 3},
			request: request{url: ours + "/" + mode, body: small, authorization: authorization},
		}
	}
	bodyLarge := to("body", "")
	bodyLarge.name, bodyLarge.request.body = "gateway, mode body, 1 MiB", large
	// It reads all of the body as JSON to find the token, and only then sends it on.
	bodyLarge.stub, bodyLarge.plain, bodyLarge.budget = aloneLarge, envoyLarge, [2]float64{8, 8}
	return []*way{alone, envoy, to("none", ""), to("header", "Bearer "+benchToken), to("body", ""), to("jwt", "Bearer "+jwt), aloneLarge, envoyLarge, bodyLarge}, nil
}

// gatewayRows writes what was measured, in the order of waysTo.
func (b *bench) gatewayRows(ways []*way) {
	for _, w := range ways {
		b.table.add(w.name+": requests per second", fmt.Sprintf("%.0f", w.busy.perSecond()), "", "")
		b.table.add(w.name+": p50, p99 of one caller", micro(w.alone.quantile(0.5))+", "+micro(w.alone.quantile(0.99)), "", "")
		if w.stub != nil {
			b.table.add("  added to the stub, p50, p99", micro(w.alone.quantile(0.5)-w.stub.alone.quantile(0.5))+", "+micro(w.alone.quantile(0.99)-w.stub.alone.quantile(0.99)), "", "")
			b.table.add("  requests per second, of the stub's", fmt.Sprintf("%.3f", w.busy.perSecond()/w.stub.busy.perSecond()), "", "")
		}
		if w.plain == nil {
			continue
		}
		b.table.add("  requests per second, of plain Envoy's", fmt.Sprintf("%.3f", w.busy.perSecond()/w.plain.busy.perSecond()), "", "")
		for i, q := range []float64{0.5, 0.99} {
			b.table.ratio(fmt.Sprintf("  p%.0f of plain Envoy's", q*100), w.alone.quantile(q), w.plain.alone.quantile(q), w.budget[i], fmt.Sprintf("<= %.1f", w.budget[i]))
		}
	}
}

// findEnvoy is the binary that SERVING_ENVOY names, else that of the tool cache.
func findEnvoy(ctx context.Context) (string, error) {
	if path := os.Getenv("SERVING_ENVOY"); path != "" {
		return path, nil
	}
	return output(ctx, "go", "-C", "internal/tools", "run", "./install", "envoy")
}
