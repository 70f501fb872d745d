package aws

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// certificates are imported ACM certificates; each is the root of its stack.
type certificates struct {
	*client
	owner owner
	// key is the private key. It is no part of the spec, which may be logged.
	key string
	// self gives the object that stands for the certificate now, so that an older
	// one knows what takes its place.
	self func() *certificateLive
}

type certificateSpec struct {
	PEM, Chain string
}

type certificateLive struct {
	ARN, PEM, Chain string
	Tags            map[string]string
}

var (
	_ stack.Kind[certificateSpec, certificateLive] = (*certificates)(nil)
	_ stack.Sealer[certificateLive]                = (*certificates)(nil)
	_ stack.Replacer                               = (*certificates)(nil)
)

// Replaceable is true because a certificate with another kind of key takes
// another ARN.
func (k *certificates) Replaceable() {}

func (k *certificates) Find(ctx context.Context, _ string) ([]*certificateLive, error) {
	known, err := k.read(ctx, k.owner.lastSeen[objectCertificate])
	if err != nil {
		return nil, err
	}
	// A refresh is content with the one it knows; a change must not overlook
	// another, which an interrupted apply may have left.
	if known != nil && !reads.Live(ctx) {
		return []*certificateLive{known}, nil
	}
	arns, err := k.certificateARNs(ctx, k.owner.stack)
	if err != nil {
		return nil, err
	}
	var out []*certificateLive
	for _, arn := range arns {
		if known != nil && arn == known.ARN {
			continue
		}
		live, err := k.read(ctx, arn)
		if err != nil {
			return nil, err
		}
		if live != nil {
			out = append(out, live)
		}
	}
	if known != nil {
		out = append(out, known)
	}
	return out, nil
}

// read gives a certificate, nil when it is gone.
func (k *certificates) read(ctx context.Context, arn string) (*certificateLive, error) {
	if arn == "" {
		return nil, nil
	}
	body, err := k.acm.GetCertificate(ctx, &acm.GetCertificateInput{CertificateArn: &arn})
	if err != nil {
		return nil, absent(err, "ResourceNotFoundException")
	}
	tags, err := k.reader.certificateTags.Get(ctx, arn)
	if err != nil {
		return nil, err
	}
	return &certificateLive{ARN: arn, PEM: aws.ToString(body.Certificate), Chain: aws.ToString(body.CertificateChain), Tags: tags}, nil
}

