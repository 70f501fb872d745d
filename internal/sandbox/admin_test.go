package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c, ctx := ec2Client(s.URL), t.Context()
	count := func() int { return len(must(c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{}))(t).Vpcs) }

	s.AWS.AddFault(aws.Fault{Service: "ec2", Action: "CreateVpc", Nth: 2, Code: "InternalError", Status: 500})
	if err := makeVPC(t, c, "10.0.0.0/16", nil); err != nil {
		t.Errorf("first call: %v", err)
	}
	wantCode(t, makeVPC(t, c, "10.1.0.0/16", nil), "InternalError")
	if err := makeVPC(t, c, "10.1.0.0/16", nil); err != nil {
		t.Errorf("third call: %v", err)
	}
	if n := count(); n != 2 {
		t.Errorf("%d VPCs, want 2: a call that failed must not be applied", n)
	}

	// Describes do not count; the call is applied, and the client does not hear of it.
	s.AWS.ClearFaults()
	s.AWS.AddFault(aws.Fault{Mutating: true, Nth: 1, DropAnswer: true})
	count()
	if err := makeVPC(t, c, "10.2.0.0/16", nil); err == nil {
		t.Error("a dropped answer was answered")
	}
	if n := count(); n != 3 {
		t.Errorf("%d VPCs, want 3: a dropped answer's call is applied", n)
	}

	s.AWS.ClearFaults()
	s.AWS.AddFault(aws.Fault{Mutating: true, Nth: 2, Onward: true, Code: "Unavailable", Status: 503})
	if err := makeVPC(t, c, "10.3.0.0/16", nil); err != nil {
		t.Errorf("call before the outage: %v", err)
	}
	wantCode(t, makeVPC(t, c, "10.4.0.0/16", nil), "Unavailable")
	wantCode(t, makeVPC(t, c, "10.4.0.0/16", nil), "Unavailable")
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandboxtest.WithAWS(func(c *aws.Config) { c.Throttle = map[string]float64{"ec2.DescribeVpcs": 0.001, "sts.*": 0.001} }))
	c, ctx := ec2Client(s.URL), t.Context()
	must(c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{}))(t)
	_, err := c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	wantCode(t, err, "RequestLimitExceeded")
	must(c.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{}))(t)
	must(stsClient(s.URL).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t)
	_, err = stsClient(s.URL).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "Throttling")
}

func TestFieldsAndMutate(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c, ctx := ec2Client(s.URL), t.Context()
	n := makeNetwork(t, c)
	fields, err := s.AWS.Fields()
	if err != nil {
		t.Fatal(err)
	}
	var tag *aws.Field
	for i, f := range fields {
		if f.Kind == "ec2.vpc" && f.Path == "/Tags/0/Value" {
			tag = &fields[i]
		}
		if f.Kind == "ec2.security_group" && f.Value == "default" {
			t.Errorf("fields has what AWS made: %+v", f)
		}
	}
	if tag == nil {
		t.Fatalf("the tag's value is not among %d fields", len(fields))
	}
	tag.Value = "changed"
	if err := s.AWS.Mutate(*tag); err != nil {
		t.Fatal(err)
	}
	vpc := must(c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{n.vpc}}))(t).Vpcs[0]
	if *vpc.Tags[0].Value != "changed" {
		t.Errorf("tag after mutation = %s", *vpc.Tags[0].Value)
	}
	tag.Path, tag.Value = "/Tags/0", nil
	if err := s.AWS.Mutate(*tag); err != nil {
		t.Fatal(err)
	}
	if vpc = must(c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{n.vpc}}))(t).Vpcs[0]; len(vpc.Tags) != 0 {
		t.Errorf("tags after the only one was removed = %+v", vpc.Tags)
	}
	tag.Path = "/Nope/0"
	if err := s.AWS.Mutate(*tag); err == nil {
		t.Error("mutation of what is not there succeeded")
	}
	if err := s.AWS.Delete(aws.Object{Account: "123456789012", Region: "us-west-2", Kind: "ec2.nat_gateway", ID: n.nat}); err != nil {
		t.Fatal(err)
	}
	_, err = c.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{n.nat}})
	wantCode(t, err, "NatGatewayNotFound")
}

func TestStateSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	slow := sandboxtest.WithAWS(func(c *aws.Config) { c.Delays = map[string]time.Duration{"ec2.vpc.create": 300 * time.Millisecond} })
	first := sandboxtest.Start(t, sandboxtest.WithStateDir(dir), slow)
	made := must(ec2Client(first.URL).CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")}))(t)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := sandboxtest.Start(t, sandboxtest.WithStateDir(dir), slow)
	c := ec2Client(second.URL)
	waiter := ec2.NewVpcAvailableWaiter(c, func(o *ec2.VpcAvailableWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{*made.Vpc.VpcId}}, 10*time.Second); err != nil {
		t.Errorf("the transition did not survive: %v", err)
	}
}

