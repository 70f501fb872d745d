package aws

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// signature is what a request says about who signed it.
type signature struct {
	accessKey, date, region, service string
	signedHeaders                    []string
	value, token                     string
	timestamp                        time.Time
	presigned                        bool
	expires                          time.Duration
}

const (
	algorithm = "AWS4-HMAC-SHA256"
	isoBasic  = "20060102T150405Z"
)

// readSignature finds the SigV4 signature in the Authorization header or, presigned, in the query.
func readSignature(r *http.Request) (*signature, error) {
	query := r.URL.Query()
	s := &signature{}
	var credential, signed, stamp string
	if header := r.Header.Get("Authorization"); header != "" {
		rest, ok := strings.CutPrefix(header, algorithm+" ")
		if !ok {
			return nil, apiError("IncompleteSignature", "Unsupported signature type in Authorization header: only %s is supported.", algorithm)
		}
		for part := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch name {
			case "Credential":
				credential = value
			case "SignedHeaders":
				signed = value
			case "Signature":
				s.value = value
			}
		}
		stamp, s.token = r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Security-Token")
	} else if query.Get("X-Amz-Algorithm") == algorithm {
		s.presigned = true
		credential, signed, s.value = query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Signature")
		stamp, s.token = query.Get("X-Amz-Date"), query.Get("X-Amz-Security-Token")
		// STS takes a presigned request without it, for the usual fifteen minutes.
		if given := query.Get("X-Amz-Expires"); given != "" {
			seconds, err := strconv.Atoi(given)
			if err != nil || seconds < 1 || seconds > 604800 {
				return nil, apiError("IncompleteSignature", "X-Amz-Expires must be between 1 and 604800 seconds.")
			}
			s.expires = time.Duration(seconds) * time.Second
		}
	} else {
		return nil, &Error{Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token", Status: 403}
	}
	scope := strings.Split(credential, "/")
	if len(scope) != 5 || scope[4] != "aws4_request" || signed == "" || s.value == "" {
		return nil, apiError("IncompleteSignature", "Authorization must have a Credential of the form key/date/region/service/aws4_request, SignedHeaders and Signature.")
	}
	s.accessKey, s.date, s.region, s.service = scope[0], scope[1], scope[2], scope[3]
	s.signedHeaders = strings.Split(signed, ";")
	var err error
	if s.timestamp, err = time.Parse(isoBasic, stamp); err != nil || s.timestamp.Format("20060102") != s.date {
		return nil, apiError("IncompleteSignature", "Date %q is missing, malformed or does not match the credential scope.", stamp)
	}
	return s, nil
}

// check recomputes the signature with the secret.
func (s *signature) check(r *http.Request, body []byte, secret string) error {
	canonical := s.canonicalRequest(r, body)
	sum := sha256.Sum256([]byte(canonical))
	scope := strings.Join([]string{s.date, s.region, s.service, "aws4_request"}, "/")
	text := strings.Join([]string{algorithm, s.timestamp.Format(isoBasic), scope, hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.region, s.service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(key)), []byte(s.value)) != 1 {
		return &Error{
			Code: "SignatureDoesNotMatch", Status: 403,
			Message: "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
		}
	}
	return nil
}

func (s *signature) canonicalRequest(r *http.Request, body []byte) string {
	var headers strings.Builder
	for _, name := range s.signedHeaders {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	sum := sha256.Sum256(body)
	payload := hex.EncodeToString(sum[:])
	if given := r.Header.Get("X-Amz-Content-Sha256"); given == "UNSIGNED-PAYLOAD" {
		payload = given
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	return strings.Join([]string{
		r.Method, awsEscape(path, true), canonicalQuery(r.URL.Query()), headers.String(), strings.Join(s.signedHeaders, ";"), payload,
	}, "\n")
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for name, values := range query {
		if name == "X-Amz-Signature" {
			continue
		}
		for _, value := range values {
			pairs = append(pairs, awsEscape(name, false)+"="+awsEscape(value, false))
		}
	}
	sort.Strings(pairs)
	return strings.Join(pairs, "&")
}

// awsEscape percent-encodes as SigV4 wants it; a path is encoded a second time but for its slashes.
func awsEscape(text string, path bool) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0, path && c == '/':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}
