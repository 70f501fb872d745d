package tf

import (
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Plans is the notebook of one walk over one provider block: what resources
// planned so far, for those that are planned after them. It lives as long as
// the provider's configuration, so planning and applying each start with an
// empty one.
type Plans struct {
	mu           sync.Mutex
	claims       map[claim]claimed
	certificates map[string]*serving.CertificateInfo
	clusters     map[serving.ID]PlannedCluster
	servers      map[serving.ModelServerID]*serving.ModelServer
}

// NewPlans makes an empty notebook.
func NewPlans() *Plans {
	return &Plans{
		claims: map[claim]claimed{}, certificates: map[string]*serving.CertificateInfo{},
		clusters: map[serving.ID]PlannedCluster{}, servers: map[serving.ModelServerID]*serving.ModelServer{},
	}
}

// claim is a resource type and an id.
type claim struct{ kind, id string }

// claimed remembers the last call that planned an id.
type claimed struct {
	create, replace bool
	config          tftypes.Value
}

// Claim notes that a resource plans to have this id, and reports false when
// another one of the same configuration has it already. Without state (create)
// Terraform asks once, except to replace: first with the state and then, for
// the same configuration, without. The second call of such a pair is not
// another resource.
func (p *Plans) Claim(kind, id string, config tftypes.Value, create, replace bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := claim{kind, id}
	last, taken := p.claims[key]
	p.claims[key] = claimed{create: create, replace: replace, config: config}
	if !taken {
		return true
	}
	// A replacement that the user forces (-replace, replace_triggered_by) is not
	// known to the provider, so an equal configuration has to do as the sign.
	return create && !last.create && (last.replace || last.config.Equal(config))
}

// NoteCertificate notes that a certificate is planned. Info is nil while its
// contents are not known.
func (p *Plans) NoteCertificate(id string, info *serving.CertificateInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.certificates[id] = info
}

// Certificate gives what is planned for a certificate; planned is false when
// nothing is, so that the cloud has to be asked.
func (p *Plans) Certificate(id string) (info *serving.CertificateInfo, planned bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	info, planned = p.certificates[id]
	return info, planned
}
