package kube

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3" // its resources are in binary files
	_ "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3" // so are filters with paths
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// binary is translate for a DiscoveryResponse in protobuf. Anything else stays as
// it is.
func (t *translator) binary(content []byte) []byte {
	var response discoveryv3.DiscoveryResponse
	if err := proto.Unmarshal(content, &response); err != nil || len(response.GetResources()) == 0 {
		return content
	}
	changed := false
	for _, r := range response.Resources {
		changed = t.packed(r) || changed
	}
	if !changed {
		return content
	}
	out, err := proto.Marshal(&response)
	if err != nil {
		return content
	}
	return out
}

// packed changes what is inside, where its type is known here, and reports whether
// it did.
func (t *translator) packed(a *anypb.Any) bool {
	inside, err := a.UnmarshalNew()
	if err != nil || !t.message(inside.ProtoReflect()) {
		return false
	}
	next, err := anypb.New(inside)
	if err != nil {
		return false
	}
	a.Value = next.Value
	return true
}

func (t *translator) message(m protoreflect.Message) bool {
	if a, ok := m.Interface().(*anypb.Any); ok {
		return t.packed(a)
	}
	changed := false
	if c, ok := m.Interface().(*clusterv3.Cluster); ok && c.DnsRefreshRate == nil {
		if kind := c.GetType(); kind == clusterv3.Cluster_STRICT_DNS || kind == clusterv3.Cluster_LOGICAL_DNS {
			c.DnsRefreshRate = durationpb.New(t.refresh)
			changed = true
		}
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			if f.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, item protoreflect.Value) bool {
					changed = t.message(item.Message()) || changed
					return true
				})
			}
		case f.IsList():
			for i := range v.List().Len() {
				switch {
				case f.Message() != nil:
					changed = t.message(v.List().Get(i).Message()) || changed
				case f.Kind() == protoreflect.StringKind:
					if next := t.paths(v.List().Get(i).String()); next != v.List().Get(i).String() {
						v.List().Set(i, protoreflect.ValueOfString(next))
						changed = true
					}
				}
			}
		case f.Message() != nil:
			changed = t.message(v.Message()) || changed
		case f.Kind() == protoreflect.StringKind:
			next := t.paths(v.String())
			if f.Name() == "address" {
				next = t.address(v.String())
			}
			if next != v.String() {
				m.Set(f, protoreflect.ValueOfString(next))
				changed = true
			}
		}
		return true
	})
	return changed
}
