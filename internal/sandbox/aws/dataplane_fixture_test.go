package aws_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// fakeKube stands for a cluster's data plane: an API server that says who called, and node ports that a test serves.
type fakeKube struct {
	config aws.KubernetesCluster
	api    net.Listener

	mu     sync.Mutex
	up     bool
	closed bool
	// ports maps a node port to the address of a server; hosts says which nodes were dialled.
	ports map[int]string
	hosts map[netip.Addr]int
}

// kubes hands out fakes and remembers them by the cluster's name.
type kubes struct {
	t  *testing.T
	mu sync.Mutex
	by map[string]*fakeKube
}

func (k *kubes) make(config aws.KubernetesCluster) aws.Kubernetes {
	fake := &fakeKube{config: config, ports: map[int]string{}, hosts: map[netip.Addr]int{}}
	var err error
	if fake.api, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{fake.certificate(k.t)}}); err != nil {
		k.t.Error(err)
	}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, err := config.Authenticate(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(user)
	})}
	go func() { _ = server.Serve(fake.api) }()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.by[config.Name] = fake
	return fake
}

func (k *kubes) get(name string) *fakeKube {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.by[name]
}

// certificate is one of the API server's, signed with the key that the cloud handed over.
func (f *fakeKube) certificate(t *testing.T) tls.Certificate {
	ca, err := tls.X509KeyPair(f.config.CACertificate, f.config.CAKey)
	if err != nil {
		t.Error(err)
		return tls.Certificate{}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Error(err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kube-apiserver"}, DNSNames: f.config.Hosts,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca.Leaf, key.Public(), ca.PrivateKey)
	if err != nil {
		t.Error(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func (f *fakeKube) DialAPI(ctx context.Context) (net.Conn, error) {
	f.mu.Lock()
	f.up = true
	f.mu.Unlock()
	return (&net.Dialer{}).DialContext(ctx, "tcp", f.api.Addr().String())
}

func (f *fakeKube) DialNodePort(ctx context.Context, node netip.Addr, port int) (net.Conn, error) {
	f.mu.Lock()
	to, up := f.ports[port], f.up
	f.hosts[node]++
	f.mu.Unlock()
	if !up || to == "" {
		return nil, syscall.ECONNREFUSED
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", to)
}

func (f *fakeKube) Running() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.up
}

func (f *fakeKube) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.up, f.closed = false, true
	return f.api.Close()
}

// serve puts a handler behind a node port.
func (f *fakeKube) serve(t *testing.T, port int, handler http.Handler) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(func() { _ = server.Config.Close() })
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ports[port] = strings.TrimPrefix(server.URL, "http://")
}

// dataWorld is a world with a cluster and fakes behind it.
type dataWorld struct {
	*world
	kubes *kubes
	// group is the load balancer's security group.
	group string
}

func newDataWorld(t *testing.T, options ...sandboxtest.Option) *dataWorld {
	t.Helper()
	k := &kubes{t: t, by: map[string]*fakeKube{}}
	options = append(options, sandboxtest.WithAWS(func(c *aws.Config) { c.Kubernetes = k.make }))
	w := &dataWorld{world: newWorld(t, options...), kubes: k}
	w.cluster()
	return w
}

// started makes the cluster's data plane run.
func (w *dataWorld) started() *fakeKube {
	w.t.Helper()
	conn, status, reason := w.connect("internet", w.endpoint()+":443")
	if conn == nil {
		w.t.Fatalf("connect to the endpoint: %d %s", status, reason)
	}
	_ = conn.Close()
	return w.kubes.get("c")
}

func (w *dataWorld) endpoint() string {
	w.t.Helper()
	return strings.TrimPrefix(*do(w.world, w.eks.DescribeCluster, &eks.DescribeClusterInput{Name: new("c")}).Cluster.Endpoint, "https://")
}

func (w *dataWorld) clusterGroup() string {
	w.t.Helper()
	return *do(w.world, w.eks.DescribeCluster, &eks.DescribeClusterInput{Name: new("c")}).Cluster.ResourcesVpcConfig.ClusterSecurityGroupId
}

// front makes a load balancer with a group that admits ports from everywhere, and answers its ARN and DNS name.
func (w *dataWorld) front(scheme elbtypes.LoadBalancerSchemeEnum, ports ...int32) (arn, host string) {
	w.t.Helper()
	if w.group == "" {
		w.group = *do(w.world, w.ec2.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{GroupName: new("lb"), Description: new("lb"), VpcId: &w.vpc}).GroupId
		for _, port := range ports {
			w.admit(w.group, port, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new("0.0.0.0/0")}}})
		}
	}
	subnets := w.public
	if scheme == elbtypes.LoadBalancerSchemeEnumInternal {
		subnets = w.private
	}
	lb := do(w.world, w.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{
		Name: new("lb-" + string(scheme)), Subnets: subnets, Scheme: scheme, SecurityGroups: []string{w.group},
	}).LoadBalancers[0]
	return *lb.LoadBalancerArn, *lb.DNSName
}

