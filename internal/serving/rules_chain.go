package serving

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	ruleChainPEM       = mustNot("chain_pem", "Chain cannot be read")
	ruleChainLeaf      = mustNot("chain_contains_certificate", "Chain contains the certificate itself")
	ruleChainOrder     = mustNot("chain_order", "Chain is in the wrong order")
	ruleChainUnrelated = mustNot("chain_unrelated", "Chain contains an unrelated certificate")
	ruleChainNotCA     = mustNot("chain_not_ca", "Chain contains a certificate that may not issue")
	ruleChainExpired   = shouldNot("chain_expired", "Certificate of the chain has expired")
)

// chain holds ACM's rules: "Each certificate in the chain must directly certify
// the one preceding. Do not include your end-entity certificate" (ACM User
// Guide, "Certificate import problems"). A root at the end is fine.
func (f *findings) chain(leaf *x509.Certificate, text string, now time.Time) {
	if f.tooLong(chainPath, text, maxChainBytes) {
		return
	}
	chain, err := readCertificates(text)
	switch {
	case errors.Is(err, errPrivateKey):
		f.keyAmongCertificates(chainPath)
		return
	case err != nil:
		f.add(ruleChainPEM.at(chainPath, "This is not a list of PEM certificates: %v. Give the intermediate certificates, the issuer of the server's certificate first.", err))
		return
	}
	for _, link := range chain {
		if now.After(link.NotAfter) {
			f.add(ruleChainExpired.at(chainPath, "%q was valid until %s. Callers that build their path through it will refuse the endpoint. Get the current chain from your authority.",
				link.Subject, day(link.NotAfter)))
		}
	}
	if leaf != nil {
		f.chainPath(leaf, chain)
	}
}

// chainPath holds the chain against the leaf.
func (f *findings) chainPath(leaf *x509.Certificate, chain []*x509.Certificate) {
	for _, link := range chain {
		if link.Equal(leaf) {
			f.add(ruleChainLeaf.at(chainPath, "The server's own certificate (%q) is in the chain too. Leave it in certificate_pem alone; the chain starts with its issuer.", leafName(leaf)))
			return
		}
	}
	path, stray := pathFrom(leaf, chain)
	if len(stray) > 0 {
		f.add(ruleChainUnrelated.at(chainPath, "%s did not sign the certificate for %q, nor any certificate that did. Remove it; the certificate's issuer is %q.",
			subjects(stray), leafName(leaf), leaf.Issuer))
		return
	}
	for i, link := range chain {
		if !link.Equal(path[i]) {
			f.add(ruleChainOrder.at(chainPath, "Each certificate of a chain must have signed the one before it, and the first one the server's. The right order is: %s.", subjects(path)))
			return
		}
	}
	for _, link := range chain {
		if link.Version == 3 && link.BasicConstraintsValid && !link.IsCA {
			f.add(ruleChainNotCA.at(chainPath, "%q signed the certificate before it but is not a certificate authority (CA:FALSE), so callers refuse what it signed. Have the certificate issued by an authority.", link.Subject))
		}
	}
}

// pathFrom orders a chain: the leaf's issuer, its issuer and so on. What
// signed none of them is stray.
func pathFrom(leaf *x509.Certificate, chain []*x509.Certificate) (path, stray []*x509.Certificate) {
	left := append([]*x509.Certificate(nil), chain...)
	for at := leaf; ; {
		next := -1
		for i, candidate := range left {
			if signedBy(at, candidate) {
				next = i
				break
			}
		}
		if next < 0 {
			return path, left
		}
		at = left[next]
		path = append(path, at)
		left = append(left[:next], left[next+1:]...)
	}
}

func subjects(certificates []*x509.Certificate) string {
	names := make([]string, len(certificates))
	for i, c := range certificates {
		names[i] = fmt.Sprintf("%q", c.Subject)
	}
	return strings.Join(names, ", ")
}
