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

// The files of Render, in Config.Dir, and that of Bootstrap, which is elsewhere.
// Envoy tells the binary form of a file by its name.
const (
	FileListeners = "lds.json"
	FileRoutes    = "rds.pb"
	FileClusters  = "cds.pb"
	FileJWT       = "jwt.pb"
	FileBootstrap = "bootstrap.json"
)

// Render makes the files of the mounted directory. The same configuration makes
// the same bytes. They hold tokens. SecretOf says which Secret each belongs to; a
// *SizeError, that they do not fit.
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
		answer := &discoveryv3.DiscoveryResponse{VersionInfo: c.Version}
		for _, r := range resources {
			answer.Resources = append(answer.Resources, packed(r))
		}
		encode := encodeBinary
		if name == FileListeners {
			encode = encodeText // It is small, and who debugs reads it first.
		}
		content, err := encode(answer)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", name, err)
		}
		files[name] = content
	}
	if err := fits(files, len(c.Servers)); err != nil {
		return nil, fmt.Errorf("rendering the gateway's configuration: %w", err)
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
	return encodeText(b)
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
	wrapped := &anypb.Any{}
	if err := anypb.MarshalFrom(wrapped, m, stable); err != nil {
		panic(err)
	}
	return wrapped
}

// stable writes maps in order, so that the same message makes the same bytes.
var stable = proto.MarshalOptions{Deterministic: true}

func encodeBinary(m proto.Message) ([]byte, error) { return stable.Marshal(m) }

// encodeText writes compact JSON. protojson varies its white space on purpose, so
// it is taken out.
func encodeText(m proto.Message) ([]byte, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Compact(&out, text)
	return out.Bytes(), err
}
