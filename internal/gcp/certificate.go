package gcp

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// objectCertificate is the only object of a certificate's stack.
const objectCertificate = "certificate"

// certificates are self-managed ones of Certificate Manager; each is the root of
// its stack. A cluster knows a certificate by its name, so there is one of each
// name, and whatever is new in it is changed in place.
type certificates struct {
	*client
	owner owner
	// name is the certificate's, from the project on.
	name string
	// key is the private key. It is no part of the spec, which may be logged.
	key string
}

type certificateSpec struct {
	PEM, Chain string
}

var (
	_ stack.Kind[certificateSpec, certificatemanagerpb.Certificate] = certificates{}
	_ stack.Sealer[certificatemanagerpb.Certificate]                = certificates{}
)

func (k certificates) Find(ctx context.Context, object string) ([]*certificatemanagerpb.Certificate, error) {
	all, err := k.reader.certificates.Get(ctx, everything)
	if err != nil {
		return nil, err
	}
	live := find(all, k.name)
	if live == nil {
		return nil, nil
	}
	if err := k.owner.claim(live.GetLabels(), object, live.GetName(), "certificate "+live.GetName()); err != nil {
		return nil, err
	}
	return []*certificatemanagerpb.Certificate{live}, nil
}

func (k certificates) ID(live *certificatemanagerpb.Certificate) string { return live.GetName() }

func (k certificates) State(*certificatemanagerpb.Certificate) stack.State { return stack.State{} }

func (k certificates) Sealed(live *certificatemanagerpb.Certificate) bool {
	return live.GetLabels()[labelSealed] == "true"
}

func (k certificates) Seal(ctx context.Context, live *certificatemanagerpb.Certificate) error {
	labels := maps.Clone(live.GetLabels())
	labels[labelSealed] = "true"
	return k.change(ctx, &certificatemanagerpb.Certificate{Name: live.GetName(), Labels: labels}, "labels")
}

func (k certificates) Diff(object string, want certificateSpec, live *certificatemanagerpb.Certificate) []stack.Difference {
	// Only the scope of all regions' load balancers is served by those of one.
	diffs := fixed("scope", live.GetScope(), certificatemanagerpb.Certificate_DEFAULT)
	if live.GetManaged() != nil || live.GetManagedIdentity() != nil {
		diffs = append(diffs, fixed("type", "managed", "selfManaged")...)
	}
	diffs = append(diffs, same("description", live.GetDescription(), k.owner.describe(object))...)
	leaf, chain := halves(live.GetPemCertificate())
	got, gotErr := serving.ParseCertificate(leaf, "")
	wanted, wantErr := serving.ParseCertificate(want.PEM, "")
	switch {
	case wantErr != nil:
	case gotErr != nil:
		diffs = append(diffs, stack.Difference{Field: "certificate cannot be read"})
	default:
		diffs = append(diffs, of("imported.certificate_pem", same("certificate fingerprint", got.SHA256, wanted.SHA256))...)
	}
	if chain != tidy(want.Chain) {
		diffs = append(diffs, stack.Difference{Field: "chain differs", Attribute: "imported.chain_pem"})
	}
	return append(diffs, k.owner.differ(object, live.GetLabels())...)
}

// halves splits what Certificate Manager keeps in one into the certificate and its
// chain.
func halves(text string) (leaf, chain string) {
	block, rest := pem.Decode([]byte(text))
	if block == nil {
		return "", ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})), tidy(string(rest))
}

// tidy keeps the blocks of a PEM text and drops what may stand around them.
func tidy(text string) string {
	var out strings.Builder
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out.String()
		}
		_ = pem.Encode(&out, &pem.Block{Type: block.Type, Bytes: block.Bytes}) // A builder takes everything.
	}
}

func (k certificates) material(want certificateSpec) *certificatemanagerpb.Certificate_SelfManaged {
	return &certificatemanagerpb.Certificate_SelfManaged{SelfManaged: &certificatemanagerpb.Certificate_SelfManagedCertificate{
		PemCertificate: tidy(want.PEM) + tidy(want.Chain), PemPrivateKey: k.key,
	}}
}

