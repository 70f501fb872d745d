package gcp

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Held is an object of the state. To encoding/json it is its message as protojson writes it, so that the paths of fields are
// those of the API; what the API does not show comes along under "sandbox" while there is any.
type Held[M proto.Message] struct {
	// Body is the object as get answers it.
	Body M
	// Next takes Body's place when the operation under way is done.
	Next M
	pending
}

// pending is what is under way with an object.
type pending struct {
	// Operation is the name of the operation; empty is none.
	Operation string `json:"operation,omitempty"`
	// Verb is what that does: insert, update or delete.
	Verb string `json:"verb,omitempty"`
}

// hidden is the form in which a state file has what the API does not show.
const hidden = "sandbox"

type hiddenParts struct {
	pending
	Next json.RawMessage `json:"next,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (h *Held[M]) MarshalJSON() ([]byte, error) {
	tree, err := protoTree(h.Body)
	if err != nil {
		return nil, err
	}
	if h.Operation != "" {
		parts := hiddenParts{pending: h.pending}
		if h.Next.ProtoReflect().IsValid() {
			if parts.Next, err = protojson.Marshal(h.Next); err != nil {
				return nil, fmt.Errorf("encode %T: %w", h.Next, err)
			}
		}
		tree[hidden] = parts
	}
	return json.Marshal(tree)
}

// UnmarshalJSON implements json.Unmarshaler.
func (h *Held[M]) UnmarshalJSON(raw []byte) error {
	tree := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &tree); err != nil {
		return err
	}
	if part, ok := tree[hidden]; ok {
		var parts hiddenParts
		if err := json.Unmarshal(part, &parts); err != nil {
			return err
		}
		h.pending = parts.pending
		if parts.Next != nil {
			h.Next = fresh[M]()
			if err := protojson.Unmarshal(parts.Next, h.Next); err != nil {
				return fmt.Errorf("decode %T: %w", h.Next, err)
			}
		}
		delete(tree, hidden)
	}
	body, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	h.Body = fresh[M]()
	if err := protojson.Unmarshal(body, h.Body); err != nil {
		return fmt.Errorf("decode %T: %w", h.Body, err)
	}
	return nil
}

// fresh makes an empty message of a type such as *computepb.Network.
func fresh[M proto.Message]() M {
	var none M
	m, ok := none.ProtoReflect().New().Interface().(M)
	if !ok {
		panic(fmt.Sprintf("sandbox: a new %T is none", none))
	}
	return m
}

// protoTree is a message as JSON, as a tree of maps, lists and json.Number.
func protoTree(m proto.Message) (map[string]any, error) {
	raw, err := protojson.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", m, err)
	}
	return readTree(raw)
}
