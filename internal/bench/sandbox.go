package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// sandbox is the cloud on loopback, as a process of its own.
type sandbox struct {
	cmd *exec.Cmd
	url string
}

// roomy lifts the quotas of a new account or project, which fifty networks and peerings exceed.
var roomy = []string{
	"ec2.vpcs", "ec2.internet_gateways", "ec2.addresses", "ec2.nat_gateways_per_zone", "eks.clusters", "elb.application_load_balancers",
	"ec2.vpc_peerings_per_vpc", "ec2.vpc_peering_requests", "ec2.rules_per_security_group", "ec2.routes_per_route_table",
	"compute.networks", "compute.subnetworks", "compute.routers", "compute.firewalls", "compute.static_addresses", "compute.health_checks", "compute.backend_services",
	"compute.url_maps", "compute.ssl_policies", "compute.target_http_proxies", "compute.target_https_proxies", "compute.forwarding_rules", "compute.routes",
	"compute.security_policies", "compute.security_policy_rules", "compute.peerings_per_network", "container.clusters_per_region",
}

func startSandbox(ctx context.Context, binary string) (*sandbox, error) {
	args := []string{"--listen", "127.0.0.1:0"}
	for _, quota := range roomy {
		args = append(args, "--quota", quota+"=1000")
	}
	s := &sandbox{cmd: exec.CommandContext(ctx, binary, args...)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	s.url = strings.TrimSpace(line)
	return s, err
}

func (s *sandbox) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// admin makes a call of the sandbox's own API.
func (s *sandbox) admin(method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, s.url+"/_sandbox"+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("sandbox: %s %s: %s", method, path, answer.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// clean empties the cloud.
func (s *sandbox) clean() error { return s.admin(http.MethodPost, "/reset", struct{}{}, nil) }

// latency is added to every call from now on, and the call log starts anew.
func (s *sandbox) latency(d time.Duration) error {
	if err := s.admin(http.MethodPost, "/config", map[string]any{"latency": d.String()}, nil); err != nil {
		return err
	}
	return s.admin(http.MethodDelete, "/calls", struct{}{}, nil)
}

// call is an entry of the call log.
type call struct {
	Service, Action string
	Time            time.Time
	Mutating        bool
}

func (s *sandbox) calls() (calls []call, err error) {
	return calls, s.admin(http.MethodGet, "/calls", struct{}{}, &calls)
}

// byAction counts calls, the most frequent first.
func byAction(calls []call) string {
	count := map[string]int{}
	for _, c := range calls {
		count[c.Service+"."+c.Action]++
	}
	var out strings.Builder
	actions := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		if d := count[b] - count[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, action := range actions {
		fmt.Fprintf(&out, "%6d  %s\n", count[action], action)
	}
	return out.String()
}
