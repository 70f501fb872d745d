package reachability_test

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-testing/config"
	acc "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/modelserving/terraform-provider-serving/internal/reachability"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

const address = "data.serving_reachability.test"

// asks is a step with a question.
func asks(to string, from map[string]string, checks ...statecheck.StateCheck) acc.TestStep {
	s := acc.TestStep{ConfigFile: config.StaticFile("testdata/reachability.tf"), ConfigVariables: config.Variables{}, ConfigStateChecks: checks}
	if to != "" {
		s.ConfigVariables["to"] = config.StringVariable(to)
	}
	if from != nil {
		fields := map[string]config.Variable{}
		for name, text := range from {
			fields[name] = config.StringVariable(text)
		}
		s.ConfigVariables["from"] = config.ObjectVariable(fields)
	}
	return s
}

func fails(s acc.TestStep, pattern string) acc.TestStep {
	s.ExpectError = regexp.MustCompile(pattern)
	return s
}

func run(t *testing.T, b *tftest.Backend, steps ...acc.TestStep) {
	t.Helper()
	p := &tftest.Provider{Backend: b, DataSourceTypes: []func() datasource.DataSource{reachability.NewDataSource}}
	acc.Test(t, acc.TestCase{ProtoV6ProviderFactories: p.Factories(), Steps: steps})
}

func is(value knownvalue.Check, steps ...any) statecheck.StateCheck {
	at := tfjsonpath.Path{}
	for i, s := range steps {
		switch s := s.(type) {
		case string:
			if i == 0 {
				at = tfjsonpath.New(s)
			} else {
				at = at.AtMapKey(s)
			}
		case int:
			at = at.AtSliceIndex(s)
		}
	}
	return statecheck.ExpectKnownValue(address, at, value)
}

var (
	null = knownvalue.Null()
	yes  = knownvalue.Bool(true)
	no   = knownvalue.Bool(false)
)

func says(text string) knownvalue.Check { return knownvalue.StringExact(text) }

func TestAccReachability(t *testing.T) {
	t.Parallel()
	b := &tftest.Backend{Region: "us-west-2"}
	b.Reachability = serving.Reachability{
		Reachable: serving.VerdictPass,
		Hops:      []serving.Hop{{Name: serving.HopPeering, Verdict: serving.VerdictPass, Reason: "it is active"}, {Name: serving.HopListener, Verdict: serving.VerdictPass, Reason: "HTTPS"}},
		Authentication: map[string]serving.CallerAuth{
			"fraud": {Mode: serving.AuthHeader, Header: "Authorization", Path: "/fraud"},
			"chat":  {Mode: serving.AuthJWT, Header: "X-Token", Issuer: "https://issuer.example.com", Audiences: []string{"chat"}, Path: "/chat"},
			"score": {Mode: serving.AuthBody, BodyKey: "auth", Path: "/score"},
		},
	}
	run(t, b,
		asks("", nil, is(yes, "reachable"), is(no, "partly"), is(knownvalue.ListSizeExact(2), "hops"), is(says("peering"), "hops", 0, "name"),
			is(says("pass"), "hops", 0, "verdict"), is(says("it is active"), "hops", 0, "reason"), is(null, "authentication"), is(knownvalue.MapSizeExact(3), "servers"),
			is(says("header"), "servers", "fraud", "mode"), is(says("Authorization"), "servers", "fraud", "header"), is(null, "servers", "fraud", "body_key"),
			is(says("https://issuer.example.com"), "servers", "chat", "issuer"), is(knownvalue.SetSizeExact(1), "servers", "chat", "audiences"),
			is(says("auth"), "servers", "score", "body_key"), is(null, "servers", "score", "audiences"), is(says("/score"), "servers", "score", "path")),
		asks("aws/us-west-2/prod/score", map[string]string{"vpc": "vpc-1", "cidr": "10.1.0.0/16", "account_id": "210987654321", "region": "us-east-1", "assume_role_arn": "arn:aws:iam::210987654321:role/r"},
			is(says("body"), "authentication", "mode"), is(says("auth"), "authentication", "body_key")),
		asks("", map[string]string{"cidr": "198.51.100.7"}),
	)
	want := []tftest.Asked{
		{To: serving.Target{Cluster: serving.ID{Cloud: "aws", Region: "us-west-2", Name: "prod"}}},
		{To: serving.Target{Cluster: serving.ID{Cloud: "aws", Region: "us-west-2", Name: "prod"}, Server: "score"}, From: serving.Source{
			VPC: "vpc-1", CIDR: netip.MustParsePrefix("10.1.0.0/16"), AccountID: "210987654321", Region: "us-east-1", AssumeRoleARN: "arn:aws:iam::210987654321:role/r",
		}},
		{To: serving.Target{Cluster: serving.ID{Cloud: "aws", Region: "us-west-2", Name: "prod"}}, From: serving.Source{CIDR: netip.MustParsePrefix("198.51.100.7/32")}},
	}
	for _, w := range want {
		asked := false
		for _, a := range b.Asked {
			asked = asked || a == w
		}
		if !asked {
			t.Errorf("nobody asked %+v in %+v", w, b.Asked)
		}
	}
}

// TestAccReachabilityUnknown has answers that are no yes or no.
func TestAccReachabilityUnknown(t *testing.T) {
	t.Parallel()
	b := &tftest.Backend{Region: "us-west-2"}
	b.Reachability = serving.Reachability{Reachable: serving.VerdictUnknown, AuthenticationUnknown: "dial tcp: no route", Hops: []serving.Hop{{Name: serving.HopRouteOut, Verdict: serving.VerdictUnknown, Reason: "not read"}}}
	run(t, b, asks("aws/us-west-2/prod/fraud", nil, is(null, "reachable"), is(null, "authentication"), is(null, "servers"), is(says("unknown"), "hops", 0, "verdict")))

	b = &tftest.Backend{Region: "us-west-2", Fail: map[string]func(context.Context) error{"Reach": func(context.Context) error { return errors.New("there is no VPC vpc-1") }}}
	run(t, b, fails(asks("", map[string]string{"vpc": "vpc-1"}), "there is no VPC vpc-1"))
}

func TestAccReachabilityBadInput(t *testing.T) {
	t.Parallel()
	run(t, &tftest.Backend{Region: "us-west-2"},
		fails(asks("prod", nil), "neither the id of a cluster"),
		fails(asks("gcp/us-west-2/prod", nil), `Cloud "gcp" is not supported`),
		fails(asks("", map[string]string{}), "No callers are named"),
		fails(asks("", map[string]string{"internet": "false"}), "internet = false names nobody"),
		fails(asks("", map[string]string{"internet": "true", "cidr": "198.51.100.0/24"}), "Callers are named twice"),
		fails(asks("", map[string]string{"internet": "true", "vpc": "vpc-1"}), "Callers are named twice"),
		fails(asks("", map[string]string{"vpc": "subnet-1"}), "is not the id of a VPC"),
		fails(asks("", map[string]string{"cidr": "10.0.0.0/8"}), "Nobody on the Internet"),
		fails(asks("", map[string]string{"cidr": "198.51.100.1/24"}), "right of its prefix length"),
		fails(asks("", map[string]string{"cidr": "2001:db8::/32"}), "is IPv6"),
		fails(asks("", map[string]string{"cidr": "office"}), "neither a range"),
		fails(asks("", map[string]string{"internet": "true", "region": "us-east-1"}), "Only a VPC is somewhere"),
	)
}
