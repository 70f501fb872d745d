package acceptance_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// A pair is a certificate and its private key, in PEM and in itself.
type pair struct {
	certificate, key string

	signer crypto.Signer
	parsed *x509.Certificate
}

// issue makes a certificate for the domain and its P-256 key.
func issue(t testing.TB, change ...func(*x509.Certificate)) pair {
	t.Helper()
	return sign(t, ecKey(t, elliptic.P256()), nil, change...)
}

func ecKey(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate of a key, by an authority or, with nil, by itself.
func sign(t testing.TB, key crypto.Signer, by *pair, change ...func(*x509.Certificate)) pair {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 90),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, c := range change {
		c(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.parsed, by.signer
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{certificate: block("CERTIFICATE", der), key: block("PRIVATE KEY", private), signer: key, parsed: parsed}
}

// authority makes a pair that may sign others.
func authority(t testing.TB) *pair {
	t.Helper()
	p := sign(t, ecKey(t, elliptic.P256()), nil, func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames, c.IsCA = "Acceptance CA", nil, true
		c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageCertSign, nil
	})
	return &p
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// secrets are texts of which none may be found anywhere, by what they are.
func (p pair) secrets(t testing.TB) map[string]string {
	t.Helper()
	decoded, _ := pem.Decode([]byte(p.key))
	found := map[string]string{
		"the key's DER":              string(decoded.Bytes),
		"base64 of the key's PEM":    base64.StdEncoding.EncodeToString([]byte(p.key))[40:120],
		"base64 of the key in a row": base64.StdEncoding.EncodeToString(decoded.Bytes),
		"hex of the key's DER":       hex.EncodeToString(decoded.Bytes),
	}
	n := 0
	for line := range strings.Lines(p.key) {
		// The first line of PKCS #8 says little more than the kind of key.
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
			if n++; n > 1 {
				found["line "+string(rune('0'+n%10))+" of the key: "+line] = line
			}
		}
	}
	for name, number := range scalars(p.signer) {
		raw := number.Bytes()
		found[name] = string(raw)
		found["decimal "+name] = number.String()
		found["hex "+name] = hex.EncodeToString(raw)
		found["base64 of "+name] = base64.RawStdEncoding.EncodeToString(raw)
	}
	return found
}

// scalars are the numbers that a private key consists of.
func scalars(key crypto.Signer) map[string]*big.Int {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		raw, _ := k.Bytes()
		return map[string]*big.Int{"scalar": new(big.Int).SetBytes(raw)}
	case *rsa.PrivateKey:
		return map[string]*big.Int{"exponent": k.D, "first prime": k.Primes[0], "second prime": k.Primes[1]}
	}
	return nil
}
