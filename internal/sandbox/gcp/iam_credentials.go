package gcp

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// The Go module with the protos of the IAM Service Account Credentials API is no dependency, so the two messages of its one method
// are described here, with the names and numbers of google/iam/credentials/v1/common.proto.
var (
	tokenFile     = tokenMessages()
	tokenRequest  = dynamicpb.NewMessageType(tokenFile.Messages().ByName("GenerateAccessTokenRequest"))
	tokenResponse = dynamicpb.NewMessageType(tokenFile.Messages().ByName("GenerateAccessTokenResponse"))
)

func init() {
	const name = fullName("iamcredentials.IAMCredentials.GenerateAccessToken")
	methods[name] = &method{
		name: name, service: "iamcredentials", action: "IAMCredentials.GenerateAccessToken", reads: true, input: tokenRequest,
		rules: []*annotations.HttpRule{{Pattern: &annotations.HttpRule_Post{Post: "/v1/{name=projects/*/serviceAccounts/*}:generateAccessToken"}, Body: "*"}},
		call:  (*call).generateAccessToken,
	}
}

func tokenMessages() protoreflect.FileDescriptor {
	field := func(name string, number int32, repeated bool, message string) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()}
		if repeated {
			f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		}
		if message != "" {
			f.Type, f.TypeName = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), &message
		}
		return f
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("sandbox/iamcredentials.proto"), Package: new("sandbox.iamcredentials"), Syntax: new("proto3"),
		Dependency: []string{"google/protobuf/duration.proto", "google/protobuf/timestamp.proto"},
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: new("GenerateAccessTokenRequest"), Field: []*descriptorpb.FieldDescriptorProto{
				field("name", 1, false, ""), field("delegates", 2, true, ""), field("scope", 4, true, ""), field("lifetime", 7, false, ".google.protobuf.Duration"),
			}},
			{Name: new("GenerateAccessTokenResponse"), Field: []*descriptorpb.FieldDescriptorProto{
				field("access_token", 1, false, ""), field("expire_time", 3, false, ".google.protobuf.Timestamp"),
			}},
		},
	}, protoregistry.GlobalFiles)
	if err != nil {
		panic(fmt.Sprintf("sandbox: describe access tokens: %v", err))
	}
	return file
}

// longestToken is how long a token may live where no organization allows more.
const longestToken = time.Hour

// generateAccessToken hands out a token of a service account to those who may create some.
func (c *call) generateAccessToken(in proto.Message) (proto.Message, error) {
	m := in.ProtoReflect()
	get := func(name protoreflect.Name) protoreflect.Value { return m.Get(m.Descriptor().Fields().ByName(name)) }
	_, account, _ := strings.Cut(get("name").String(), "/serviceAccounts/")
	project, known := accountProject(account)
	if _, exists := c.cloud.projectID(project); !known || !exists || !c.mayCreateTokens(account) {
		return nil, &Error{
			Status: http.StatusForbidden, Message: "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
			Details: []proto.Message{&errdetails.ErrorInfo{Reason: "IAM_PERMISSION_DENIED", Domain: "iam.googleapis.com", Metadata: map[string]string{"permission": "iam.serviceAccounts.getAccessToken"}}},
		}
	}
	if get("delegates").List().Len() > 0 {
		return nil, &Error{Status: 400, Message: "The sandbox does not implement 'delegates'."}
	}
	scopes := get("scope").List()
	if scopes.Len() == 0 {
		return nil, &Error{Status: 400, Message: "Request must have at least one scope."}
	}
	usable := false
	for i := range scopes.Len() {
		scope := scopes.Get(i).String()
		if !strings.HasPrefix(scope, "https://www.googleapis.com/auth/") {
			return nil, &Error{Status: 400, Message: fmt.Sprintf("Invalid scope: %q.", scope)}
		}
		usable = usable || scope == "https://www.googleapis.com/auth/cloud-platform"
	}
	if !usable {
		return nil, &Error{Status: 400, Message: "The sandbox knows no tokens without the scope https://www.googleapis.com/auth/cloud-platform."}
	}
	lifetime := longestToken
	if field := m.Descriptor().Fields().ByName("lifetime"); m.Has(field) {
		var d durationpb.Duration
		proto.Merge(&d, fromDynamic(m.Get(field).Message(), &d))
		lifetime = d.AsDuration()
	}
	if lifetime <= 0 || lifetime > longestToken {
		return nil, &Error{Status: 400, Message: "The access token lifetime must be positive and at most 3600s."}
	}
	token := "ya29.c." + c.newHex(64)
	expires := c.at.Add(lifetime)
	c.cloud.state.Tokens[token] = &accessToken{Email: account, Expires: expires}
	out := tokenResponse.New()
	out.Set(out.Descriptor().Fields().ByName("access_token"), protoreflect.ValueOfString(token))
	expireTime := out.Descriptor().Fields().ByName("expire_time")
	at := out.Mutable(expireTime).Message()
	proto.Merge(at.Interface(), fromDynamic(timestamppb.New(expires).ProtoReflect(), at.Interface()))
	return out.Interface(), nil
}

// fromDynamic copies a message into another Go type of the same message.
func fromDynamic(m protoreflect.Message, like proto.Message) proto.Message {
	out := like.ProtoReflect().New().Interface()
	raw, err := proto.Marshal(m.Interface())
	if err == nil {
		err = proto.Unmarshal(raw, out)
	}
	if err != nil {
		panic(fmt.Sprintf("sandbox: copy %s: %v", m.Descriptor().FullName(), err))
	}
	return out
}

// accountProject is the project that a service account's e-mail address names.
func accountProject(email string) (string, bool) {
	_, domain, _ := strings.Cut(email, "@")
	return strings.CutSuffix(domain, ".iam.gserviceaccount.com")
}

// mayCreateTokens reports whether the caller may act as a service account: those that the configuration names, or, where it names
// none, the built-in principal.
func (c *call) mayCreateTokens(account string) bool {
	if who, ok := c.cloud.config.TokenCreators[account]; ok {
		return slices.Contains(who, c.Principal)
	}
	return c.Principal == builtinPrincipal
}
