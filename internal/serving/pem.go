package serving

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Why PEM text was refused. None of these quotes the text.
var (
	errNotPEM       = errors.New("there is no PEM block, which starts with a line \"-----BEGIN ...-----\"; the contents of a file are read with file(\"...\")")
	errPrivateKey   = errors.New("it contains a private key, which belongs in private_key_wo only")
	errExtraBlocks  = errors.New("it contains more than one certificate")
	errEncryptedKey = errors.New("the private key is encrypted with a passphrase; decrypt it first, as with \"openssl pkey -in tls.key -out plain.key\"")
	errNoKey        = errors.New("there is no private key in it (a block \"PRIVATE KEY\", \"RSA PRIVATE KEY\" or \"EC PRIVATE KEY\")")
	errBadKey       = errors.New("the private key is damaged, or of a kind that cannot be read")
	errKeyMismatch  = errors.New("the private key is not that of the certificate")
)

// readCertificates reads all certificates of a PEM text.
func readCertificates(text string) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	rest := []byte(text)
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, errPrivateKey
		case block.Type != "CERTIFICATE":
			return nil, fmt.Errorf("it contains a block of type %q; only blocks of type \"CERTIFICATE\" belong here", block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d cannot be read: %w", len(certificates)+1, err)
		}
		certificates = append(certificates, certificate)
	}
	// A key whose block is damaged is no block to pem.Decode, but still a key.
	if strings.Contains(text, "PRIVATE KEY-----") {
		return nil, errPrivateKey
	}
	if len(certificates) == 0 {
		return nil, errNotPEM
	}
	return certificates, nil
}

// readLeaf reads the text of exactly one certificate.
func readLeaf(text string) (*x509.Certificate, error) {
	certificates, err := readCertificates(text)
	if err != nil {
		return nil, err
	}
	if len(certificates) > 1 {
		return nil, errExtraBlocks
	}
	return certificates[0], nil
}

// MatchKey returns nil when the private key is that of the certificate. Keys
// are read as PKCS#8, PKCS#1 and SEC 1, unencrypted. No error contains any
// part of the key.
func MatchKey(certPEM, keyPEM string) error {
	leaf, err := readLeaf(certPEM)
	if err != nil {
		return fmt.Errorf("reading the certificate: %w", err)
	}
	return matchKey(leaf, keyPEM)
}

func matchKey(leaf *x509.Certificate, keyPEM string) error {
	public, err := publicOf(keyPEM)
	if err != nil {
		return err
	}
	own, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !own.Equal(public) {
		return errKeyMismatch
	}
	return nil
}

// publicOf reads a private key and keeps only its public half.
func publicOf(text string) (crypto.PublicKey, error) {
	rest := []byte(text)
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return nil, errNoKey
		}
		// The header is that of the old OpenSSL encryption (RFC 1421).
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, errEncryptedKey
		}
		// Others may precede, as openssl's "EC PARAMETERS" do.
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return publicOfDER(block.Bytes)
		}
	}
}

func publicOfDER(der []byte) (crypto.PublicKey, error) {
	// What the parsers say is left out: it could name parts of the key.
	var key any
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		key = k
	} else if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		key = k
	} else if k, err := x509.ParseECPrivateKey(der); err == nil {
		key = k
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errBadKey
	}
	return signer.Public(), nil
}
