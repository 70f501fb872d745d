package aws

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// statement is one statement of a policy document, as far as its form is checked.
type statement struct {
	Sid          string         `json:"Sid"`
	Effect       string         `json:"Effect"`
	Principal    any            `json:"Principal"`
	NotPrincipal any            `json:"NotPrincipal"`
	Action       any            `json:"Action"`
	NotAction    any            `json:"NotAction"`
	Resource     any            `json:"Resource"`
	NotResource  any            `json:"NotResource"`
	Condition    map[string]any `json:"Condition"`
}

// parseStatements reads a policy document. Keys that IAM does not know are errors there too.
func parseStatements(document string) ([]statement, error) {
	var policy struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&policy); err != nil || decoder.More() {
		return nil, malformed("Syntax errors in policy.")
	}
	if policy.Version != "" && policy.Version != "2012-10-17" && policy.Version != "2008-10-17" {
		return nil, malformed("The policy has an invalid version: " + policy.Version)
	}
	var statements []statement
	raw := strings.TrimSpace(string(policy.Statement))
	if strings.HasPrefix(raw, "{") {
		raw = "[" + raw + "]"
	}
	decoder = json.NewDecoder(strings.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&statements); err != nil || len(statements) == 0 {
		return nil, malformed("Syntax errors in policy.")
	}
	for _, s := range statements {
		if s.Effect != "Allow" && s.Effect != "Deny" {
			return nil, malformed("Invalid effect: " + s.Effect)
		}
		if (s.Action == nil) == (s.NotAction == nil) {
			return nil, malformed("Policy statement must contain actions.")
		}
		for _, action := range stringsOf(s.Action) {
			if vendor, name, ok := strings.Cut(action, ":"); action != "*" && (!ok || vendor == "" || name == "") {
				return nil, malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
			}
		}
	}
	return statements, nil
}

// checkTrust holds a role's trust policy against IAM's rules.
func checkTrust(document string) error {
	statements, err := parseStatements(document)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if s.Principal == nil && s.NotPrincipal == nil {
			return malformed("Missing required field Principal")
		}
		if s.Resource != nil || s.NotResource != nil {
			return malformed("Has prohibited field Resource")
		}
		if err := checkPrincipal(s.Principal); err != nil {
			return err
		}
		for _, action := range stringsOf(s.Action) {
			if !strings.HasPrefix(action, "sts:") && action != "*" {
				return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
	}
	return nil
}

func checkPrincipal(principal any) error {
	if principal == nil || principal == "*" {
		return nil
	}
	kinds, ok := principal.(map[string]any)
	if !ok {
		return malformed("Invalid principal in policy")
	}
	for kind, value := range kinds {
		for _, p := range stringsOf(value) {
			valid := false
			switch kind {
			case "Service":
				valid = strings.HasSuffix(p, ".amazonaws.com")
			case "AWS":
				valid = p == "*" || strings.HasPrefix(p, "arn:aws:") || len(p) == 12 && strings.Trim(p, "0123456789") == ""
			case "Federated", "CanonicalUser":
				valid = p != ""
			}
			if !valid {
				return malformed(fmt.Sprintf("Invalid principal in policy: %q:%q", strings.ToUpper(kind), p))
			}
		}
	}
	return nil
}

// checkInline holds a permissions policy against IAM's rules.
func checkInline(document string) error {
	statements, err := parseStatements(document)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if s.Principal != nil || s.NotPrincipal != nil {
			return malformed("Policy document should not specify a principal.")
		}
		if (s.Resource == nil) == (s.NotResource == nil) {
			return malformed("Policy statement must contain resources.")
		}
	}
	return nil
}

// stringsOf reads what JSON policies write as one string or as a list.
func stringsOf(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var out []string
		for _, item := range value {
			s, _ := item.(string)
			out = append(out, s)
		}
		return out
	}
	return nil
}

func malformed(message string) error { return apiError("MalformedPolicyDocument", "%s", message) }

// encodeDocument is how IAM answers documents: percent-encoded by RFC 3986.
func encodeDocument(document string) *string {
	return new(strings.ReplaceAll(url.QueryEscape(document), "+", "%20"))
}
