package gcp

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// certificateState is what Certificate Manager has in one location, by name.
type certificateState struct {
	Certificates   map[string]*Held[*certificatemanagerpb.Certificate]
	Authorizations map[string]*Held[*certificatemanagerpb.DnsAuthorization]
	Operations     map[string]*certificateOperation
}

// certificateOperation is a long-running operation with what it is about.
type certificateOperation struct {
	Shown *Held[*longrunningpb.Operation]
	// Verb is create, update or delete, and Name the certificate or, after "dns/", the authorization.
	Verb, Name string
	// FailCode and FailMessage are how it ends; zero is well.
	FailCode    int32
	FailMessage string
}

func init() {
	registerKind("certificatemanager.certificate", func(r *Region) any { return r.Certificates.Certificates })
	registerKind("certificatemanager.dns_authorization", func(r *Region) any { return r.Certificates.Authorizations })
	at := func(verb, path string) *annotations.HttpRule {
		if verb == http.MethodDelete {
			return &annotations.HttpRule{Pattern: &annotations.HttpRule_Delete{Delete: path}}
		}
		return &annotations.HttpRule{Pattern: &annotations.HttpRule_Get{Get: path}}
	}
	handleAt("certificatemanager.Operations.GetOperation", at(http.MethodGet, "/v1/{name=projects/*/locations/*/operations/*}"), (*call).certificateGetOperation)
	handleAt("certificatemanager.Operations.DeleteOperation", at(http.MethodDelete, "/v1/{name=projects/*/locations/*/operations/*}"), (*call).certificateDeleteOperation)
	onSettle("certificatemanager.operation", (*call).certificateSettle)
}

func (c *call) certificates() *certificateState { return &c.region(c.Location).Certificates }

// certificateInvalid is about a value in a request.
func certificateInvalid(format string, args ...any) error {
	return &Error{Status: 400, Message: fmt.Sprintf(format, args...)}
}

func certificatePrecondition(format string, args ...any) error {
	return &Error{Status: 400, Code: "FAILED_PRECONDITION", Message: fmt.Sprintf(format, args...)}
}

func certificateNotFound(path string) error {
	return &Error{Status: 404, Message: fmt.Sprintf("Resource '%s' was not found", path)}
}

// certificatePath is the name of something of Certificate Manager in the call's location.
func (c *call) certificatePath(collection, name string) string {
	return "projects/" + c.Project + "/locations/" + c.Location + "/" + collection + "/" + name
}

func (c *call) checkCertificateLocation() error {
	if c.Location != global && !regionExists(c.Location) {
		return certificateInvalid("Location '%s' is not supported by Certificate Manager.", c.Location)
	}
	return nil
}

