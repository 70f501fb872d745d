package serving

import (
	"net/netip"
	"regexp"
)

// cloudRules is what clouds answer differently. It is the one place where a rule
// asks which cloud a spec is for; each cloud has its answers in files of its own.
type cloudRules interface {
	// facts are answers that are plain data.
	facts() facts
	// region judges the name of a region.
	region(f *findings, path, region string)
	// ownRange judges the range of a network to be made.
	ownRange(f *findings, path string, r netip.Prefix)
	// existingNetwork judges a network that exists, and the subnets in it.
	existingNetwork(f *findings, c Cluster)
	// serviceRange judges the range of services on its own.
	serviceRange(f *findings, path string, r netip.Prefix)
	// services is the range that services have in a network to be made, where that has
	// room for them: a cluster that exists shows it.
	services(n Network) netip.Prefix
	// podRange judges the range of pods, and whether the pools fit into it.
	podRange(f *findings, c Cluster)
	// zones judges the zones, apart from those that are listed twice.
	zones(f *findings, c Cluster)
	// machine judges a machine type that is given, and the accelerator with it.
	machine(f *findings, path string, pool NodePool)
	// poolSize judges the greatest size of a pool, which is one at least.
	poolSize(f *findings, path string, size int64)
	// certificateID judges the id of an endpoint's certificate, which is given.
	certificateID(f *findings, c Cluster)
	// zone judges the id of the DNS zone that has the endpoint's record, which is
	// given.
	zone(f *findings, id string)
	// sources judges the number of ranges that a load balancer answers to.
	sources(f *findings, c Cluster)
	// access judges who may use the Kubernetes API, apart from the ranges.
	access(f *findings, c Cluster)
	// arguments judges what only one cloud has: its own values, and those of others.
	arguments(f *findings, c Cluster)
	// tags judges keys and values of tags.
	tags(f *findings, tags map[string]string)
	// peer judges where the other network of a peering is, and routing what is routed
	// to it.
	peer(f *findings, p Peering)
	routing(f *findings, p Peering)
	// source judges where callers of a cluster are.
	source(f *findings, s Source)
	// replaces tells which arguments cannot change on a cluster that exists.
	replaces(c, prior Cluster, replaces func(path string, changed bool))
}

// facts are a cloud's answers that are plain data.
type facts struct {
	// kubernetes is the name of the cloud's Kubernetes, as users know it.
	kubernetes string
	// oldestMinor is the oldest minor version of Kubernetes that is taken, for the
	// reason beside it, and versions is where to look for those that there are.
	oldestMinor int
	versions    string
	// upgradesItself says that the cloud upgrades Kubernetes on its own, so that the
	// version in a configuration is the least.
	upgradesItself bool
	// regions is the form of the names of regions.
	regions *regexp.Regexp
	// machine is a machine type for an example.
	machine string
	// apiRanges is how many ranges may reach the Kubernetes API's public endpoint,
	// and apiQuota what kind of limit that is.
	apiRanges int
	apiQuota  string
	// maxTags is how many tags are the user's, and tagLimit why.
	maxTags  int
	tagLimit string
	// keys are the types of keys of certificates that load balancers take, by ACM's
	// names, and keyList says them in words.
	keys    map[string]bool
	keyList string
	// sameIssuerKey says that a certificate's key must be of its issuer's kind.
	sameIssuerKey bool
	// keepsZones says that a cluster cannot leave a zone that it is in.
	keepsZones bool
	// narrowsPeers says that a peering may route a part of the peer's ranges.
	narrowsPeers bool
	// usersRecord is what becomes of callers by a record of the user's when a load
	// balancer is replaced.
	usersRecord string
	// regionalNetworks says that a network is in one region and one account.
	regionalNetworks bool
}

var clouds = map[Cloud]cloudRules{AWS: awsRules{}, GCP: gcpRules{}}

// of gives the answers of a spec's cloud. While that is not known, or is none, they
// find nothing.
func (f *findings) of(cloud Cloud) cloudRules {
	if rules, ok := clouds[cloud]; ok && f.known("cloud") {
		return rules
	}
	return noCloud{}
}

// factsOf are the facts of a cloud.
func factsOf(cloud Cloud) facts {
	if rules, ok := clouds[cloud]; ok {
		return rules.facts()
	}
	return noCloud{}.facts()
}

// RegionalNetworks reports whether a cloud's networks are each in one region, so
// that a peer has one, and an account by which it is found.
func RegionalNetworks(cloud Cloud) bool { return factsOf(cloud).regionalNetworks }

// noCloud is no cloud in particular: what all of them would refuse is all that it
// refuses.
type noCloud struct{}

func (noCloud) facts() facts {
	return facts{
		usersRecord: "point it at the new one.", upgradesItself: true,
		kubernetes: "Kubernetes", regions: anyRegion, machine: "m7i.xlarge",
		maxTags: unlimited, apiRanges: unlimited, keys: awsKeys, keyList: awsKeyList, regionalNetworks: true,
	}
}

var anyRegion = regexp.MustCompile(`.`)

// unlimited is more than anybody writes.
const unlimited = 1 << 30

func (noCloud) region(*findings, string, string)                     {}
func (noCloud) ownRange(*findings, string, netip.Prefix)             {}
func (noCloud) existingNetwork(*findings, Cluster)                   {}
func (noCloud) serviceRange(*findings, string, netip.Prefix)         {}
func (noCloud) podRange(*findings, Cluster)                          {}
func (noCloud) zones(*findings, Cluster)                             {}
func (noCloud) machine(*findings, string, NodePool)                  {}
func (noCloud) poolSize(*findings, string, int64)                    {}
func (noCloud) certificateID(*findings, Cluster)                     {}
func (noCloud) zone(*findings, string)                               {}
func (noCloud) sources(*findings, Cluster)                           {}
func (noCloud) access(*findings, Cluster)                            {}
func (noCloud) arguments(*findings, Cluster)                         {}
func (noCloud) tags(*findings, map[string]string)                    {}
func (noCloud) peer(*findings, Peering)                              {}
func (noCloud) routing(*findings, Peering)                           {}
func (noCloud) source(*findings, Source)                             {}
func (noCloud) replaces(Cluster, Cluster, func(path string, _ bool)) {}

// services are where GCP has them: AWS alone would refuse that.
func (noCloud) services(n Network) netip.Prefix { return gcpRules{}.services(n) }
