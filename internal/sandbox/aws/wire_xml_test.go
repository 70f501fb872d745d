package aws

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestReadRESTXML(t *testing.T) {
	t.Parallel()
	const space = ` xmlns="https://route53.amazonaws.com/doc/2013-04-01/"`
	change := func(inner string) string {
		return "<ChangeResourceRecordSetsRequest" + space + "><ChangeBatch>" + inner + "</ChangeBatch></ChangeResourceRecordSetsRequest>"
	}
	const one = "<Change><Action>DELETE</Action><ResourceRecordSet><Name>a.example.com</Name><Type>A</Type><TTL>60</TTL>" +
		"<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
	read := map[string]any{"HostedZoneId": "Z0", "ChangeBatch": map[string]any{"Changes": []any{map[string]any{
		"Action": "DELETE", "ResourceRecordSet": map[string]any{
			"Name": "a.example.com", "Type": "A", "TTL": json.Number("60"), "ResourceRecords": []any{map[string]any{"Value": "192.0.2.1"}},
		},
	}}}}
	for name, test := range map[string]struct {
		method, target, body string
		action, code         string
		want                 map[string]any
	}{
		"body":                   {"POST", "/2013-04-01/hostedzone/Z0/rrset", change("<Changes>" + one + "</Changes>"), "ChangeResourceRecordSets", "", read},
		"slash at the end":       {"POST", "/2013-04-01/hostedzone/Z0/rrset/", "<?xml version=\"1.0\"?>\n" + change("\n <Changes>"+one+"</Changes>\n"), "ChangeResourceRecordSets", "", read},
		"query":                  {"GET", "/2013-04-01/hostedzone/Z0/rrset?maxitems=7&type=A", "", "ListResourceRecordSets", "", map[string]any{"HostedZoneId": "Z0", "MaxItems": json.Number("7"), "StartRecordType": "A"}},
		"number that is none":    {"GET", "/2013-04-01/hostedzone/Z0/rrset?maxitems=x", "", "ListResourceRecordSets", "InvalidInput", nil},
		"enum that is not":       {"GET", "/2013-04-01/hostedzone/Z0/rrset?type=B", "", "ListResourceRecordSets", "InvalidInput", nil},
		"empty list":             {"POST", "/2013-04-01/hostedzone/Z0/rrset", change("<Changes></Changes>"), "ChangeResourceRecordSets", "InvalidInput", nil},
		"missing element":        {"POST", "/2013-04-01/hostedzone/Z0/rrset", change(""), "ChangeResourceRecordSets", "InvalidInput", nil},
		"unknown element":        {"POST", "/2013-04-01/hostedzone/Z0/rrset", change("<Remark>x</Remark>"), "ChangeResourceRecordSets", "InvalidInput", nil},
		"unknown item":           {"POST", "/2013-04-01/hostedzone/Z0/rrset", change("<Changes><member/></Changes>"), "ChangeResourceRecordSets", "InvalidInput", nil},
		"element in a value":     {"POST", "/2013-04-01/hostedzone/Z0/rrset", change("<Comment><b>x</b></Comment>"), "ChangeResourceRecordSets", "InvalidInput", nil},
		"element there twice":    {"POST", "/2013-04-01/hostedzone/Z0/rrset", change("<Comment>x</Comment><Comment>y</Comment>"), "ChangeResourceRecordSets", "MalformedInput", nil},
		"text between elements":  {"POST", "/2013-04-01/hostedzone/Z0/rrset", change("x<Comment>x</Comment>"), "ChangeResourceRecordSets", "MalformedInput", nil},
		"no namespace":           {"POST", "/2013-04-01/hostedzone/Z0/rrset", strings.Replace(change(""), space, "", 1), "ChangeResourceRecordSets", "MalformedInput", nil},
		"not XML":                {"POST", "/2013-04-01/hostedzone/Z0/rrset", "{}", "ChangeResourceRecordSets", "MalformedInput", nil},
		"not closed":             {"POST", "/2013-04-01/hostedzone/Z0/rrset", "<a>", "ChangeResourceRecordSets", "MalformedInput", nil},
		"no body":                {"POST", "/2013-04-01/hostedzone/Z0/rrset", "", "ChangeResourceRecordSets", "MalformedInput", nil},
		"body that nobody wants": {"GET", "/2013-04-01/hostedzone/Z0", "<a/>", "GetHostedZone", "MalformedInput", nil},
		"path that is not":       {"GET", "/2013-04-01/healthcheck/h", "", "", "UnknownOperationException", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testWire(t, "route53")
			req := &request{Request: httptest.NewRequest(test.method, test.target, http.NoBody), body: []byte(test.body), wire: w}
			action, parameters, err := w.route(req)
			var got map[string]any
			if err == nil {
				if action != test.action {
					t.Errorf("action = %s, want %s", action, test.action)
				}
				got, err = parameters()
			}
			checkAPIError(t, err, test.code)
			if test.code == "" && !reflect.DeepEqual(got, test.want) {
				t.Errorf("read %#v, want %#v", got, test.want)
			}
		})
	}
}