// checkCertificateID is from the reference of the collections.
func checkCertificateID(field, id string) error {
	valid := id != "" && len(id) <= 63 && id[0] >= 'a' && id[0] <= 'z' && id[len(id)-1] != '-' &&
		!strings.ContainsFunc(id, func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') })
	if !valid {
		return certificateInvalid("Invalid %s '%s': it must match ^[a-z]([-a-z0-9]*[a-z0-9])?$ and have at most 63 characters.", field, id)
	}
	return nil
}

// certificateStart begins an operation on something whose new content is in place or in Next.
func (c *call) certificateStart(verb, collection, name string, on *pending) *longrunningpb.Operation {
	id := c.newOperationName()
	on.Operation, on.Verb = id, verb
	metadata, _ := anypb.New(&certificatemanagerpb.OperationMetadata{
		CreateTime: timestamppb.New(c.at), Target: c.certificatePath(collection, name), Verb: verb, ApiVersion: "v1",
	})
	op := &certificateOperation{Verb: verb, Name: name, Shown: &Held[*longrunningpb.Operation]{Body: &longrunningpb.Operation{
		Name: c.certificatePath("operations", id), Metadata: metadata,
	}}}
	if collection == "dnsAuthorizations" {
		op.Name = "dns/" + name
	}
	if c.fail != nil {
		op.FailCode, op.FailMessage = code.Code_value[c.fail.canonical()], c.fail.Message
	}
	c.certificates().Operations[id] = op
	c.after("certificatemanager.certificate", transition{Kind: "certificatemanager.operation", ID: id})
	return op.Shown.Body
}

// certificateSettle ends an operation.
func (c *call) certificateSettle(id, _ string) {
	op := c.certificates().Operations[id]
	if op == nil || op.Shown.Body.Done {
		return
	}
	body := op.Shown.Body
	body.Done = true
	var metadata certificatemanagerpb.OperationMetadata
	if err := body.Metadata.UnmarshalTo(&metadata); err == nil {
		metadata.EndTime = timestamppb.New(c.at)
		body.Metadata, _ = anypb.New(&metadata)
	}
	var result proto.Message
	if name, isDNS := strings.CutPrefix(op.Name, "dns/"); isDNS {
		result = settleObject(c.certificates().Authorizations, name, op)
	} else {
		c.settleKey(name, op)
		result = settleObject(c.certificates().Certificates, name, op)
	}
	if op.FailCode != 0 {
		body.Result = &longrunningpb.Operation_Error{Error: &rpcstatus.Status{Code: op.FailCode, Message: op.FailMessage}}
		return
	}
	packed, _ := anypb.New(result)
	body.Result = &longrunningpb.Operation_Response{Response: packed}
}

// settleObject gives what an operation leaves behind.
func settleObject[M proto.Message](objects map[string]*Held[M], name string, op *certificateOperation) proto.Message {
	h := objects[name]
	if h == nil {
		return &emptypb.Empty{}
	}
	var none M
	next := h.Next
	h.pending, h.Next = pending{}, none
	failed := op.FailCode != 0
	switch {
	case op.Verb == "update" && !failed:
		h.Body = next
	case op.Verb == "delete" && !failed, op.Verb == "create" && failed:
		delete(objects, name)
		return &emptypb.Empty{}
	}
	return h.Body
}

// settleKey does to a certificate's private key what the operation does to the certificate.
func (c *call) settleKey(name string, op *certificateOperation) {
	keys := c.region(c.Location).Keys
	next := keys[certificateKey(name, true)]
	delete(keys, certificateKey(name, true))
	failed := op.FailCode != 0
	switch {
	case op.Verb == "update" && !failed:
		keys[certificateKey(name, false)] = cmp.Or(next, keys[certificateKey(name, false)])
	case op.Verb == "delete" && !failed, op.Verb == "create" && failed:
		delete(keys, certificateKey(name, false))
	}
}

// certificateKey is where a certificate's private key is kept, or the one that an update brings.
func certificateKey(name string, next bool) string {
	if next {
		return "certificate/" + name + "/next"
	}
	return "certificate/" + name
}

func (c *call) certificateGetOperation(in *longrunningpb.GetOperationRequest) (*longrunningpb.Operation, error) {
	op := c.certificates().Operations[in.Name[strings.LastIndex(in.Name, "/")+1:]]
	if op == nil {
		return nil, errElsewhere
	}
	return op.Shown.Body, nil
}

func (c *call) certificateDeleteOperation(in *longrunningpb.DeleteOperationRequest) (*emptypb.Empty, error) {
	id := in.Name[strings.LastIndex(in.Name, "/")+1:]
	if c.certificates().Operations[id] == nil {
		return nil, errElsewhere
	}
	delete(c.certificates().Operations, id)
	return &emptypb.Empty{}, nil
}

// checkUserLabels checks labels as all Google APIs do that have the framework for it.
func checkUserLabels(labels map[string]string) error {
	for _, key := range control.SortedKeys(labels) {
		if strings.HasPrefix(key, "goog") {
			return certificateInvalid("Invalid label key '%s': the prefix 'goog' is reserved.", key)
		}
	}
	return checkGKELabels(labels)
}
