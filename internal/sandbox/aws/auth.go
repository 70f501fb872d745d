package aws

import (
	"net/http"
	"time"
)

// caller is an authenticated identity.
type caller struct{ account, arn, id string }

// homeAccount is the account of the built-in credentials.
const homeAccount = "123456789012"

// builtin credentials: the sandbox's own, and those that people use with other simulators.
var builtin = map[string]Credential{
	"sandbox": {Secret: "sandbox", Account: homeAccount},
	"test":    {Secret: "test", Account: homeAccount},
}

// authenticate verifies the signature and returns who signed and for which service and region.
func (c *Cloud) authenticate(r *http.Request, body []byte) (caller, *signature, error) {
	s, err := readSignature(r)
	if err != nil {
		return caller{}, nil, err
	}
	if c.models[s.service] == nil {
		return caller{}, nil, apiError("UnknownService", "The sandbox has no service %q in a credential scope.", s.service)
	}
	if !regionExists(s.region) {
		return caller{}, s, authError(s.service, "The region "+s.region+" does not exist.")
	}
	now := time.Now()
	age := now.Sub(s.timestamp)
	if limit := 15 * time.Minute; age < -limit || !s.presigned && age > limit || s.presigned && age > max(s.expires, limit) {
		return caller{}, s, &Error{Code: "SignatureDoesNotMatch", Status: 403, Message: "Signature expired: " + s.timestamp.Format(isoBasic)}
	}
	secret, who, ok := c.lookup(s)
	if !ok {
		return caller{}, s, authError(s.service, "The security token included in the request is invalid.")
	}
	return who, s, s.check(r, body, secret)
}

// lookup finds the secret of an access key, and whose it is.
func (c *Cloud) lookup(s *signature) (secret string, who caller, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	credential, known := c.config.Credentials[s.accessKey]
	if !known {
		credential, known = builtin[s.accessKey]
	}
	if known {
		if s.token != "" {
			return "", caller{}, false
		}
		return credential.Secret, caller{
			account: credential.Account,
			arn:     "arn:aws:iam::" + credential.Account + ":user/sandbox",
			id:      "AIDASANDBOX" + credential.Account[:10],
		}, true
	}
	session := c.state.Sessions[s.accessKey]
	if session == nil || session.Token != s.token || c.clock().After(session.Expiration) {
		return "", caller{}, false
	}
	return session.Secret, caller{account: session.Account, arn: session.ARN, id: session.ID}, true
}

// authError is each protocol's way of refusing credentials.
func authError(service, message string) error {
	switch service {
	case "ec2":
		return &Error{Code: "AuthFailure", Message: message, Status: 401}
	case "eks", "acm":
		return &Error{Code: "UnrecognizedClientException", Message: message, Status: 403}
	default:
		return &Error{Code: "InvalidClientTokenId", Message: message, Status: 403}
	}
}
