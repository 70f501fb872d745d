package tftest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Backend is a cloud in memory. Its zero value is ready.
type Backend struct {
	Reaching
	// Runs is the cloud that it stands for; empty is AWS.
	Runs serving.Cloud
	// Region is DefaultRegion.
	Region string
	// Fail gives the error of a call, by its name; it may change what is stored.
	Fail map[string]func(ctx context.Context) error
	// Preflight are what PreflightCluster finds.
	Preflight []serving.Problem
	// ServerPreflight are what PreflightModelServer finds.
	ServerPreflight []serving.Problem
	// PeeringPreflight are what PreflightPeering finds.
	PeeringPreflight []serving.Problem

	mu           sync.Mutex
	clusters     map[string]*Cluster
	certificates map[string]*Certificate
	servers      map[string]*ModelServer
	peerings     map[string]*Peering
	calls        []string
	// preflights are the specs that were judged.
	preflights []serving.Cluster
}

// Cluster is what the backend stores of one.
type Cluster struct {
	Spec     serving.Cluster
	Drift    map[string][]string
	Exposure serving.Exposure
	Hostname string
	made     int
}

// Certificate is what the backend stores of one.
type Certificate struct {
	Spec  serving.Certificate
	Drift map[string][]string
	ARN   string
}

var _ serving.Backend = (*Backend)(nil)

// call notes a call and gives its error.
func (b *Backend) call(ctx context.Context, name string) error {
	b.mu.Lock()
	b.calls = append(b.calls, name)
	fail := b.Fail[name]
	b.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(ctx)
}

// Calls are the names of the calls so far that may be made by an apply.
func (b *Backend) Calls() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.calls)
}

// Preflights are the specs that were judged so far.
func (b *Backend) Preflights() []serving.Cluster {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.preflights)
}

// ChangeCluster changes a cluster behind Terraform's back; nil when there is
// none.
func (b *Backend) ChangeCluster(id string, change func(*Cluster)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.clusters[id])
}

// ForgetCluster removes a cluster behind Terraform's back, and its servers with
// it.
func (b *Backend) ForgetCluster(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.clusters, id)
	maps.DeleteFunc(b.servers, func(_ string, s *ModelServer) bool { return s.Spec.Cluster.String() == id })
}

// ChangeCertificate changes a certificate behind Terraform's back.
func (b *Backend) ChangeCertificate(id string, change func(*Certificate)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.certificates[id])
}

// Cloud is Runs, or AWS.
func (b *Backend) Cloud() serving.Cloud { return cmp.Or(b.Runs, serving.AWS) }

// DefaultRegion is Region.
func (b *Backend) DefaultRegion() string { return b.Region }

// Account is always the same.
func (b *Backend) Account(context.Context, string) (string, error) { return account, nil }

const account = "123456789012"

// PreflightCluster notes the spec.
func (b *Backend) PreflightCluster(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	err := b.call(ctx, "PreflightCluster")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.preflights = append(b.preflights, spec)
	return b.Preflight, err
}

// CreateCluster stores a cluster with what a cloud would choose.
func (b *Backend) CreateCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	return b.putCluster(ctx, "CreateCluster", spec)
}

// UpdateCluster stores the spec and repairs all drift.
func (b *Backend) UpdateCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	return b.putCluster(ctx, "UpdateCluster", spec)
}

