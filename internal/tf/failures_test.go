package tf_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type advised struct{}

func (advised) Error() string { return "AccessDenied" }

func (advised) Advice() string { return "Allow iam:CreateRole." }

func TestFailed(t *testing.T) {
	t.Parallel()
	do := tf.Doing{Verb: "create", Kind: "serving_cluster", ID: "aws/us-west-2/prod"}
	object := func(verb, name string, err error) error {
		return &stack.ObjectError{Verb: verb, Object: name, Err: err}
	}
	denied := errors.New("AccessDenied: no")
	for _, tc := range []struct {
		name string
		err  error
		// want are parts of each diagnostic's summary and detail.
		want [][]string
	}{
		{"none", nil, nil},
		{"plain", errors.New("no credentials"), [][]string{{"Cannot create serving_cluster aws/us-west-2/prod", "no credentials.", "run the same command again"}}},
		{"one for each object", &stack.Error{
			Failures: []error{object("create", "vpc", errors.New("VpcLimitExceeded")), object("wait for", "cluster", context.DeadlineExceeded)},
			Skipped:  []string{"subnet/a"}, Existing: map[string]string{"role/nodes": "r-1"},
		}, [][]string{{": create vpc", "VpcLimitExceeded."}, {": wait for cluster", "timeouts.create", "Not attempted because of that: subnet/a.", "role/nodes = r-1"}}},
		{"one for one reason", fmt.Errorf("cluster: %w", &stack.Error{Failures: []error{object("find", "vpc", denied), object("find", "role", denied)}}),
			[][]string{{": find vpc, find role", "AccessDenied: no."}}},
		{"joined", errors.Join(object("delete", "vpc", errors.New("one")), object("delete", "subnet", errors.New("two"))), [][]string{{"delete vpc", "one."}, {"delete subnet", "two."}}},
		{"with text around", fmt.Errorf("both %w and %w", errors.New("one"), errors.New("two")), [][]string{{"both one and two."}}},
		{"exists", &stack.ExistsError{Stack: "cluster/prod", Root: "arn"}, [][]string{{"already exists (arn)", "terraform import serving_cluster.<name> aws/us-west-2/prod"}}},
		{"blocked", object("delete", "vpc", &stack.BlockedError{By: "eni-1", Err: errors.New("DependencyViolation")}), [][]string{{"still in use by eni-1", "Remove what still uses it"}}},
		{"interrupted", context.Canceled, [][]string{{"interrupted"}}},
		{"advised", object("create", "role", fmt.Errorf("iam: %w", advised{})), [][]string{{"iam: AccessDenied.", "Allow iam:CreateRole."}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			diags := tf.Failed(do, tc.err)
			if len(diags) != len(tc.want) {
				t.Fatalf("got %d diagnostics, want %d: %v", len(diags), len(tc.want), diags)
			}
			for i, d := range diags {
				text := d.Summary() + "\n" + d.Detail()
				for _, part := range tc.want[i] {
					if !strings.Contains(text, part) {
						t.Errorf("diagnostic %d lacks %q:\n%s", i, part, text)
					}
				}
			}
		})
	}
}
