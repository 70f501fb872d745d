package kube

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// configurationSecrets hold the gateway's files, in the order of
// gateway.SecretOf. The last one that is written is the one with the index.
var configurationSecrets = [gateway.Secrets]string{"gateway-routes", "gateway-configuration"}

// indexSecret has the index, and with it the last word.
const indexSecret = gateway.Secrets - 1

// indexPlace is where it is.
var indexPlace = place{secrets, SystemNamespace, configurationSecrets[indexSecret]}

// indexKey is the entry that says what a configuration was rendered from.
const indexKey = "index.json"

// index is what a configuration was rendered from.
type index struct {
	// Stack is the cluster's, whose mark the Secrets carry.
	Stack       string `json:"stack"`
	Version     string `json:"version"`
	TrustedHops int    `json:"trusted_hops"`
	// Servers maps names to the sums of their settings, and Paths to their paths.
	Servers map[string]string `json:"servers"`
	Paths   map[string]string `json:"paths"`
}

func readIndex(live *unstructured.Unstructured) (index, bool) {
	var i index
	text, ok := secretData(live)[indexKey]
	return i, ok && json.Unmarshal(text, &i) == nil
}

// settingsSum identifies a server's settings in the index.
func settingsSum(live *unstructured.Unstructured) string {
	sum := sha256.Sum256(secretData(live)[settingsKey])
	return hex.EncodeToString(sum[:])
}

// baseConfig is what is the same in every gateway.
func baseConfig(hops int) gateway.Config {
	return gateway.Config{
		Version: "0", Dir: gateway.MountDir, Port: gateway.Port, AdminPath: gateway.AdminPath,
		TrustedHops: uint32(hops), MaxHeapBytes: gateway.HeapFor(gatewayMemory),
	}
}

// rendered is the configuration that a set of settings Secrets stands for.
type rendered struct {
	index index
	// data are the values of each of configurationSecrets.
	data [gateway.Secrets]map[string][]byte
	// left are servers that could not be taken in, with the reason: one server that
	// is wrong must not take the others off the gateway.
	left map[string]error
}

// annotationRemoving marks the settings of a server that is being removed.
const annotationRemoving = fieldManager + "/removing"

// surroundings are what a configuration depends on besides the servers.
type surroundings struct {
	cluster serving.ID
	// stack is the cluster's.
	stack string
	hops  int
	// public says that everyone may call: servers that ask nobody for a credential
	// are left out, unless somebody has said that this is meant.
	public bool
	// paths are those that servers have now.
	paths map[string]string
}

// render makes the configuration of all servers. Of two that claim one path the
// one that has it keeps it, and else the older one gets it.
func render(in surroundings, settings map[string]*unstructured.Unstructured) (rendered, error) {
	r := rendered{left: map[string]error{}}
	var servers []gateway.Server
	sums := map[string]string{}
	for _, live := range byAge(settings) {
		name := live.GetLabels()[labelName]
		if live.GetLabels()[labelComponent] != componentSettings || live.GetAnnotations()[annotationRemoving] != "" || live.GetDeletionTimestamp() != nil {
			continue
		}
		s, err := parseSettings(secretData(live)[settingsKey])
		if err != nil {
			r.left[name] = err
			continue
		}
		sums[name] = settingsSum(live)
		servers = append(servers, gateway.Server{ModelServer: s.spec(in.cluster, name), Upstream: s.upstream(name)})
	}
	slices.SortStableFunc(servers, func(a, b gateway.Server) int { return in.rank(a) - in.rank(b) })
	var taken []gateway.Server
	var before []serving.ModelServer
	for _, s := range servers {
		problems := append(s.RouteProblems(), s.Conflicts(before)...)
		if in.public {
			problems = append(problems, s.OnCluster(serving.Cluster{Visibility: serving.Public, Unknown: serving.Unknown{"node_pools": true}})...)
		}
		if err := firstError(problems); err != nil {
			r.left[s.Name] = err
			continue
		}
		taken, before = append(taken, s), append(before, s.ModelServer)
	}
	files, err := r.fit(in, taken, sums)
	if err != nil {
		return r, err
	}
	for i := range r.data {
		r.data[i] = map[string][]byte{}
	}
	for name, content := range files {
		r.data[gateway.SecretOf(name)][name] = content
	}
	r.data[indexSecret][indexKey] = mustJSON(r.index)
	for i := range r.data {
		r.data[i][checksumKey] = []byte(checksum(r.data[i]))
	}
	return r, nil
}

// rank is lower for a server that has its path already.
func (in surroundings) rank(s gateway.Server) int {
	if in.paths[s.Name] == s.PathOrDefault() {
		return 0
	}
	return 1
}

// fit renders as many servers as the Secrets can hold: the last ones are left out
// where they cannot hold all, so that the others can still be changed.
func (r *rendered) fit(in surroundings, servers []gateway.Server, sums map[string]string) (map[string][]byte, error) {
	config, err := configOf(in, servers)
	var size *gateway.SizeError
	if errors.As(err, &size) {
		tooMany := err
		fewer := sort.Search(len(servers), func(n int) bool {
			_, err := configOf(in, servers[:n+1])
			return err != nil
		})
		for _, s := range servers[fewer:] {
			r.left[s.Name] = tooMany
		}
		servers = servers[:fewer]
		config, err = configOf(in, servers)
	}
	if err != nil {
		return nil, err
	}
	r.index = index{Stack: in.stack, Version: config.Version, TrustedHops: in.hops, Servers: map[string]string{}, Paths: map[string]string{}}
	for _, s := range servers {
		r.index.Servers[s.Name], r.index.Paths[s.Name] = sums[s.Name], s.PathOrDefault()
	}
	return gateway.Render(config)
}

func configOf(in surroundings, servers []gateway.Server) (gateway.Config, error) {
	config := baseConfig(in.hops)
	config.Servers = servers
	return config.WithVersion()
}

// byAge sorts objects, the oldest first.
func byAge(all map[string]*unstructured.Unstructured) []*unstructured.Unstructured {
	var list []*unstructured.Unstructured
	for _, name := range names(all) {
		list = append(list, all[name])
	}
	slices.SortStableFunc(list, func(a, b *unstructured.Unstructured) int {
		x, y := a.GetCreationTimestamp(), b.GetCreationTimestamp()
		return cmp.Compare(x.UnixNano(), y.UnixNano())
	})
	return list
}

// firstError makes an error of the first problem that is one.
func firstError(problems []serving.Problem) error {
	for _, p := range problems {
		if p.Severity == serving.SeverityError {
			return fmt.Errorf("%s: %s: %s", p.Path, p.Summary, p.Detail)
		}
	}
	return nil
}