func TestDelaysAndConsistency(t *testing.T) {
	t.Parallel()
	var skipped atomic.Int64
	start := time.Now()
	s := sandboxtest.Start(t, sandboxtest.WithAWS(func(c *aws.Config) {
		c.TimeScale, c.Consistency = 1, 5*time.Second
		c.Clock = func() time.Time { return start.Add(time.Duration(skipped.Load())) }
	}))
	c, ctx := ec2Client(s.URL), t.Context()
	id := *must(c.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")}))(t).Vpc.VpcId
	_, err := c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}})
	wantCode(t, err, "InvalidVpcID.NotFound")
	if all := must(c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{}))(t); len(all.Vpcs) != 0 {
		t.Error("a list shows an object within the consistency window")
	}
	skipped.Store(int64(6 * time.Second))
	vpc := must(c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}}))(t).Vpcs[0]
	if vpc.State != ec2types.VpcStateAvailable {
		t.Errorf("state after the delay = %s", vpc.State)
	}
}

func TestAdminAPI(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	makeNetwork(t, ec2Client(s.URL))
	get := func(path string, into any) {
		t.Helper()
		answer, err := http.Get(s.URL + "/_sandbox/" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %d %v", path, answer.StatusCode, err)
		}
	}
	post := func(path, body string) int {
		t.Helper()
		answer, err := http.Post(s.URL+"/_sandbox/"+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	var census aws.Census
	if get("census", &census); census.Total != 10 {
		t.Errorf("census = %+v", census)
	}
	var calls []aws.LoggedCall
	if get("calls", &calls); len(calls) != 11 || calls[0].Action != "CreateVpc" || !calls[0].Mutating || calls[0].Account != "123456789012" {
		t.Errorf("calls = %+v", calls)
	}
	for body, status := range map[string]int{
		`{"time_scale": 0.5, "delays": {"ec2.nat_gateway.create": "3s"}, "quotas": {"ec2.vpcs": 50}}`: http.StatusOK,
		`{"delays": {"ec2.nat_gateway.creat": "3s"}}`:                                                 http.StatusBadRequest,
		`{"tiem_scale": 1}`: http.StatusBadRequest,
	} {
		if got := post("config", body); got != status {
			t.Errorf("POST config %s = %d, want %d", body, got, status)
		}
	}
	if got := post("faults", `{"service": "ec2", "action": "CreateVpc", "code": "InternalError", "latency": "1ms"}`); got != http.StatusOK {
		t.Errorf("POST faults = %d", got)
	}
	wantCode(t, makeVPC(t, ec2Client(s.URL), "10.0.0.0/16", nil), "InternalError")
	if got := post("reset", ""); got != http.StatusOK {
		t.Errorf("POST reset = %d", got)
	}
	if get("census", &census); census.Total != 0 {
		t.Errorf("census after a reset = %+v", census)
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:0"} {
		server := must(sandbox.New(sandbox.Config{}))(t)
		if url, err := server.Listen(address); err == nil {
			t.Errorf("listens on %s", url)
		}
		_ = server.Close()
	}
}

// TestHang cuts a call off that is never answered, when the client gives up and when the sandbox closes.
func TestHang(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c := ec2Client(s.URL)
	s.AWS.AddFault(aws.Fault{Action: "CreateVpc", Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hanging call: %v, want the deadline", err)
	}
	if census := s.AWS.Census(); census.Total != 0 {
		t.Errorf("a hanging call was applied: %+v", census.Objects)
	}
	done := make(chan error)
	go func() { done <- makeVPC(t, c, "10.0.0.0/16", nil) }()
	// Long enough for the call to arrive; a call that comes too late finds a closed port, which is an error as well.
	time.Sleep(50 * time.Millisecond)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("the call was answered after all")
	}
}

// TestDroppedAnswers drops the answer of the n-th mutating call, for several n: n calls are applied and n-1 are heard of.
func TestDroppedAnswers(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c := ec2Client(s.URL)
	for n := 1; n <= 4; n++ {
		if err := s.AWS.Reset(); err != nil {
			t.Fatal(err)
		}
		s.AWS.AddFault(aws.Fault{Mutating: true, Nth: n, DropAnswer: true})
		heard := 0
		for range n {
			if err := makeVPC(t, c, "10.0.0.0/16", nil); err == nil {
				heard++
			}
		}
		if applied := len(must(c.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}))(t).Vpcs); applied != n || heard != n-1 {
			t.Errorf("n=%d: %d applied, %d heard of", n, applied, heard)
		}
	}
}
