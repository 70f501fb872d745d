package aws

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// everywhere is the role that every account has, so that a test can get into one that nobody has used yet.
const everywhere = "OrganizationAccountAccessRole"

func (c *call) stsGetCallerIdentity(*sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{Account: new(c.Account), Arn: new(c.Caller), UserId: new(c.CallerID)}, nil
}

var roleARN = regexp.MustCompile(`^arn:aws:iam::(\d{12}):role/(?:[\w+=,.@-]+/)*([\w+=,.@-]+)$`)

func (c *call) stsAssumeRole(in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	parts := roleARN.FindStringSubmatch(*in.RoleArn)
	if parts == nil {
		return nil, apiError("ValidationError", "%s is invalid", *in.RoleArn)
	}
	account, name := parts[1], parts[2]
	denied := &Error{
		Code: "AccessDenied", Status: 403,
		Message: "User: " + c.Caller + " is not authorized to perform: sts:AssumeRole on resource: " + *in.RoleArn,
	}
	longest := int32(3600)
	id := "AROA" + strings.ToUpper(digest(*in.RoleArn)[:17])
	if name != everywhere {
		// An account that nobody has used has no such role; looking must not make it exist.
		a := c.cloud.state.Accounts[account]
		if a == nil || a.Roles[name] == nil || *a.Roles[name].Arn != *in.RoleArn {
			return nil, denied
		}
		r := a.Roles[name]
		if !trustsCaller(*r.AssumeRolePolicyDocument, c.Account, c.Caller) || !c.settled(r) {
			return nil, denied
		}
		longest, id = *r.MaxSessionDuration, *r.RoleId
	}
	duration := int32(3600)
	if in.DurationSeconds != nil {
		duration = *in.DurationSeconds
	}
	if duration > longest {
		return nil, apiError("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	key := "ASIA" + strings.ToUpper(c.newHex(16))
	s := &session{
		Secret: c.newHex(40), Token: c.newHex(64), Account: account, Expiration: c.now().Add(time.Duration(duration) * time.Second),
		ARN: "arn:aws:sts::" + account + ":assumed-role/" + name + "/" + *in.RoleSessionName, ID: id + ":" + *in.RoleSessionName,
	}
	for old, other := range c.cloud.state.Sessions {
		if c.now().After(other.Expiration) {
			delete(c.cloud.state.Sessions, old)
		}
	}
	c.cloud.state.Sessions[key] = s
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &ststypes.AssumedRoleUser{Arn: new(s.ARN), AssumedRoleId: new(s.ID)},
		Credentials: &ststypes.Credentials{
			AccessKeyId: new(key), SecretAccessKey: new(s.Secret), SessionToken: new(s.Token), Expiration: new(s.Expiration),
		},
	}, nil
}

// trustsCaller reports whether a trust policy names the caller or the caller's account.
func trustsCaller(document, account, arn string) bool {
	statements, err := parseStatements(document)
	if err != nil {
		return false
	}
	for _, s := range statements {
		kinds, _ := s.Principal.(map[string]any)
		principals := stringsOf(kinds["AWS"])
		if s.Principal == "*" {
			principals = []string{"*"}
		}
		for _, p := range principals {
			if s.Effect == "Allow" && (p == "*" || p == account || p == arn || p == "arn:aws:iam::"+account+":root") {
				return true
			}
		}
	}
	return false
}
