package gcp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// tlsConfig reads the proxy anew for every handshake: a rotated certificate counts for the next connection.
func (b *balancer) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// Serving needs to know here that HTTP/2 may be spoken; the handshake offers what the proxy allows.
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			cloud := b.plane.cloud
			cloud.mu.Lock()
			defer cloud.mu.Unlock()
			cloud.settle()
			return cloud.view(b.rule.project, b.rule.location).proxyTLS(b.rule.name)
		},
	}
}

var tlsVersions = map[string]uint16{"TLS_1_0": tls.VersionTLS10, "TLS_1_1": tls.VersionTLS11, "TLS_1_2": tls.VersionTLS12, "TLS_1_3": tls.VersionTLS13}

// proxyTLS is what the proxy of a forwarding rule offers: versions and ciphers by its SSL policy, and its certificates. A name that
// none of them is for gets the first one.
func (c *call) proxyTLS(rule string) (*tls.Config, error) {
	proxy, _ := c.proxyOf(rule).(*computepb.TargetHttpsProxy)
	if proxy == nil {
		return nil, errors.New("the forwarding rule has no target HTTPS proxy")
	}
	// Without a policy load balancers take what most clients can.
	policy := &computepb.SslPolicy{Profile: new("COMPATIBLE"), MinTlsVersion: new("TLS_1_0")}
	if proxy.SslPolicy != nil {
		t, _ := c.parseTarget(proxy.GetSslPolicy())
		held := sslPolicies.in(c, t.location)[t.name]
		if held == nil {
			return nil, fmt.Errorf("the SSL policy %s does not exist", proxy.GetSslPolicy())
		}
		policy = held.Body
	}
	out := &tls.Config{NextProtos: []string{"h2", "http/1.1"}, MinVersion: tlsVersions[policy.GetMinTlsVersion()], CipherSuites: cipherSuites(policy)}
	for _, reference := range proxy.SslCertificates {
		pair, err := c.keyPair(reference)
		if err != nil {
			return nil, err
		}
		out.Certificates = append(out.Certificates, pair)
	}
	if len(out.Certificates) == 0 {
		return nil, errors.New("the proxy has no certificate")
	}
	return out, nil
}

// cipherSuites are those of a policy that Go has.
func cipherSuites(policy *computepb.SslPolicy) []uint16 {
	allowed := tlsFeatures(policy)
	var out []uint16
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if slices.Contains(allowed, suite.Name) {
			out = append(out, suite.ID)
		}
	}
	return out
}

// keyPair is a certificate of Certificate Manager with its private key. One that has expired is served on, as load balancers do.
func (c *call) keyPair(reference string) (tls.Certificate, error) {
	path := certificateNameIn(reference)
	name := path[strings.LastIndex(path, "/")+1:]
	held := c.certificates().Certificates[name]
	if held == nil {
		return tls.Certificate{}, fmt.Errorf("certificate %s does not exist", path)
	}
	key := c.region(c.Location).Keys[certificateKey(name, false)]
	if key == "" {
		return tls.Certificate{}, fmt.Errorf("the private key of certificate %s is not known", path)
	}
	pair, err := tls.X509KeyPair([]byte(held.Body.PemCertificate), []byte(key))
	if err != nil {
		return pair, fmt.Errorf("load certificate %s: %w", path, err)
	}
	return pair, nil
}
