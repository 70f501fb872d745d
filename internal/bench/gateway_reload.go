package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// reloads measures how soon a new configuration is served, under constant requests, and how large it is.
func (b *bench) reloads(ctx context.Context, e *envoy) error {
	for _, n := range []int{10, 100, 1000} {
		say("taking over the configuration of %d servers", n)
		if err := b.reload(ctx, e, n); err != nil {
			return fmt.Errorf("taking over %d servers: %w", n, err)
		}
	}
	return b.crowded(ctx, e)
}

// crowd is n servers of mode header with two tokens each beside those that were there.
func crowd(config gateway.Config, n int) gateway.Config {
	config.Servers = slices.Clone(config.Servers)
	for i := range n {
		config.Servers = append(config.Servers, gateway.Server{
			ModelServer: serving.ModelServer{Name: fmt.Sprintf("z-fraud-detection-%04d", i), Auth: serving.Auth{
				Mode: serving.AuthHeader, Tokens: map[string]serving.Token{"app": {Value: fmt.Sprintf("%064x", 2*i)}, "ci": {Value: fmt.Sprintf("%064x", 2*i+1)}},
			}},
			Upstream: config.Servers[0].Upstream,
		})
	}
	return config
}

func (b *bench) reload(ctx context.Context, e *envoy, n int) error {
	what := fmt.Sprintf("gateway with %d servers: ", n)
	var sent, lost atomic.Int64
	steady := request{url: e.url + "/header", body: bodyOf(1 << 10), authorization: "Bearer " + benchToken}
	during, end := context.WithCancel(ctx)
	var callers sync.WaitGroup
	for range gatewayCallers {
		callers.Go(func() {
			client := caller()
			defer client.CloseIdleConnections()
			for during.Err() == nil {
				sent.Add(1)
				// A request under way at the end is finished.
				if steady.send(ctx, client) != nil {
					lost.Add(1)
				}
			}
		})
	}
	var times []time.Duration
	var files map[string][]byte
	err := func() error {
		for range 3 {
			config, err := crowd(e.config, n).WithVersion()
			if err != nil {
				return err
			}
			// Each time another version, else there would be nothing to wait for.
			config.Version += fmt.Sprint("-", e.swaps)
			if files, err = gateway.Render(config); err != nil {
				return err
			}
			start := time.Now()
			if err := e.replace(files); err != nil {
				return err
			}
			if err := e.until(ctx, gateway.VersionPath, config.Version); err != nil {
				return err
			}
			times = append(times, time.Since(start))
		}
		return nil
	}()
	end()
	callers.Wait()
	if err != nil {
		return err
	}
	b.table.add(what+"written to served", seconds(median(times)), "<= 5 s", verdict(median(times) <= 5*time.Second))
	b.table.add(what+"requests lost meanwhile", fmt.Sprintf("%d of %d", lost.Load(), sent.Load()), "0", verdict(lost.Load() == 0))
	var secrets [gateway.Secrets]int
	for _, name := range slices.Sorted(maps.Keys(files)) {
		secrets[gateway.SecretOf(name)] += len(files[name])
		b.table.add(what+name, fmt.Sprintf("%d bytes", len(files[name])), "", "")
	}
	for i, size := range secrets {
		share := float64(size) / gateway.MaxSecretBytes
		b.table.add(fmt.Sprintf("%sshare of Secret %d", what, i), fmt.Sprintf("%.3f", share), "<= 0.75", verdict(share <= 0.75))
	}
	return nil
}

// crowded measures a request to the last of 1,000 servers, for Envoy looks at their routes one by one.
func (b *bench) crowded(ctx context.Context, e *envoy) error {
	last := request{url: e.url + "/z-fraud-detection-0999", body: bodyOf(1 << 10), authorization: fmt.Sprintf("Bearer %064x", 2*999+1)}
	first := request{url: e.url + "/header", body: last.body, authorization: "Bearer " + benchToken}
	var a, z load
	for range gatewayRounds {
		if err := z.run(ctx, last, 1, latencyTime); err != nil {
			return err
		}
		if err := a.run(ctx, first, 1, latencyTime); err != nil {
			return err
		}
	}
	b.table.add("gateway with 1000 servers: p50 of the first, of the last", micro(a.quantile(0.5))+", "+micro(z.quantile(0.5)), "", "")
	b.table.ratio("  p50 of the last, of the first's", z.quantile(0.5), a.quantile(0.5), 1.5, "<= 1.5")
	return nil
}
