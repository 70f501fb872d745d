package aws

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
)

func testWire(t *testing.T, service string) *wire {
	t.Helper()
	models, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &wire{name: service, service: models[service]}
}

func TestReadForm(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service, action, form string
		want                  map[string]any
		code                  string
	}{
		"ec2 names and flat lists": {
			"ec2", "CreateVpc", "CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=", map[string]any{
				"CidrBlock": "10.0.0.0/16",
				"TagSpecifications": []any{map[string]any{
					"ResourceType": "vpc", "Tags": []any{map[string]any{"Key": "a", "Value": ""}},
				}},
			}, "",
		},
		"ec2 list in the order of its numbers": {
			"ec2", "DescribeVpcs", "VpcId.10=j&VpcId.2=b&VpcId.1=a", map[string]any{"VpcIds": []any{"a", "b", "j"}}, "",
		},
		"ec2 unknown":              {"ec2", "DescribeVpcs", "VpcIds.1=a", nil, "UnknownParameter"},
		"ec2 list without numbers": {"ec2", "DescribeVpcs", "VpcId=a", nil, "InvalidParameterValue"},
		"ec2 not a number":         {"ec2", "DescribeVpcs", "MaxResults=many", nil, "InvalidParameterValue"},
		"ec2 below the minimum":    {"ec2", "DescribeVpcs", "MaxResults=4", nil, "InvalidParameterValue"},
		"ec2 not a boolean":        {"ec2", "DescribeVpcs", "DryRun=maybe", nil, "InvalidParameterValue"},
		"ec2 missing":              {"ec2", "AssociateRouteTable", "SubnetId=subnet-1", nil, "MissingParameter"},
		"query lists": {
			"iam", "UntagRole", "RoleName=r&TagKeys.member.1=a&TagKeys.member.2=b", map[string]any{"RoleName": "r", "TagKeys": []any{"a", "b"}}, "",
		},
		"query empty list":  {"iam", "UntagRole", "RoleName=r&TagKeys=", map[string]any{"RoleName": "r", "TagKeys": []any{}}, ""},
		"query unknown":     {"iam", "GetRole", "RoleName=r&Colour=blue", nil, "ValidationError"},
		"query pattern":     {"iam", "GetRole", "RoleName=a%20b", nil, "ValidationError"},
		"query missing":     {"iam", "GetRole", "", nil, "ValidationError"},
		"query enum":        {"iam", "GetAccountAuthorizationDetails", "Filter.member.1=Robot", nil, "ValidationError"},
		"query given twice": {"iam", "GetRole", "RoleName=a&RoleName=b", nil, "ValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testWire(t, test.service)
			form, err := url.ParseQuery(test.form)
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.readForm(w.service.Operations[test.action], form)
			checkAPIError(t, err, test.code)
			if test.code == "" && !reflect.DeepEqual(got, test.want) {
				t.Errorf("read %#v, want %#v", got, test.want)
			}
		})
	}
}

func TestReadREST(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, target, body string
		action, code         string
		want                 map[string]any
	}{
		"labels and query": {
			"GET", "/clusters/prod/updates/u1?nodegroupName=cpu", "", "DescribeUpdate", "",
			map[string]any{"name": "prod", "updateId": "u1", "nodegroupName": "cpu"},
		},
		"ARN in the path": {
			"DELETE", "/tags/arn%3Aaws%3Aeks%3Aus-west-2%3A123456789012%3Acluster%2Fprod?tagKeys=a&tagKeys=b", "", "UntagResource", "",
			map[string]any{"resourceArn": "arn:aws:eks:us-west-2:123456789012:cluster/prod", "tagKeys": []any{"a", "b"}},
		},
		"unknown member":      {"POST", "/clusters", `{"nmae": "prod"}`, "CreateCluster", "InvalidParameterException", nil},
		"missing member":      {"POST", "/clusters", `{"name": "prod"}`, "CreateCluster", "InvalidParameterException", nil},
		"wrong type":          {"POST", "/clusters", `{"name": 1}`, "CreateCluster", "SerializationException", nil},
		"not JSON":            {"POST", "/clusters", `name`, "CreateCluster", "SerializationException", nil},
		"query that is not":   {"GET", "/clusters/prod?verbose=1", "", "DescribeCluster", "InvalidParameterException", nil},
		"path that is not":    {"GET", "/pods/prod", "", "", "UnknownOperationException", nil},
		"method that is not":  {"PATCH", "/clusters/prod", "", "", "UnknownOperationException", nil},
		"enum that is not":    {"GET", "/clusters?maxResults=101", "", "ListClusters", "InvalidParameterException", nil},
		"empty path element":  {"GET", "/clusters//updates", "", "", "UnknownOperationException", nil},
		"null is like absent": {"POST", "/clusters/prod/updates", `{"version": null}`, "UpdateClusterVersion", "InvalidParameterException", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testWire(t, "eks")
			req := &request{Request: httptest.NewRequest(test.method, test.target, http.NoBody), body: []byte(test.body), wire: w}
			action, read, err := w.route(req)
			var got map[string]any
			if err == nil {
				if action != test.action {
					t.Errorf("action = %s, want %s", action, test.action)
				}
				got, err = read()
			}
			checkAPIError(t, err, test.code)
			if test.code == "" && !reflect.DeepEqual(got, test.want) {
				t.Errorf("read %#v, want %#v", got, test.want)
			}
		})
	}
}

