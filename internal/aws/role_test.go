package aws

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// TestListRoles reads an account page by page, and not further than a batch may.
func TestListRoles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pages    [][]string
		names    []string
		want     []string
		calls    int
		complete bool
	}{
		"all of a small account":      {[][]string{{"a", "b"}}, nil, []string{"a", "b"}, 1, true},
		"all of two pages":            {[][]string{{"a"}, {"b"}}, nil, []string{"a", "b"}, 2, true},
		"all of more pages":           {[][]string{{"a"}, {"b"}, {"c"}}, nil, []string{"a", "b"}, 2, false},
		"some, on the first page":     {[][]string{{"a", "b"}, {"c"}}, []string{"a", "b"}, []string{"a", "b"}, 1, true},
		"some, on the last page read": {[][]string{{"a"}, {"b"}, {"c"}}, []string{"a", "b"}, []string{"a", "b"}, 2, true},
		"one does not exist":          {[][]string{{"a"}, {"b"}}, []string{"a", "x"}, []string{"a"}, 2, true},
		"one may be further on":       {[][]string{{"a"}, {"b"}, {"c"}}, []string{"a", "c"}, []string{"a"}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			c := &client{iam: iamOperations{GetAccountAuthorizationDetails: func(_ context.Context, in *iam.GetAccountAuthorizationDetailsInput, _ ...func(*iam.Options)) (*iam.GetAccountAuthorizationDetailsOutput, error) {
				if asked := aws.ToString(in.Marker); calls > 0 && asked != test.pages[calls-1][0] || calls == 0 && asked != "" {
					t.Errorf("call %d asks for the page %q", calls+1, asked)
				}
				out := &iam.GetAccountAuthorizationDetailsOutput{}
				for _, role := range test.pages[calls] {
					out.RoleDetailList = append(out.RoleDetailList, iamtypes.RoleDetail{RoleName: &role})
				}
				if calls+1 < len(test.pages) {
					out.IsTruncated, out.Marker = true, &test.pages[calls][0]
				}
				calls++
				return out, nil
			}}}
			out := map[string]*roleLive{}
			complete, err := c.listRoles(t.Context(), out, test.names...)
			if got := slices.Sorted(maps.Keys(out)); err != nil || complete != test.complete || calls != test.calls || !slices.Equal(got, test.want) {
				t.Errorf("found %q in %d calls, complete %v, error %v; want %q in %d calls, complete %v", got, calls, complete, err, test.want, test.calls, test.complete)
			}
		})
	}
}