func (w *dataWorld) admit(group string, port int32, from ec2types.IpPermission) string {
	w.t.Helper()
	from.IpProtocol, from.FromPort, from.ToPort = new("tcp"), new(port), new(port)
	return *do(w.world, w.ec2.AuthorizeSecurityGroupIngress, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &group, IpPermissions: []ec2types.IpPermission{from},
	}).SecurityGroupRules[0].SecurityGroupRuleId
}

// nodePort attaches the nodes to a target group at a port that the load balancer may reach.
func (w *dataWorld) nodePort(port int32, change func(*elb.CreateTargetGroupInput)) (group, rule string) {
	w.t.Helper()
	in := &elb.CreateTargetGroupInput{
		Name: new(fmt.Sprint("nodes-", port)), Protocol: elbtypes.ProtocolEnumHttp, Port: &port, VpcId: &w.vpc,
		HealthCheckPath: new("/healthz"), HealthCheckTimeoutSeconds: new(int32(2)),
	}
	if change != nil {
		change(in)
	}
	group = *do(w.world, w.elb.CreateTargetGroup, in).TargetGroups[0].TargetGroupArn
	asg := do(w.world, w.asg.DescribeAutoScalingGroups, &autoscaling.DescribeAutoScalingGroupsInput{}).AutoScalingGroups[0]
	do(w.world, w.asg.AttachTrafficSources, &autoscaling.AttachTrafficSourcesInput{
		AutoScalingGroupName: asg.AutoScalingGroupName, TrafficSources: []astypes.TrafficSourceIdentifier{{Identifier: &group, Type: new("elbv2")}},
	})
	rule = w.admit(w.clusterGroup(), port, ec2types.IpPermission{UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &w.group}}})
	return group, rule
}

// health is the state and reason of every target of a group.
func (w *dataWorld) health(group string) []string {
	w.t.Helper()
	var out []string
	for _, d := range do(w.world, w.elb.DescribeTargetHealth, &elb.DescribeTargetHealthInput{TargetGroupArn: &group}).TargetHealthDescriptions {
		out = append(out, strings.TrimSpace(string(d.TargetHealth.State)+" "+string(d.TargetHealth.Reason)))
	}
	return out
}

// connect asks the proxy for a connection from a place. Without one it answers the status and the reason.
func (w *dataWorld) connect(place, target string) (conn net.Conn, status int, reason string) {
	w.t.Helper()
	u, err := url.Parse(w.sandbox.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	if conn, err = net.Dial("tcp", u.Host); err != nil {
		w.t.Fatal(err)
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	if place != "" {
		named := &http.Request{Header: http.Header{}}
		named.SetBasicAuth(place, "")
		request.Header.Set("Proxy-Authorization", named.Header.Get("Authorization"))
	}
	if err := request.Write(conn); err != nil {
		w.t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode == http.StatusOK {
		return conn, http.StatusOK, ""
	}
	text, _ := io.ReadAll(answer.Body)
	_, _ = answer.Body.Close(), conn.Close()
	reason = answer.Header.Get("X-Sandbox-Reason")
	if strings.TrimSpace(string(text)) != reason {
		w.t.Errorf("the text %q is not the reason %q", text, reason)
	}
	return nil, answer.StatusCode, reason
}

// client is an HTTP client at a place whose connections all go to one target, whatever the URL says.
func (w *dataWorld) client(place, target string, config *tls.Config) *http.Client {
	w.t.Helper()
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, DisableCompression: true}
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		conn, status, reason := w.connect(place, target)
		if conn == nil {
			return nil, fmt.Errorf("%d %s", status, reason)
		}
		return conn, nil
	}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response that was read to its end.
type answer struct {
	status          int
	proto, body     string
	header, trailer http.Header
}

// send makes a request and reads the answer.
func send(t *testing.T, c *http.Client, method, url, body string, header map[string]string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		request.Header.Set(k, v)
	}
	response, err := c.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, proto: response.Proto, body: string(raw), header: response.Header, trailer: response.Trailer}
}

func get(t *testing.T, c *http.Client, url string) answer {
	t.Helper()
	return send(t, c, http.MethodGet, url, "", nil)
}

// pool trusts PEM certificates.
func pool(t *testing.T, certs ...[]byte) *x509.CertPool {
	t.Helper()
	out := x509.NewCertPool()
	for _, raw := range certs {
		block, _ := pem.Decode(raw)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		out.AddCert(cert)
	}
	return out
}