func (k certificates) Create(ctx context.Context, object string, want certificateSpec, _ string) error {
	op, err := k.certificates.CreateCertificate(ctx, &certificatemanagerpb.CreateCertificateRequest{
		Parent: k.location(), CertificateId: lastOf(k.name),
		Certificate: &certificatemanagerpb.Certificate{Description: k.owner.describe(object), Labels: k.owner.mark(object), Type: k.material(want)},
	})
	if err != nil {
		return err
	}
	return k.ended(ctx, op.Done, func(ctx context.Context) error {
		_, err := op.Poll(ctx)
		return err
	})
}

func (k certificates) Update(ctx context.Context, object string, want certificateSpec, live *certificatemanagerpb.Certificate, diffs []stack.Difference) error {
	next := &certificatemanagerpb.Certificate{Name: live.GetName()}
	var paths []string
	if has(diffs, "certificate fingerprint", "certificate cannot be read", "chain differs") {
		next.Type = k.material(want)
		paths = append(paths, "self_managed")
	}
	if has(diffs, "label ") {
		next.Labels = k.owner.relabel(object, live.GetLabels())
		paths = append(paths, "labels")
	}
	if has(diffs, "description") {
		next.Description = k.owner.describe(object)
		paths = append(paths, "description")
	}
	return k.change(ctx, next, paths...)
}

// change writes some fields of a certificate.
func (k certificates) change(ctx context.Context, next *certificatemanagerpb.Certificate, paths ...string) error {
	op, err := k.certificates.UpdateCertificate(ctx, &certificatemanagerpb.UpdateCertificateRequest{Certificate: next, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	if err != nil {
		return err
	}
	return k.ended(ctx, op.Done, func(ctx context.Context) error {
		_, err := op.Poll(ctx)
		return err
	})
}

// ended polls an operation of Certificate Manager to its end.
func (c *client) ended(ctx context.Context, done func() bool, ask func(context.Context) error) error {
	first := true
	err := c.poll.Until(ctx, func(time.Duration) (bool, error) {
		if first && !done() {
			first = false
			return false, nil
		}
		// An operation that has ended is asked for its outcome.
		err := ask(ctx)
		return done(), err
	})
	// What the operation changed shows from now on.
	c.writes.Add(1)
	return err
}

// Delete refuses while a load balancer uses the certificate.
func (k certificates) Delete(ctx context.Context, live *certificatemanagerpb.Certificate) error {
	op, err := k.certificates.DeleteCertificate(ctx, &certificatemanagerpb.DeleteCertificateRequest{Name: live.GetName()})
	if err == nil {
		err = k.ended(ctx, op.Done, func(ctx context.Context) error { return op.Poll(ctx) })
	}
	if failedPrecondition(err) {
		return k.inUse(ctx, err, live)
	}
	return absent(err)
}

// failedPrecondition reports whether a call was refused so, or an operation has ended
// so, whose error has no body.
func failedPrecondition(err error) bool {
	if api := answer(err); api != nil {
		return parseRefusal([]byte(api.Body)).Error.Status == "FAILED_PRECONDITION"
	}
	var ended *apierror.APIError
	return errors.As(err, &ended) && ended.GRPCStatus().Code() == codes.FailedPrecondition
}

// inUse tells a load balancer that is there, which will not let go, from one that
// Certificate Manager has not forgotten yet, which is worth waiting for.
func (k certificates) inUse(ctx context.Context, err error, live *certificatemanagerpb.Certificate) error {
	proxies, listErr := k.reader.httpsProxies.Get(ctx, everything)
	for _, proxy := range proxies {
		if !slices.ContainsFunc(proxy.GetSslCertificates(), func(link string) bool { return relative(link) == live.GetName() }) {
			continue
		}
		whose := ""
		for _, word := range strings.Fields(proxy.GetDescription()) {
			if s, ours := strings.CutPrefix(word, wordStack); ours {
				whose = " of " + s + ", which may be what an interrupted apply left: apply again to complete it, then destroy both"
			}
		}
		return &advised{err, fmt.Sprintf("The target proxy %s uses it%s.", proxy.GetName(), whose)}
	}
	var by []string
	for _, user := range live.GetUsedBy() {
		by = append(by, lastOf(user.GetName()))
	}
	return &stack.BlockedError{By: strings.Join(by, ", "), Err: errors.Join(err, listErr)}
}
