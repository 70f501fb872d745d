package tf

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

func TestAdvised(t *testing.T) {
	t.Parallel()
	const id = "aws/us-west-2/prod"
	if got := Advised(id, serving.Observation{}); len(got) > 0 {
		t.Errorf("without advice: %v", got)
	}
	got := Advised(id, serving.Observation{Advice: []string{"Remove the route.", "Close the port."}})
	if len(got) != 2 || got[0].Severity() != diag.SeverityWarning || got[0].Summary() != "Not as it should be, and not changed by an apply: "+id || got[1].Detail() != "Close the port." {
		t.Errorf("got %v, want two warnings", got)
	}
}