func checkAPIError(t *testing.T, err error, code string) {
	t.Helper()
	var api *Error
	switch {
	case code == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case code != "" && (!errors.As(err, &api) || api.Code != code):
		t.Errorf("error = %v, want code %s", err, code)
	}
}

func TestWriteError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service string
		err     *Error
		status  int
		want    []string
	}{
		"ec2":       {"ec2", &Error{Code: "InvalidVpcID.NotFound", Message: "a < b"}, 400, []string{"<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>a &lt; b</Message>"}},
		"query":     {"iam", &Error{Code: "NoSuchEntityException", Message: "m"}, 404, []string{"<ErrorResponse xmlns=", "<Type>Sender</Type><Code>NoSuchEntity</Code>"}},
		"json":      {"acm", &Error{Code: "ResourceNotFoundException", Message: "m"}, 400, []string{`"__type":"ResourceNotFoundException"`, `"message":"m"`}},
		"rest-xml":  {"route53", &Error{Code: "NoSuchHostedZone", Message: "m"}, 404, []string{`<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">`, "<Code>NoSuchHostedZone</Code>"}},
		"rest-json": {"eks", &Error{Code: "ResourceNotFoundException", Message: "m", Fields: map[string]any{"clusterName": "prod"}}, 404, []string{`"clusterName":"prod"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testWire(t, test.service)
			out := httptest.NewRecorder()
			w.writeError(out, "id", w.resolve(test.err))
			if out.Code != test.status {
				t.Errorf("status = %d, want %d", out.Code, test.status)
			}
			for _, want := range test.want {
				if !strings.Contains(out.Body.String(), want) {
					t.Errorf("body = %s, want %s in it", out.Body, want)
				}
			}
		})
	}
}

func TestWildcard(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, value string
		want           bool
	}{
		{"prod", "prod", true}, {"prod", "Prod", false}, {"p*", "prod/x", true}, {"p??d", "prod", true}, {"p?d", "prod", false},
		{`p\*`, "p*", true}, {`p\*`, "px", false}, {"[a]*", "[a]b", true}, {"[a]*", "ab", false}, {"*/b", "a/b", true},
	} {
		if got := wildcard(test.pattern, test.value); got != test.want {
			t.Errorf("wildcard(%q, %q) = %t, want %t", test.pattern, test.value, got, test.want)
		}
	}
}

func TestZonesAreConsistent(t *testing.T) {
	t.Parallel()
	for region := range geography {
		ids := map[string]bool{}
		for _, z := range zones(region) {
			ids[z.id] = true
			if found, ok := findZone(region, "", z.id); !ok || found != z {
				t.Errorf("%s: zone %s is not found by its id %s", region, z.name, z.id)
			}
		}
		if len(ids) != len(zones(region)) || len(ids) < 2 {
			t.Errorf("%s: ids of zones = %v", region, ids)
		}
	}
}

func TestWriteAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service, action string
		answer          map[string]any
		want            []string
	}{
		"ec2 empty list": {"ec2", "DescribeVpcs", map[string]any{}, []string{
			`<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>id</requestId><vpcSet></vpcSet></DescribeVpcsResponse>`,
		}},
		"ec2 nothing to say": {"ec2", "DeleteVpc", map[string]any{}, []string{"<return>true</return>"}},
		"query": {"iam", "ListRolePolicies", map[string]any{"PolicyNames": []any{"a&b"}, "IsTruncated": false}, []string{
			"<ListRolePoliciesResult>", "<PolicyNames><member>a&amp;b</member></PolicyNames>", "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>",
		}},
		"time in XML":  {"iam", "GetRole", map[string]any{"Role": map[string]any{"CreateDate": "2026-01-02T03:04:05.5Z"}}, []string{"<CreateDate>2026-01-02T03:04:05.5Z</CreateDate>"}},
		"time in JSON": {"eks", "DescribeCluster", map[string]any{"Cluster": map[string]any{"CreatedAt": "1970-01-01T00:00:02.25Z", "Status": ""}}, []string{`{"cluster":{"createdAt":2.250}}`}},
		"rest-xml": {"route53", "CreateHostedZone", map[string]any{"Location": "here", "DelegationSet": map[string]any{"NameServers": []any{"a"}}}, []string{
			`<CreateHostedZoneResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><DelegationSet><NameServers><NameServer>a</NameServer></NameServers></DelegationSet></CreateHostedZoneResponse>`,
		}},
		"rest-json empty one": {"eks", "ListClusters", map[string]any{}, []string{`{"clusters":[]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := httptest.NewRecorder()
			testWire(t, test.service).writeAnswer(out, "id", test.action, test.answer)
			for _, want := range test.want {
				if !strings.Contains(out.Body.String(), want) {
					t.Errorf("body = %s, want %s in it", out.Body, want)
				}
			}
		})
	}
}
