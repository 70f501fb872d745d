package aws

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
)

// tlsConfig reads the listener anew for every handshake: a re-imported certificate counts for the next connection.
func (b *balancer) tlsConfig(arn string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// Serving needs to know here that HTTP/2 may be spoken; the handshake offers what the listener allows.
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			cloud := b.plane.cloud
			cloud.mu.Lock()
			defer cloud.mu.Unlock()
			cloud.settle()
			return cloud.in(b.account, b.region).elbTLS(arn)
		},
	}
}

var tlsVersions = map[string]uint16{
	"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13,
}

// elbTLS is what an HTTPS listener offers: versions by its policy, HTTP/2 by the load balancer's attribute, and its
// certificates. A name that none of them is for gets the default one.
func (c *call) elbTLS(arn string) (*tls.Config, error) {
	l := c.elb().Listeners[arn]
	if l == nil || len(l.Certificates) == 0 {
		return nil, errors.New("the listener has no certificate")
	}
	out := &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	if lb := c.elb().LoadBalancers[*l.LoadBalancerArn]; lb != nil && lb.Attributes["routing.http2.enabled"] == "false" {
		out.NextProtos = []string{"http/1.1"}
	}
	policy := elbSSLPolicies[text(l.SslPolicy)]
	if policy == nil {
		return nil, fmt.Errorf("the listener's policy %s does not exist", text(l.SslPolicy))
	}
	for _, name := range policy.SslProtocols {
		version := tlsVersions[name]
		if out.MinVersion == 0 || version < out.MinVersion {
			out.MinVersion = version
		}
		out.MaxVersion = max(out.MaxVersion, version)
	}
	// crypto/tls takes the first certificate for a name that none is for, and of several that fit the first.
	for _, id := range slices.Concat([]string{text(l.Certificates[0].CertificateArn)}, l.Extra) {
		pair, err := c.keyPair(id)
		if err != nil {
			return nil, err
		}
		out.Certificates = append(out.Certificates, pair)
	}
	return out, nil
}

// keyPair is a certificate with its private key. Every certificate here was imported, so it came with one.
func (c *call) keyPair(arn string) (tls.Certificate, error) {
	cert := c.acm().Certificates[arn]
	if cert == nil {
		return tls.Certificate{}, fmt.Errorf("certificate %s does not exist", arn)
	}
	key := c.region().Keys[arn]
	if key == "" {
		return tls.Certificate{}, fmt.Errorf("the private key of certificate %s is not known: import the certificate again", arn)
	}
	// An expired certificate is served on, as load balancers do.
	if cert.status(c.now()) != acmtypes.CertificateStatusIssued && cert.status(c.now()) != acmtypes.CertificateStatusExpired {
		return tls.Certificate{}, fmt.Errorf("certificate %s is %s", arn, cert.status(c.now()))
	}
	pair, err := tls.X509KeyPair([]byte(cert.Body+cert.Chain), []byte(key))
	if err != nil {
		return pair, fmt.Errorf("load certificate %s: %w", arn, err)
	}
	return pair, nil
}
