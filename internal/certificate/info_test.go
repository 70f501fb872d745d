package certificate_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

func TestCertificateInfo(t *testing.T) {
	t.Parallel()
	_, p := world()
	s := tftest.Serve(t, p)
	call := func(text string) *tfprotov6.CallFunctionResponse {
		resp, err := s.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{
			Name: "certificate_info", Arguments: []*tfprotov6.DynamicValue{tftest.Dynamic(t, tftest.Text(text))},
		})
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	pem, _ := tftest.SelfSigned(t, domain)
	resp := call(pem)
	if resp.Error != nil {
		t.Fatal(resp.Error.Text)
	}
	kind := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"fingerprint_sha256": tftypes.String, "not_before": tftypes.String, "not_after": tftypes.String, "key_algorithm": tftypes.String,
		"domains": tftypes.Set{ElementType: tftypes.String},
	}}
	value, err := resp.Result.Unmarshal(kind)
	if err != nil {
		t.Fatal(err)
	}
	var info map[string]tftypes.Value
	if err := value.As(&info); err != nil {
		t.Fatal(err)
	}
	if want := tftypes.NewValue(kind.AttributeTypes["domains"], []tftypes.Value{tftest.Text(domain)}); !info["domains"].Equal(want) || !info["key_algorithm"].Equal(tftest.Text("EC_prime256v1")) {
		t.Errorf("got %s", value)
	}
	if resp := call("nonsense"); resp.Error == nil || resp.Error.FunctionArgument == nil {
		t.Errorf("got %+v, want an error of the argument", resp)
	}
}
