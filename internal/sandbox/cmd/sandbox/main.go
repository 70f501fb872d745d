// Command sandbox serves simulated clouds on loopback. Its URL is the endpoint of the APIs (AWS_ENDPOINT_URL) and the HTTP proxy
// into the simulated networks: curl --proxy URL reaches load balancers from the Internet, HTTPS_PROXY=URL does so for kubectl,
// and http://vpc-...@127.0.0.1:port or http://subnet-...@127.0.0.1:port is the same from a host in that network.
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
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

func run() error {
	var config sandbox.Config
	config.AWS.Delays = map[string]time.Duration{}
	config.AWS.Quotas = map[string]int{}
	listen := flag.String("listen", "127.0.0.1:4510", "loopback `address` to serve on; port 0 picks a free one")
	flag.StringVar(&config.StateDir, "state", "", "`directory` that keeps the state between runs")
	flag.Float64Var(&config.AWS.TimeScale, "time-scale", 0, "`factor` on the clouds' delays: 0 immediate, 1 realistic")
	flag.DurationVar(&config.AWS.Consistency, "consistency", 0, "how long a new object stays invisible to describes")
	flag.DurationVar(&config.AWS.Latency, "latency", 0, "added to every call")
	flag.Func("delay", "`name=duration` of one delay, whatever the scale; repeatable", func(value string) error {
		name, text, _ := strings.Cut(value, "=")
		d, err := time.ParseDuration(text)
		config.AWS.Delays[name] = d
		return err
	})
	flag.Func("quota", "`name=number` of one quota; repeatable", func(value string) error {
		name, text, _ := strings.Cut(value, "=")
		n, err := strconv.Atoi(text)
		config.AWS.Quotas[name] = n
		return err
	})
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
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
