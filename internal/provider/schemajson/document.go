package main

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The types below are the published form (Terraform documentation, "terraform
// providers schema": Providers Schema Representation).
type schemaDocument struct {
	FormatVersion string                     `json:"format_version"`
	Providers     map[string]*providerSchema `json:"provider_schemas"`
}

type providerSchema struct {
	Provider    *schema              `json:"provider"`
	Resources   map[string]*schema   `json:"resource_schemas"`
	DataSources map[string]*schema   `json:"data_source_schemas"`
	Identities  map[string]*identity `json:"resource_identity_schemas,omitempty"`
	Ephemerals  map[string]*schema   `json:"ephemeral_resource_schemas,omitempty"`
	Functions   map[string]*function `json:"functions,omitempty"`
}

type function struct {
	Description string       `json:"description,omitempty"`
	Summary     string       `json:"summary,omitempty"`
	Return      tftypes.Type `json:"return_type"`
	Parameters  []parameter  `json:"parameters,omitempty"`
}

type parameter struct {
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Nullable    bool         `json:"is_nullable,omitempty"`
	Type        tftypes.Type `json:"type"`
}

type schema struct {
	Version int64 `json:"version"`
	Block   block `json:"block"`
}

type block struct {
	Attributes map[string]*attribute `json:"attributes,omitempty"`
	described
}

type described struct {
	Description string `json:"description,omitempty"`
	Kind        string `json:"description_kind,omitempty"`
}

type attribute struct {
	Type   tftypes.Type `json:"type,omitempty"`
	Nested *nested      `json:"nested_type,omitempty"`
	described
	Required  bool `json:"required,omitempty"`
	Optional  bool `json:"optional,omitempty"`
	Computed  bool `json:"computed,omitempty"`
	Sensitive bool `json:"sensitive,omitempty"`
	WriteOnly bool `json:"write_only,omitempty"`
}

type nested struct {
	Attributes map[string]*attribute `json:"attributes"`
	Mode       string                `json:"nesting_mode"`
}

type identity struct {
	Version    int64                         `json:"version"`
	Attributes map[string]*identityAttribute `json:"attributes"`
}

type identityAttribute struct {
	Type        tftypes.Type `json:"type"`
	Description string       `json:"description,omitempty"`
	Required    bool         `json:"required_for_import,omitempty"`
	Optional    bool         `json:"optional_for_import,omitempty"`
}

func document(schemas *tfprotov6.GetProviderSchemaResponse, identities *tfprotov6.GetResourceIdentitySchemasResponse) schemaDocument {
	p := &providerSchema{
		Provider:    schemaOf(schemas.Provider),
		Resources:   map[string]*schema{},
		DataSources: map[string]*schema{},
		Identities:  map[string]*identity{},
		Ephemerals:  map[string]*schema{},
		Functions:   map[string]*function{},
	}
	for name, s := range schemas.ResourceSchemas {
		p.Resources[name] = schemaOf(s)
	}
	for name, s := range schemas.DataSourceSchemas {
		p.DataSources[name] = schemaOf(s)
	}
	for name, s := range schemas.EphemeralResourceSchemas {
		p.Ephemerals[name] = schemaOf(s)
	}
	for name, f := range schemas.Functions {
		p.Functions[name] = functionOf(f)
	}
	for name, s := range identities.IdentitySchemas {
		i := &identity{Version: s.Version, Attributes: map[string]*identityAttribute{}}
		for _, a := range s.IdentityAttributes {
			i.Attributes[a.Name] = &identityAttribute{Type: a.Type, Description: a.Description, Required: a.RequiredForImport, Optional: a.OptionalForImport}
		}
		p.Identities[name] = i
	}
	return schemaDocument{FormatVersion: "1.0", Providers: map[string]*providerSchema{address: p}}
}

func schemaOf(s *tfprotov6.Schema) *schema {
	return &schema{Version: s.Version, Block: block{
		Attributes: attributesOf(s.Block.Attributes),
		described:  describe(s.Block.Description, s.Block.DescriptionKind),
	}}
}

func functionOf(f *tfprotov6.Function) *function {
	signature := &function{Description: f.Description, Summary: f.Summary, Return: f.Return.Type}
	for _, p := range f.Parameters {
		signature.Parameters = append(signature.Parameters, parameter{Name: p.Name, Description: p.Description, Nullable: p.AllowNullValue, Type: p.Type})
	}
	return signature
}

func attributesOf(attributes []*tfprotov6.SchemaAttribute) map[string]*attribute {
	all := make(map[string]*attribute, len(attributes))
	for _, a := range attributes {
		all[a.Name] = &attribute{
			Type:      a.Type,
			described: describe(a.Description, a.DescriptionKind),
			Required:  a.Required, Optional: a.Optional, Computed: a.Computed,
			Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
		}
		if a.NestedType != nil {
			all[a.Name].Type = nil
			all[a.Name].Nested = &nested{
				Attributes: attributesOf(a.NestedType.Attributes),
				Mode:       strings.ToLower(a.NestedType.Nesting.String()),
			}
		}
	}
	return all
}

func describe(text string, kind tfprotov6.StringKind) described {
	return described{Description: text, Kind: strings.ToLower(kind.String())}
}
