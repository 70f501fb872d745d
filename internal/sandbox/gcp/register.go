package gcp

import (
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// method is one method of an API with what answers it.
type method struct {
	// name is the full name in the protos.
	name protoreflect.FullName
	// service and action are its names in the call log and in fault rules, such as "compute" and "Networks.Insert".
	service, action string
	// id is its name in the discovery document of Compute Engine, such as "compute.networks.insert".
	id string
	// reads says that it changes nothing.
	reads  bool
	input  protoreflect.MessageType
	output protoreflect.MessageDescriptor
	rules  []*annotations.HttpRule
	// call is nil for what the sandbox does not implement.
	call func(c *call, in proto.Message) (proto.Message, error)
}

// methods is filled by init functions and only read afterwards.
var methods = map[protoreflect.FullName]*method{}

// handle registers the function behind a method of a service whose proto says where it lives.
func handle[I, O proto.Message](name protoreflect.FullName, fn func(c *call, in I) (O, error)) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		panic(fmt.Sprintf("sandbox: method %s: %v", name, err))
	}
	described, ok := d.(protoreflect.MethodDescriptor)
	if !ok {
		panic(fmt.Sprintf("sandbox: %s is no method", name))
	}
	m := describe(described)
	register(m, fn)
	if m.input.Descriptor() != described.Input() {
		panic(fmt.Sprintf("sandbox: method %s takes %s", name, described.Input().FullName()))
	}
}

// handleAt registers the function behind a method at a place that its proto does not know. The name is the service's in logs and
// errors, a dot, and the method's.
func handleAt[I, O proto.Message](name protoreflect.FullName, rule *annotations.HttpRule, fn func(c *call, in I) (O, error)) {
	service, action, _ := strings.Cut(string(name), ".")
	register(&method{name: name, service: service, action: action, rules: []*annotations.HttpRule{rule}, reads: rule.GetGet() != ""}, fn)
}

func register[I, O proto.Message](m *method, fn func(c *call, in I) (O, error)) {
	if methods[m.name] != nil {
		panic(fmt.Sprintf("sandbox: two handlers for %s", m.name))
	}
	methods[m.name] = m
	var none I
	m.input = none.ProtoReflect().Type()
	var out O
	m.output = out.ProtoReflect().Descriptor()
	m.call = func(c *call, in proto.Message) (proto.Message, error) {
		typed, ok := in.(I)
		if !ok {
			return nil, fmt.Errorf("%s got a %T", m.name, in)
		}
		out, err := fn(c, typed)
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}

// apiNames are the names of services whose proto package has another one.
var apiNames = map[protoreflect.FullName]string{"google.iam.credentials.v1": "iamcredentials"}

// describe reads what a proto says about a method.
func describe(d protoreflect.MethodDescriptor) *method {
	file := d.ParentFile().Package()
	service := apiNames[file]
	if service == "" {
		service = string(file.Parent().Name())
	}
	m := &method{name: d.FullName(), service: service, action: string(d.Parent().Name()) + "." + string(d.Name())}
	if service == "compute" {
		m.id = "compute." + lowerFirst(string(d.Parent().Name())) + "." + lowerFirst(string(d.Name()))
	}
	if rule, ok := proto.GetExtension(d.Options(), annotations.E_Http).(*annotations.HttpRule); ok && rule != nil {
		m.rules = append([]*annotations.HttpRule{rule}, rule.AdditionalBindings...)
		m.reads = rule.GetGet() != "" || readsByPost[d.Name()]
	}
	return m
}

// readsByPost are methods that change nothing and have a body all the same.
var readsByPost = map[protoreflect.Name]bool{"Wait": true, "GetHealth": true, "ListInstances": true, "GenerateAccessToken": true}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// fullName is the name of a method in the protos.
type fullName = protoreflect.FullName
