package main

import (
	"bytes"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// What reads the document is terraform-json, as in tfplugindocs.
func TestWrite(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := write(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	var schemas tfjson.ProviderSchemas
	if err := schemas.UnmarshalJSON(out.Bytes()); err != nil {
		t.Fatal(err)
	}
	provider := schemas.Schemas[address]
	if provider == nil || provider.ConfigSchema.Block.Attributes["aws"].AttributeNestedType == nil {
		t.Fatalf("the provider block is missing: %+v", provider)
	}
	imported := provider.ResourceSchemas["serving_certificate"].Block.Attributes["imported"].AttributeNestedType
	if key := imported.Attributes["private_key_wo"]; !key.WriteOnly || !key.Sensitive || !key.Required {
		t.Errorf("private_key_wo is %+v, want it write-only, sensitive and required", key)
	}
	pools := provider.ResourceSchemas["serving_cluster"].Block.Attributes["node_pools"].AttributeNestedType
	if pools.NestingMode != tfjson.SchemaNestingModeMap || !pools.Attributes["spot"].AttributeType.Equals(provider.ResourceSchemas["serving_cluster"].Block.Attributes["deletion_protection"].AttributeType) {
		t.Errorf("node_pools is %+v, want a map with a bool", pools)
	}
	if token := provider.EphemeralResourceSchemas["serving_kubernetes_token"]; token == nil || !token.Block.Attributes["token"].Sensitive {
		t.Errorf("the ephemeral resource is %+v, want one with a sensitive token", token)
	}
	if basic := provider.Functions["basic_token"]; basic == nil || basic.Summary == "" || len(basic.Parameters) != 1 || basic.Parameters[0].Type != provider.ResourceSchemas["serving_cluster"].Block.Attributes["id"].AttributeType {
		t.Errorf("the function is %+v, want one that takes a string", basic)
	}
	if provider.DataSourceSchemas["serving_cluster"] == nil || provider.ResourceIdentitySchemas["serving_cluster"] == nil {
		t.Error("the data source or the identity of serving_cluster is missing")
	}
}
