package serving

import (
	"strings"
	"testing"
)

// TestLengths holds every form to the length that it has at most, which is one
// character less than is refused.
func TestLengths(t *testing.T) {
	t.Parallel()
	image := func(text string) bool {
		f := findings{}
		f.image("image", text)
		return len(f.problems) == 0
	}
	for name, c := range map[string]struct {
		ok         func(string) bool
		start, end string
		repeated   string
		most       int
	}{
		"label name":   {labelKeyOK, "", "", "a", 63},
		"label value":  {labelValueOK, "", "", "V", 63},
		"DNS label":    {subdomain, "a.", ".b", "c", 63},
		"namespace":    {namespaceSyntax.MatchString, "", "", "a", 63},
		"service":      {serviceSyntax.MatchString, "s", "", "a", 62},
		"token's name": {tokenName.MatchString, "", "", "a", 40},
		"header":       {headerName.MatchString, "X-", "", "a", 62},
		"body key":     {bodyKey.MatchString, "", "", "~", 64},
		"role":         {roleOK, "role/" + strings.Repeat("path/", 20), "", "a", 64},
		"user":         {principalOK, "user/", "", "@", 64},
		"KMS key":      {kmsKeySyntax.MatchString, "key/", "", "-", 128},
		"hosted zone":  {zoneIDSyntax.MatchString, "Z", "", "0", 31},
		"image's tag":  {image, "registry.example.com:5000/fraud:", "", "v", 128},
		"sha256":       {image, "fraud:v7@sha256:", "", "0", 64},
		"sha512":       {image, "fraud@sha512:", "", "f", 128},
		"VPC":          {func(id string) bool { return ec2ID("vpc-", id) }, "vpc-", "", "0", 17},
	} {
		text := func(n int) string { return c.start + strings.Repeat(c.repeated, n) + c.end }
		if !c.ok(text(c.most)) {
			t.Errorf("%s: %d characters are refused", name, c.most)
		}
		if c.ok(text(c.most + 1)) {
			t.Errorf("%s: %d characters are taken", name, c.most+1)
		}
	}
	for text, ok := range map[string]bool{
		"fraud@sha256:" + strings.Repeat("0", 63): false, "fraud@sha256:" + strings.Repeat("0", 128): false, "fraud@sha512:" + strings.Repeat("0", 64): false,
		"fraud@sha256:": false, "fraud@sha256:" + strings.Repeat("G", 64): false, "fraud@md5:" + strings.Repeat("0", 32): false,
	} {
		if image(text) != ok {
			t.Errorf("%s is judged the other way round", text)
		}
	}
	for id, ok := range map[string]bool{"vpc-01234567": true, "vpc-0123456": false, "vpc-012345678": false, "vpc-0123456g": false, "subnet-01234567": false, "": false} {
		if ec2ID("vpc-", id) != ok {
			t.Errorf("%q is judged the other way round", id)
		}
	}
}
