package kube

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// etcdSocket is a Unix socket in the working folder of both programs: etcd's URLs
// of sockets have no folders.
const etcdSocket = "unix://localhost:1"

func startEtcd(dir, data, path string) (*process, error) {
	const peers = "unix://localhost:2"
	return startProcess("etcd", dir, nil, path,
		"--data-dir", data,
		"--listen-client-urls", etcdSocket, "--advertise-client-urls", etcdSocket,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "default="+peers,
		"--unsafe-no-fsync", // The data is a toy's; what is written survives the process all the same.
		"--log-level", "error", "--snapshot-count", "10000",
	)
}

// An apiserver is a running kube-apiserver.
type apiserver struct {
	*process
	// address is host:port of its TLS port.
	address string
	config  *rest.Config
	client  kubernetes.Interface
}

// startAPIServer writes the server's files into dir and runs it. A free port may
// be taken by somebody before the server listens on it, so it tries some.
func startAPIServer(ctx context.Context, p *plane, path string) (*apiserver, error) {
	if err := p.writeFiles(); err != nil {
		return nil, err
	}
	var failures []error
	for range 5 {
		a, err := p.tryAPIServer(ctx, path)
		if err == nil {
			return a, nil
		}
		failures = append(failures, err)
		if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	return nil, failures[len(failures)-1]
}

func (p *plane) tryAPIServer(ctx context.Context, path string) (*apiserver, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	proc, err := startProcess("kube-apiserver", p.dir, nil, path, p.flags(port)...)
	if err != nil {
		return nil, err
	}
	a := &apiserver{process: proc, address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	a.config = &rest.Config{
		Host: "https://" + a.address,
		TLSClientConfig: rest.TLSClientConfig{
			CAData: p.config.CACertificate, CertData: p.loopCertificate, KeyData: p.loopKey,
		},
		ContentConfig:  rest.ContentConfig{ContentType: "application/vnd.kubernetes.protobuf", AcceptContentTypes: "application/vnd.kubernetes.protobuf,application/json"},
		UserAgent:      "kube-controller-manager",
		QPS:            -1,
		WarningHandler: rest.NoWarnings{},
	}
	a.client, err = kubernetes.NewForConfig(a.config)
	if err == nil {
		err = proc.until(ctx, func(ctx context.Context) error {
			return a.client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		})
	}
	if err != nil {
		proc.stop(0)
		return nil, err
	}
	return a, nil
}

func (p *plane) flags(port int) []string {
	return []string{
		"--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(port),
		// Nothing is at this address: no pod of the stand-ins asks the API server.
		"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
		"--etcd-servers=" + etcdSocket, "--etcd-healthcheck-timeout=5s",
		"--tls-cert-file=server.crt", "--tls-private-key-file=server.key", "--client-ca-file=loop-ca.crt",
		"--authorization-mode=Node,RBAC",
		"--authentication-config=authentication.yaml",
		"--authentication-token-webhook-config-file=webhook.yaml",
		"--authentication-token-webhook-version=v1", "--authentication-token-webhook-cache-ttl=1s",
		"--service-account-issuer=https://" + p.issuer(),
		"--service-account-key-file=" + p.accountKey(), "--service-account-signing-key-file=" + p.accountKey(),
		"--service-cluster-ip-range=" + p.config.ServiceCIDR,
		"--allow-privileged=true",
		"--egress-selector-config-file=egress.yaml",
		"--kubelet-client-certificate=loop.crt", "--kubelet-client-key=loop.key", "--kubelet-certificate-authority=loop-ca.crt",
		"--kubelet-preferred-address-types=InternalIP",
		"--enable-priority-and-fairness=false", "--profiling=false", "--v=0",
		"--cert-dir=.",
	}
}

func (p *plane) issuer() string {
	if len(p.config.Hosts) > 0 {
		return p.config.Hosts[0]
	}
	return "kubernetes.default.svc"
}

func (p *plane) writeFiles() error {
	hosts := append([]string{"127.0.0.1", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}, p.config.Hosts...)
	services, err := netip.ParsePrefix(p.config.ServiceCIDR)
	if err != nil {
		return fmt.Errorf("reading the range of the Services: %w", err)
	}
	hosts = append(hosts, services.Masked().Addr().Next().String())
	cloud, err := parseAuthority(p.config.CACertificate, p.config.CAKey)
	if err != nil {
		return err
	}
	serverCertificate, serverKey, err := cloud.issue(pkix.Name{CommonName: "kube-apiserver"}, hosts...)
	if err != nil {
		return err
	}
	p.loopCertificate, p.loopKey, err = p.signer.issue(pkix.Name{CommonName: "system:node-loop", Organization: []string{"system:masters"}})
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"server.crt": serverCertificate, "server.key": serverKey,
		"loop.crt": p.loopCertificate, "loop.key": p.loopKey, "loop-ca.crt": p.signer.pem,
		"authentication.yaml": []byte(authenticationConfig),
		"webhook.yaml":        []byte(webhookConfig(p.webhook.url())),
		"egress.yaml":         []byte(egressConfig(filepath.Join(p.dir, egressSocket))),
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return p.keepAccountKey()
}

// accountKey signs the tokens of service accounts; they stay valid as long as the
// data does.
func (p *plane) accountKey() string { return filepath.Join(p.state, "service-accounts.key") }

func (p *plane) keepAccountKey() error {
	if _, err := os.Stat(p.accountKey()); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(p.accountKey(), pemBlock("EC PRIVATE KEY", der), 0o600)
}

// authenticationConfig lets strangers see what EKS lets them see since 1.32.
const authenticationConfig = `apiVersion: apiserver.config.k8s.io/v1beta1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions: [{path: /healthz}, {path: /livez}, {path: /readyz}]
`

func webhookConfig(url string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: cloud, cluster: {server: %q, certificate-authority: loop-ca.crt}}]
users: [{name: apiserver, user: {client-certificate: loop.crt, client-key: loop.key}}]
contexts: [{name: cloud, context: {cluster: cloud, user: apiserver}}]
current-context: cloud
`, url)
}

// egressConfig sends the API server's way to nodes and pods through this process.
func egressConfig(socket string) string {
	return fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection: {proxyProtocol: HTTPConnect, transport: {uds: {udsName: %q}}}
`, socket)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// etcdReady waits for the socket, which is there when etcd serves.
func etcdReady(dir string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", filepath.Join(dir, "localhost:1"))
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
