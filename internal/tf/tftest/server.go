package tftest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Server speaks Terraform's protocol with a provider, for tests that need
// neither a command line nor its rules.
type Server struct {
	tfprotov6.ProviderServer
	types map[string]tftypes.Type
}

// Serve configures a provider.
func Serve(t testing.TB, p *Provider) *Server {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(p)()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{ProviderServer: server, types: map[string]tftypes.Type{}}
	for name, schema := range schemas.ResourceSchemas {
		s.types[name] = schema.ValueType()
	}
	empty := tftypes.NewValue(tftypes.Object{}, map[string]tftypes.Value{})
	resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: Dynamic(t, empty)})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatalf("configuring: %v %s", err, Render(resp.Diagnostics))
	}
	return s
}

// Type is the type of a resource.
func (s *Server) Type(resource string) tftypes.Type { return s.types[resource] }

// Validate gives what a resource's validation says of a configuration.
func (s *Server) Validate(ctx context.Context, t testing.TB, resource string, config tftypes.Value) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := s.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: resource, Config: Dynamic(t, config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// Plan plans to create a resource.
func (s *Server) Plan(ctx context.Context, t testing.TB, resource string, config tftypes.Value) *tfprotov6.PlanResourceChangeResponse {
	t.Helper()
	resp, err := s.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: resource, Config: Dynamic(t, config), ProposedNewState: Dynamic(t, config),
		PriorState: Dynamic(t, tftypes.NewValue(s.types[resource], nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// Create applies a plan to create a resource.
func (s *Server) Create(ctx context.Context, t testing.TB, resource string, config tftypes.Value, plan *tfprotov6.PlanResourceChangeResponse) *tfprotov6.ApplyResourceChangeResponse {
	t.Helper()
	resp, err := s.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resource, Config: Dynamic(t, config), PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate,
		PriorState: Dynamic(t, tftypes.NewValue(s.types[resource], nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// Decode reads a value of a resource.
func (s *Server) Decode(t testing.TB, resource string, v *tfprotov6.DynamicValue) tftypes.Value {
	t.Helper()
	value, err := v.Unmarshal(s.types[resource])
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func Dynamic(t testing.TB, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// Unknown stands for a value that is not known yet.
type Unknown struct{}

// List is a list of values; a plain slice is a set.
type List []any

// Text is a text as Terraform's protocol has it.
func Text(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }

// Value makes a value of a type from Go values: maps for objects and maps,
// slices for sets, List for lists. Absent attributes are null.
func Value(t testing.TB, kind tftypes.Type, v any) tftypes.Value {
	t.Helper()
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(kind, nil)
	case Unknown:
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	case map[string]any:
		values := map[string]tftypes.Value{}
		object, ok := kind.(tftypes.Object)
		if ok {
			for name, attribute := range object.AttributeTypes {
				values[name] = Value(t, attribute, v[name])
			}
			return tftypes.NewValue(kind, values)
		}
		of, ok := kind.(tftypes.Map)
		if !ok {
			t.Fatalf("a map for %s", kind)
		}
		for key, element := range v {
			values[key] = Value(t, of.ElementType, element)
		}
		return tftypes.NewValue(kind, values)
	case List:
		of, ok := kind.(tftypes.List)
		if !ok {
			t.Fatalf("a list for %s", kind)
		}
		values := make([]tftypes.Value, 0, len(v))
		for _, element := range v {
			values = append(values, Value(t, of.ElementType, element))
		}
		return tftypes.NewValue(kind, values)
	case []any:
		of, ok := kind.(tftypes.Set)
		if !ok {
			t.Fatalf("a slice for %s", kind)
		}
		values := make([]tftypes.Value, 0, len(v))
		for _, element := range v {
			values = append(values, Value(t, of.ElementType, element))
		}
		return tftypes.NewValue(kind, values)
	}
	return tftypes.NewValue(kind, v)
}

// Errors are the diagnostics that stop a plan.
func Errors(diagnostics []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	var errs []*tfprotov6.Diagnostic
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			errs = append(errs, d)
		}
	}
	return errs
}

// Render writes diagnostics for a test's message.
func Render(diagnostics []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, d := range diagnostics {
		fmt.Fprintf(&text, "\n%s at %s: %s: %s", d.Severity, d.Attribute, d.Summary, d.Detail)
	}
	return text.String()
}
