package aws

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// TestPagesByToken reads a list whose pages are named by the tokens that ask for them.
func TestPagesByToken(t *testing.T) {
	t.Parallel()
	type page struct {
		vpcs []string
		next *string
		err  error
	}
	denied := errors.New("denied")
	for name, test := range map[string]struct {
		pages map[string]page
		want  []string
		// asked are the tokens of all calls.
		asked []string
		// fails is part of the error.
		fails string
	}{
		"one page":            {map[string]page{"": {vpcs: []string{"a", "b"}}}, []string{"a", "b"}, []string{""}, ""},
		"nothing":             {map[string]page{"": {}}, nil, []string{""}, ""},
		"an empty token":      {map[string]page{"": {vpcs: []string{"a"}, next: aws.String("")}}, []string{"a"}, []string{""}, ""},
		"three pages":         {map[string]page{"": {[]string{"a"}, aws.String("2"), nil}, "2": {[]string{"b"}, aws.String("3"), nil}, "3": {vpcs: []string{"c"}}}, []string{"a", "b", "c"}, []string{"", "2", "3"}, ""},
		"an empty page":       {map[string]page{"": {next: aws.String("2")}, "2": {vpcs: []string{"b"}}}, []string{"b"}, []string{"", "2"}, ""},
		"a page that fails":   {map[string]page{"": {[]string{"a"}, aws.String("2"), nil}, "2": {err: denied}}, nil, []string{"", "2"}, "denied"},
		"a page of its own":   {map[string]page{"": {[]string{"a"}, aws.String("2"), nil}, "2": {[]string{"b"}, aws.String("2"), nil}}, nil, []string{"", "2"}, `read *ec2.DescribeVpcsInput: page "2" names itself`},
		"the first one fails": {map[string]page{"": {err: denied}}, nil, []string{""}, "denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			describe := func(_ context.Context, in *ec2.DescribeVpcsInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error) {
				if len(in.VpcIds) != 1 {
					t.Errorf("asked for the VPCs %v, want those of the input", in.VpcIds)
				}
				asked = append(asked, aws.ToString(in.NextToken))
				page := test.pages[aws.ToString(in.NextToken)]
				out := &ec2.DescribeVpcsOutput{NextToken: page.next}
				for _, id := range page.vpcs {
					out.Vpcs = append(out.Vpcs, ec2types.Vpc{VpcId: &id})
				}
				return out, page.err
			}
			in := &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-1"}}
			found, err := pagesByToken(t.Context(), describe, in, &in.NextToken, func(o *ec2.DescribeVpcsOutput) ([]ec2types.Vpc, *string) { return o.Vpcs, o.NextToken })
			var got []string
			for _, v := range found {
				got = append(got, aws.ToString(v.VpcId))
			}
			if !slices.Equal(got, test.want) || !slices.Equal(asked, test.asked) {
				t.Errorf("found %q by %q, want %q by %q", got, asked, test.want, test.asked)
			}
			if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error %v, want %q", err, test.fails)
			}
		})
	}
}