func (b *Backend) putCluster(ctx context.Context, name string, spec serving.Cluster) (serving.ObservedCluster, error) {
	if err := b.call(ctx, name); err != nil {
		return serving.ObservedCluster{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.clusters == nil {
		b.clusters = map[string]*Cluster{}
	}
	c := b.clusters[spec.ID().String()]
	if c == nil {
		c = &Cluster{}
		b.clusters[spec.ID().String()] = c
	}
	if c.Hostname == "" || c.Spec.Visibility != spec.Visibility {
		c.made++
		c.Hostname = string(spec.Visibility) + "-" + spec.Name + ".elb.amazonaws.com"
	}
	if spec.Cloud == serving.GCP {
		c.Hostname = "" // There is an address.
	}
	c.Spec, c.Drift = chosen(spec), nil
	c.Exposure = exposure(spec)
	return c.observed(), nil
}

// chosen fills in what a cloud chooses.
func chosen(spec serving.Cluster) serving.Cluster {
	if spec.KubernetesVersion == "" {
		spec.KubernetesVersion = "1.33"
	}
	if spec.Network.ServiceCIDR == "" {
		spec.Network.ServiceCIDR = "172.20.0.0/16"
	}
	if spec.Network.Own() && len(spec.Network.Zones) == 0 {
		spec.Network.Zones = []string{spec.Region + "a", spec.Region + "b"}
		if spec.Cloud == serving.GCP {
			spec.Network.Zones = []string{spec.Region + "-a", spec.Region + "-b"}
		}
	}
	// A cloud tells the type that the machine type implies.
	spec.NodePools = maps.Clone(spec.NodePools)
	for name, pool := range spec.NodePools {
		if implied, ok := serving.ImpliedAccelerator(pool.MachineType); ok && pool.Accelerator != nil {
			pool.Accelerator = &implied
			spec.NodePools[name] = pool
		}
	}
	return spec
}

func exposure(spec serving.Cluster) serving.Exposure {
	e := serving.Exposure{
		Endpoint:      serving.EndpointExposure{Scheme: "internal", Sources: []string{spec.Network.CIDR}},
		KubernetesAPI: serving.KubernetesAPIExposure{PrivateAccess: true, PublicAccess: len(spec.KubernetesAPI.AllowedCIDRs) > 0, Sources: spec.KubernetesAPI.AllowedCIDRs},
	}
	if spec.Visibility == serving.Public {
		e.Endpoint = serving.EndpointExposure{Scheme: "internet-facing", Sources: []string{"0.0.0.0/0"}, InternetReachable: true}
	}
	return e
}

func (c *Cluster) observed() serving.ObservedCluster {
	spec := c.Spec
	found := serving.ObservedCluster{
		Observation: serving.Observation{
			Account: account,
			Objects: map[string]string{"cluster": "arn:aws:eks:" + spec.Region + ":" + account + ":cluster/" + spec.Name, "load_balancer": c.Hostname},
			Drift:   c.Drift,
		},
		Spec: spec, Hostname: c.Hostname, ZoneID: "Z1H1FL5HABSF5", URL: "https://" + c.Hostname,
		KubernetesURL: "https://" + spec.Name + ".eks.amazonaws.com", CACertificatePEM: "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
		VPC: "vpc-0123456789abcdef0", PrivateSubnets: []string{"subnet-0a", "subnet-0b"}, PublicSubnets: []string{"subnet-1b", "subnet-1a"},
		Exposure: c.Exposure,
	}
	if spec.Cloud == serving.GCP {
		found.Address, found.ZoneID, found.URL = "203.0.113.9", "", "https://203.0.113.9"
		found.VPC, found.PrivateSubnets, found.PublicSubnets = "serving-"+spec.Name, []string{"serving-" + spec.Name}, nil
	}
	if spec.Endpoint.Domain != "" {
		found.URL = "https://" + spec.Endpoint.Domain
	}
	for name := range spec.NodePools {
		found.Objects["node_group/"+name] = name
	}
	return found
}

// ObserveCluster gives what is stored, with the arguments that no cloud models
// taken from the spec.
func (b *Backend) ObserveCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	if err := b.call(ctx, "ObserveCluster"); err != nil {
		return serving.ObservedCluster{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.clusters[spec.ID().String()]
	if c == nil {
		return serving.ObservedCluster{Observation: serving.Observation{Gone: true, Account: account}, Spec: spec}, nil
	}
	found := c.observed()
	found.Spec.Endpoint.Domain = spec.Endpoint.Domain
	return found, nil
}

// ReadCluster gives what is stored.
func (b *Backend) ReadCluster(ctx context.Context, id serving.ID) (serving.ObservedCluster, error) {
	if err := b.call(ctx, "ReadCluster"); err != nil {
		return serving.ObservedCluster{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.clusters[id.String()]; c != nil {
		return c.observed(), nil
	}
	return serving.ObservedCluster{Observation: serving.Observation{Gone: true}}, nil
}

// DestroyCluster forgets a cluster.
func (b *Backend) DestroyCluster(ctx context.Context, spec serving.Cluster) error {
	if err := b.call(ctx, "DestroyCluster"); err != nil {
		return err
	}
	b.ForgetCluster(spec.ID().String())
	return nil
}
