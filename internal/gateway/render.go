package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// The files of Render, in Config.Dir.
const (
	FileListeners = "lds.json"
	FileRoutes    = "rds.json"
	FileClusters  = "cds.json"
	FileJWT       = "jwt.json"
)

// Render makes the files of the mounted directory. The same configuration makes
// the same bytes. They hold tokens.
//
// All that changes with servers and tokens is in routes, clusters and the
// settings of the JWT filter, which Envoy takes over between two requests; the
// listener stays what it was, so that no connection is ever drained.
func Render(c Config) (map[string][]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("rendering the gateway's configuration: %w", err)
	}
	files := map[string][]byte{}
	for name, resources := range map[string][]proto.Message{
		FileListeners: {c.listener()},
		FileRoutes:    {c.routes()},
		FileClusters:  c.clusters(),
		FileJWT:       {c.jwtFilter()},
	} {
		text, err := response(c.Version, resources)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", name, err)
		}
		files[name] = text
	}
	return files, nil
}

// Bootstrap makes the file that Envoy is started with. It holds no secret, and
// nothing in it depends on the servers.
func Bootstrap(c Config) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("rendering the gateway's bootstrap: %w", err)
	}
	b := c.bootstrap()
	if err := validate(b); err != nil {
		return nil, fmt.Errorf("rendering the gateway's bootstrap: %w", err)
	}
	return encode(b)
}

func response(version string, resources []proto.Message) ([]byte, error) {
	answer := &discoveryv3.DiscoveryResponse{VersionInfo: version}
	for _, r := range resources {
		if err := validate(r); err != nil {
			return nil, err
		}
		answer.Resources = append(answer.Resources, packed(r))
	}
	return encode(answer)
}

// validate applies the rules in the protos, to what is packed inside as well:
// packed calls it for each message.
func validate(m proto.Message) error {
	if v, ok := m.(interface{ ValidateAll() error }); ok {
		return v.ValidateAll()
	}
	return fmt.Errorf("%T cannot be validated", m)
}

// packed wraps a message. It panics on what no input can cause: a message that
// breaks the rules of its own proto although check let the input pass.
func packed(m proto.Message) *anypb.Any {
	if err := validate(m); err != nil {
		panic(err)
	}
	wrapped, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return wrapped
}

// encode writes compact JSON, for Kubernetes gives a Secret 1 MiB. protojson
// varies its white space on purpose, so it is taken out.
func encode(m proto.Message) ([]byte, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Compact(&out, text)
	return out.Bytes(), err
}
