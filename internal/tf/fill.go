package tf

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Fill gives the state after an apply: the plan, with what was unknown in it
// taken from what was observed. Terraform holds a provider to every value that
// it planned; where the cloud has something else by now, the next refresh
// shows it.
func Fill(plan, observed tftypes.Value) (tftypes.Value, diag.Diagnostics) {
	var diags diag.Diagnostics
	filled, err := tftypes.Transform(plan, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		found, _, err := tftypes.WalkAttributePath(observed, at)
		if errors.Is(err, tftypes.ErrInvalidStep) {
			return tftypes.NewValue(v.Type(), nil), nil
		}
		value, ok := found.(tftypes.Value)
		if err != nil || !ok {
			return v, fmt.Errorf("at %s: %w", at, err)
		}
		return value, nil
	})
	if err != nil {
		diags.AddError("Cannot make the new state", fmt.Sprintf("Filling the plan with what was observed: %v. This is a defect of the provider; please report it.", err))
	}
	return filled, diags
}
