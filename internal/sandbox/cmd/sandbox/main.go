// Command sandbox serves simulated clouds on loopback. Its URL is the endpoint of the APIs (AWS_ENDPOINT_URL) and the HTTP proxy
// into the simulated networks: curl --proxy URL reaches load balancers from the Internet, HTTPS_PROXY=URL does so for kubectl,
// and http://vpc-...@127.0.0.1:port or http://network-PROJECT.NAME@127.0.0.1:port is the same from a host in that network. Google's
// APIs take "sandbox" for an access token (GOOGLE_OAUTH_ACCESS_TOKEN).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

func run() error {
	var config sandbox.Config
	var both control.Behaviour
	config.AWS.Delays, config.GCP.Delays = map[string]time.Duration{}, map[string]time.Duration{}
	config.AWS.Quotas, config.GCP.Quotas = map[string]int{}, map[string]int{}
	listen := flag.String("listen", "127.0.0.1:4510", "loopback `address` to serve on; port 0 picks a free one")
	flag.StringVar(&config.StateDir, "state", "", "`directory` that keeps the state between runs")
	flag.Float64Var(&both.TimeScale, "time-scale", 0, "`factor` on the clouds' delays: 0 immediate, 1 realistic")
	flag.DurationVar(&both.Consistency, "consistency", 0, "how long a new object stays invisible to describes")
	flag.DurationVar(&both.Latency, "latency", 0, "added to every call")
	flag.Func("delay", "`name=duration` of one delay, whatever the scale; repeatable", func(value string) error {
		name, text, _ := strings.Cut(value, "=")
		d, err := time.ParseDuration(text)
		delays := config.AWS.Delays
		if gcp.KnowsDelay(name) {
			delays = config.GCP.Delays
		}
		delays[name] = d
		return err
	})
	flag.Func("quota", "`name=number` of one quota; repeatable", func(value string) error {
		name, text, _ := strings.Cut(value, "=")
		n, err := strconv.Atoi(text)
		quotas := config.AWS.Quotas
		if gcp.KnowsQuota(name) {
			quotas = config.GCP.Quotas
		}
		quotas[name] = n
		return err
	})
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	for _, cloud := range []*control.Behaviour{&config.AWS.Behaviour, &config.GCP.Behaviour} {
		cloud.TimeScale, cloud.Consistency, cloud.Latency = both.TimeScale, both.Consistency, both.Latency
	}
	server, err := sandbox.New(config)
	if err != nil {
		return err
	}
	url, err := server.Listen(*listen)
	if err != nil {
		return err
	}
	fmt.Println(url)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return server.Close()
}