// certificateARNs finds the certificates that carry a stack's mark.
func (c *client) certificateARNs(ctx context.Context, stackName string) ([]string, error) {
	// ACM cannot search by tag, and lists only small RSA keys unless told.
	all, err := pages(ctx, acm.NewListCertificatesPaginator(c.acm, &acm.ListCertificatesInput{
		Includes: &acmtypes.Filters{KeyTypes: acmtypes.KeyAlgorithm("").Values()}, MaxItems: aws.Int32(1000),
	}), func(o *acm.ListCertificatesOutput) []acmtypes.CertificateSummary { return o.CertificateSummaryList })
	if err != nil {
		return nil, err
	}
	marks := make([]bool, len(all))
	var g errgroup.Group
	g.SetLimit(8)
	for i, s := range all {
		if s.Type != "" && s.Type != acmtypes.CertificateTypeImported {
			continue
		}
		g.Go(func() error {
			tags, err := c.reader.certificateTags.Get(ctx, aws.ToString(s.CertificateArn))
			marks[i] = tags[tagStack] == stackName
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []string
	for i, s := range all {
		if marks[i] {
			out = append(out, aws.ToString(s.CertificateArn))
		}
	}
	return out, nil
}

// readCertificateTags gives the tags of a certificate, none when it is gone.
func (c *client) readCertificateTags(ctx context.Context, arn string) (map[string]string, error) {
	out, err := c.acm.ListTagsForCertificate(ctx, &acm.ListTagsForCertificateInput{CertificateArn: &arn})
	if err != nil {
		return nil, absent(err, "ResourceNotFoundException")
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

func (k *certificates) ID(live *certificateLive) string { return live.ARN }

func (k *certificates) State(*certificateLive) stack.State { return stack.State{} }

func (k *certificates) Sealed(live *certificateLive) bool { return live.Tags[tagSealed] == "true" }

func (k *certificates) Seal(ctx context.Context, live *certificateLive) error {
	_, err := k.acm.AddTagsToCertificate(ctx, &acm.AddTagsToCertificateInput{CertificateArn: &live.ARN, Tags: toACM(map[string]string{tagSealed: "true"})})
	return err
}

func (k *certificates) Diff(name string, want certificateSpec, live *certificateLive) []stack.Difference {
	var diffs []stack.Difference
	got, gotErr := serving.ParseCertificate(live.PEM, "")
	wanted, wantErr := serving.ParseCertificate(want.PEM, "")
	if gotErr == nil && wantErr == nil {
		// "The key type and size cannot be changed" (ACM user guide, reimport).
		diffs = append(diffs, fixed("key type", got.KeyAlgorithm, wanted.KeyAlgorithm)...)
		diffs = append(diffs, of("imported.certificate_pem", same("certificate fingerprint", got.SHA256, wanted.SHA256))...)
	}
	if tidy(live.Chain) != tidy(want.Chain) {
		diffs = append(diffs, stack.Difference{Field: "chain differs", Attribute: "imported.chain_pem"})
	}
	return append(diffs, k.owner.differ(name, live.Tags)...)
}

// tidy keeps the blocks of a PEM text and drops what may stand around them.
func tidy(text string) string {
	var out strings.Builder
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out.String()
		}
		_ = pem.Encode(&out, &pem.Block{Type: block.Type, Bytes: block.Bytes})
	}
}

func (k *certificates) Create(ctx context.Context, object string, want certificateSpec, _ string) error {
	in := k.material(want)
	in.Tags = toACM(k.owner.mark(object))
	_, err := k.acm.ImportCertificate(ctx, in)
	return err
}

func (k *certificates) material(want certificateSpec) *acm.ImportCertificateInput {
	in := &acm.ImportCertificateInput{Certificate: []byte(want.PEM), PrivateKey: []byte(k.key)}
	if strings.TrimSpace(want.Chain) != "" {
		in.CertificateChain = []byte(want.Chain)
	}
	return in
}

func (k *certificates) Update(ctx context.Context, object string, want certificateSpec, live *certificateLive, diffs []stack.Difference) error {
	if has(diffs, "certificate fingerprint", "chain differs") {
		in := k.material(want)
		in.CertificateArn = &live.ARN
		if _, err := k.acm.ImportCertificate(ctx, in); err != nil {
			return err
		}
	}
	set, unset := k.owner.retag(object, live.Tags)
	if len(set) > 0 {
		if _, err := k.acm.AddTagsToCertificate(ctx, &acm.AddTagsToCertificateInput{CertificateArn: &live.ARN, Tags: toACM(set)}); err != nil {
			return err
		}
	}
	if len(unset) > 0 {
		gone := map[string]string{}
		for _, key := range unset {
			gone[key] = live.Tags[key]
		}
		if _, err := k.acm.RemoveTagsFromCertificate(ctx, &acm.RemoveTagsFromCertificateInput{CertificateArn: &live.ARN, Tags: toACM(gone)}); err != nil {
			return err
		}
	}
	return nil
}

// Delete moves our listeners from a certificate that has been replaced, and
// refuses while any listener still uses it.
func (k *certificates) Delete(ctx context.Context, live *certificateLive) error {
	out, err := k.acm.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &live.ARN})
	if err != nil {
		return absent(err, "ResourceNotFoundException")
	}
	users := out.Certificate.InUseBy
	if next := k.self(); next != nil && next.ARN != live.ARN {
		for _, lb := range users {
			if err := k.switchListeners(ctx, lb, live.ARN, next.ARN); err != nil {
				return err
			}
		}
	}
	_, err = k.acm.DeleteCertificate(ctx, &acm.DeleteCertificateInput{CertificateArn: &live.ARN})
	if isCode(err, "ResourceInUseException") {
		return k.inUse(ctx, err, live.ARN, users)
	}
	return absent(err, "ResourceNotFoundException")
}

// inUse tells a load balancer that is there, which will not let go, from one
// that ACM has not forgotten yet, which is worth waiting for.
func (k *certificates) inUse(ctx context.Context, err error, arn string, users []string) error {
	there, listErr := k.reader.loadBalancers.Get(ctx, all)
	for _, lb := range there {
		// ACM forgets late: only a listener that has the certificate now is in the
		// way.
		listeners, listenErr := k.reader.listeners.Get(ctx, aws.ToString(lb.LoadBalancerArn))
		uses := func(l elbtypes.Listener) bool { return firstCertificate(&l) == arn }
		if listenErr != nil || !slices.Contains(users, aws.ToString(lb.LoadBalancerArn)) || !slices.ContainsFunc(listeners, uses) {
			continue
		}
		tags, _ := k.reader.elbTags.Get(ctx, aws.ToString(lb.LoadBalancerArn))
		whose := ""
		if s := tags[tagStack]; s != "" {
			whose = " of " + s + ", which may be what an interrupted apply left: apply again to complete it, then destroy both"
		}
		return &advised{err, fmt.Sprintf("The load balancer %s uses it%s.", aws.ToString(lb.LoadBalancerName), whose)}
	}
	return &stack.BlockedError{By: strings.Join(users, ", "), Err: errors.Join(err, listErr)}
}

// switchListeners gives the listeners of one of our load balancers another
// certificate. Those of others are left alone, and then block the deletion.
func (k *certificates) switchListeners(ctx context.Context, lb, from, to string) error {
	tags, err := k.reader.elbTags.Get(ctx, lb)
	if err != nil || tags[tagStack] == "" {
		return absent(err, "LoadBalancerNotFound", "ValidationError")
	}
	all, err := k.reader.listeners.Get(ctx, lb)
	if err != nil {
		return err
	}
	for _, l := range all {
		if firstCertificate(&l) != from {
			continue
		}
		err := k.whileSpreading(ctx, func() error {
			_, err := k.elb.ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: l.ListenerArn, Certificates: []elbtypes.Certificate{{CertificateArn: &to}}})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// whileSpreading repeats a call that ELB refuses because it does not know a
// fresh certificate yet.
func (c *client) whileSpreading(ctx context.Context, call func() error) error {
	return c.poll.Until(ctx, func(elapsed time.Duration) (bool, error) {
		err := call()
		if elapsed < propagation && isCode(err, "CertificateNotFound", "UnsupportedCertificate") {
			return false, nil
		}
		return err == nil, err
	})
}

func toACM(tags map[string]string) []acmtypes.Tag {
	var out []acmtypes.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, acmtypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}
