package cluster_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

const kind = "serving_cluster"

// made creates the good configuration.
func made(t *testing.T, s *tftest.Server) *tfprotov6.ApplyResourceChangeResponse {
	t.Helper()
	config := goodConfig(t, s)
	resp := s.Create(t.Context(), t, kind, config, s.Plan(t.Context(), t, kind, config))
	if errs := tftest.Errors(resp.Diagnostics); len(errs) > 0 {
		t.Fatal(tftest.Render(errs))
	}
	return resp
}

// An interrupted update is observed all the same, and what was done by then is
// in the state.
func TestInterruptedUpdateIsObserved(t *testing.T) {
	t.Parallel()
	backend, p := world()
	s := tftest.Serve(t, p)
	prior := made(t, s)
	s = tftest.Serve(t, p) // Another walk.
	at := tftypes.NewAttributePath().WithAttributeName("node_pools").WithElementKeyString("gpu").WithAttributeName("max_size")
	bigger := func(v tftypes.Value) *tfprotov6.DynamicValue {
		changed, err := tftypes.Transform(v, func(here *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
			if here.Equal(at) {
				return tftypes.NewValue(tftypes.Number, 9), nil
			}
			return v, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return tftest.Dynamic(t, changed)
	}
	config := bigger(goodConfig(t, s))
	plan, err := s.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, Config: config, PriorState: prior.NewState, PriorPrivate: prior.Private, PriorIdentity: prior.NewIdentity,
		ProposedNewState: bigger(s.Decode(t, kind, prior.NewState)),
	})
	if err != nil || len(tftest.Errors(plan.Diagnostics)) > 0 {
		t.Fatalf("planning: %v %s", err, tftest.Render(plan.Diagnostics))
	}

	ctx, interrupt := context.WithCancel(t.Context())
	backend.Fail["UpdateCluster"] = func(ctx context.Context) error {
		backend.ChangeCluster(id, func(c *tftest.Cluster) { c.Drift = map[string][]string{"listener": {"half done"}} })
		interrupt()
		return context.Cause(ctx)
	}
	backend.Fail["ObserveCluster"] = func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			return errors.New("the observation has no deadline")
		}
		return ctx.Err()
	}
	resp, err := s.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, Config: config, PriorState: prior.NewState, PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate,
		PlannedIdentity: plan.PlannedIdentity,
	})
	if err != nil {
		t.Fatal(err)
	}
	if errs := tftest.Errors(resp.Diagnostics); len(errs) != 1 {
		t.Errorf("the interrupted update says %s, want one error", tftest.Render(errs))
	}
	state := s.Decode(t, kind, resp.NewState)
	drift, _, err := tftypes.WalkAttributePath(state, tftypes.NewAttributePath().WithAttributeName("drift").WithElementKeyString("listener"))
	if err != nil || drift == nil || !state.IsFullyKnown() {
		t.Errorf("the state lacks what was observed: %v %s", err, state)
	}
	size, _, err := tftypes.WalkAttributePath(state, at)
	if err != nil || !size.(tftypes.Value).Equal(tftypes.NewValue(tftypes.Number, 4)) {
		t.Errorf("max_size is %v, want that of the cloud", size)
	}
}

func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	_, p := world()
	s := tftest.Serve(t, p)
	want := made(t, s)
	identity := func(account any) *tfprotov6.ResourceIdentityData {
		text := map[string]tftypes.Value{
			"cloud": tftypes.NewValue(tftypes.String, "aws"), "account": tftypes.NewValue(tftypes.String, account),
			"region": tftypes.NewValue(tftypes.String, "us-west-2"), "name": tftypes.NewValue(tftypes.String, "prod"),
		}
		types := map[string]tftypes.Type{"cloud": tftypes.String, "account": tftypes.String, "region": tftypes.String, "name": tftypes.String}
		return &tfprotov6.ResourceIdentityData{IdentityData: tftest.Dynamic(t, tftypes.NewValue(tftypes.Object{AttributeTypes: types}, text))}
	}
	for name, tc := range map[string]struct {
		account any
		ok      bool
	}{
		"without account": {nil, true},
		"right account":   {"123456789012", true},
		"wrong account":   {"210987654321", false},
	} {
		resp, err := s.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, Identity: identity(tc.account)})
		if err != nil {
			t.Fatal(err)
		}
		errs := tftest.Errors(resp.Diagnostics)
		if (len(errs) == 0) != tc.ok {
			t.Errorf("%s: the import says %s", name, tftest.Render(errs))
		}
		if !tc.ok {
			continue
		}
		got := resp.ImportedResources[0]
		if is, was := s.Decode(t, kind, got.State), s.Decode(t, kind, want.NewState); !is.Equal(was) {
			t.Errorf("%s: imported\n%s\nwant\n%s", name, is, was)
		}
		read, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: got.State, CurrentIdentity: got.Identity, Private: got.Private})
		if err != nil || len(tftest.Errors(read.Diagnostics)) > 0 {
			t.Errorf("%s: the refresh says %v %s", name, err, tftest.Render(read.Diagnostics))
		}
	}
}

// A cluster that is gone leaves the state without an error, also where a state
// of an old Terraform has no identity.
func TestGoneIsRemoved(t *testing.T) {
	t.Parallel()
	backend, p := world()
	s := tftest.Serve(t, p)
	prior := made(t, s)
	backend.ForgetCluster(id)
	for name, identity := range map[string]*tfprotov6.ResourceIdentityData{"with identity": prior.NewIdentity, "without": nil} {
		resp, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: prior.NewState, CurrentIdentity: identity})
		if err != nil || len(resp.Diagnostics) > 0 || !s.Decode(t, kind, resp.NewState).IsNull() {
			t.Errorf("%s: got %v %s", name, err, tftest.Render(resp.Diagnostics))
		}
	}
}
