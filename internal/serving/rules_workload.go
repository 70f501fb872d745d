package serving

import (
	"math/big"
	"regexp"
	"strings"
)

var (
	ruleServerRuns     = mustNot("server_runs", "Either image or service")
	ruleServerUnused   = mustNot("server_unused", "Setting does not belong to a service")
	ruleImage          = mustNot("image_syntax", "Invalid image")
	ruleImageTag       = shouldNot("image_tag", "A new image would not be noticed")
	ruleServerPort     = mustNot("server_port", "Invalid port")
	ruleServerHealth   = mustNot("server_health_path", "Invalid health_path")
	ruleEnvName        = mustNot("env_name", "Invalid name of an environment variable")
	ruleEnvTwice       = mustNot("env_twice", "Environment variable is given twice")
	ruleEnvEmpty       = mustNot("secret_env_empty", "Secret is empty")
	ruleServerNodePool = mustNot("server_node_pool_syntax", "Invalid node pool name")
)

// imageSyntax is that of an image reference: a repository, with the registry's
// host before it or not, a tag, a digest (distribution/reference, regexp.go).
var imageSyntax = regexp.MustCompile(`^((?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?/)?` +
	`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)` +
	`(?::([A-Za-z0-9_][A-Za-z0-9_.-]*))?(?:@(sha256|sha512):([a-f0-9]+))?$`)

// digestDigits are how many a digest has (image-spec, descriptor.md).
var digestDigits = map[string]int{"": 0, "sha256": 64, "sha512": 128}

const (
	maxRepository = 255
	maxImageTag   = 128
	maxPort       = 65535
	maxHealthPath = 1024
)

var (
	// Kubernetes calls this a C identifier with dots and hyphens (apimachinery,
	// validation.IsEnvVarName), and refuses names that are or begin like "..".
	envName    = regexp.MustCompile(`^[-._a-zA-Z][-._a-zA-Z0-9]*$`)
	healthPath = regexp.MustCompile(`^/[\x21\x22\x24-\x3e\x40-\x7e]*$`)
)

// runs judges what answers the requests: an image that is run, or a service
// that runs already.
func (f *findings) runs(s ModelServer) {
	hasImage := s.Workload != nil && s.Workload.Image != ""
	if f.known("image", "service") {
		switch {
		case hasImage && s.Service != nil:
			f.add(ruleServerRuns.at("service", "Both image and service are given. A server either runs an image, or puts the gateway in front of a service that runs already. Remove one of the two."))
			return
		case !hasImage && s.Service == nil:
			f.add(ruleServerRuns.at("image", "Neither image nor service is given, so there is nothing to serve. Write image = \"registry.example.com/fraud:v7\", "+
				"or service = { namespace = \"models\", name = \"fraud\", port = 80 } for one that runs already."))
		}
	}
	if s.Service != nil && !f.unknown["service"] {
		f.service(*s.Service)
		if s.Workload != nil && !hasImage && f.known("image") {
			f.unusedWorkload(*s.Workload)
		}
		return
	}
	if s.Workload != nil {
		f.workload(*s.Workload, hasImage)
	}
}

// unusedWorkload refuses what would be said to a container that somebody else
// runs.
func (f *findings) unusedWorkload(w Workload) {
	for _, setting := range []struct {
		path string
		set  bool
	}{
		{"command", len(w.Command) > 0}, {"args", len(w.Args) > 0}, {"env", len(w.Env) > 0}, {"secret_env_wo", len(w.SecretEnv) > 0},
		{"port", w.Port != 0}, {"health_path", w.HealthPath != ""}, {"replicas", w.Replicas != Replicas{}},
		{"resources", w.Resources != Resources{}}, {"node_pool", w.NodePool != ""},
	} {
		if setting.set && f.known(setting.path) {
			f.add(ruleServerUnused.at(setting.path, "It is for an image that this server runs. What answers here is a service that runs already, which has its own %s. Remove it.", setting.path))
		}
	}
}

func (f *findings) workload(w Workload, hasImage bool) {
	if f.known("image") && hasImage {
		f.image("image", w.Image)
	}
	if f.known("port", "image", "service") && hasImage && (w.Port < 1 || w.Port > maxPort) {
		f.add(ruleServerPort.at("port", "The port is %d. It is where the container listens, from 1 to %d. Write it, as port = 8000.", w.Port, maxPort))
	}
	if f.known("health_path") && w.HealthPath != "" && (len(w.HealthPath) > maxHealthPath || !healthPath.MatchString(w.HealthPath)) {
		f.add(ruleServerHealth.at("health_path", "The path is %q. It is the path that answers 2xx once the model can serve: it starts with a slash and has no query, fragment or space. "+
			"Write one as in \"/health\", or leave it out to ask only whether the port is open.", w.HealthPath))
	}
	f.env(w)
	f.replicas(w)
	f.resources(w.Resources)
	if f.known("node_pool") && w.NodePool != "" && (len(w.NodePool) > maxPoolName || !poolNameSyntax.MatchString(w.NodePool)) {
		f.add(ruleServerNodePool.at("node_pool", "The pool is called %q. It is a key of the cluster's node_pools: 1 to %d lower-case letters, digits and hyphens. Write that.", w.NodePool, maxPoolName))
	}
}

// image judges an image reference.
func (f *findings) image(path, image string) {
	parts := imageSyntax.FindStringSubmatch(image)
	if parts == nil || len(parts[1]) > maxRepository || len(parts[2]) > maxImageTag || len(parts[4]) != digestDigits[parts[3]] {
		f.add(ruleImage.at(path, "The image is %q. It is <repository>[:<tag>][@sha256:<digest>], the repository in lower case and without \"https://\", as in \"registry.example.com/fraud:v7\". Write it so.", image))
		return
	}
	if tag, digest := parts[2], parts[4]; digest == "" && (tag == "" || tag == "latest") {
		f.add(ruleImageTag.at(path, "The image is %q, whose contents change while its name stays, so that no plan shows it and each node may run another one. "+
			"Name a version or a digest, as in \"%s:v7\".", image, parts[1]))
	}
}

func (f *findings) env(w Workload) {
	name := func(list, name string) {
		if !envName.MatchString(name) || strings.HasPrefix(name, "..") || name == "." {
			f.add(ruleEnvName.at(sub(list, name), "The name is %q. It has letters, digits and . _ -, and no digit first, as in \"MODEL_NAME\". Rename it.", name))
		}
	}
	if !f.unknown["env"] {
		for _, key := range sortedKeys(w.Env) {
			name("env", key)
		}
	}
	const secrets = "secret_env_wo"
	if f.unknown[secrets] {
		return
	}
	for _, key := range sortedKeys(w.SecretEnv) {
		path := sub(secrets, key)
		name(secrets, key)
		if _, twice := w.Env[key]; twice && !f.unknown["env"] {
			f.add(ruleEnvTwice.at(path, "The variable %q is in env as well, and a container has one value of each. Remove one of the two.", key))
		}
		if f.known(path) && w.SecretEnv[key].Value == "" {
			f.add(ruleEnvEmpty.at(path, "The value of %q is empty, which is what a secret looks like that was not found. Give it, or remove the variable.", key))
		}
	}
}

var (
	ruleReplicasMin    = mustNot("replicas_min", "Invalid minimum of replicas")
	ruleReplicasMax    = mustNot("replicas_max", "Invalid maximum of replicas")
	ruleReplicasTarget = mustNot("replicas_target", "Invalid target_cpu_percent")
	ruleReplicasCPU    = mustNot("replicas_cpu", "Autoscaler needs a CPU request")
	ruleQuantity       = mustNot("resource_quantity", "Invalid quantity")
	ruleCPUAmount      = mustNot("cpu_amount", "Amount of CPU is a mistake")
	ruleMemoryAmount   = mustNot("memory_amount", "Amount of memory is a mistake")
	ruleGPUs           = mustNot("gpus", "Invalid number of GPUs")
)

const (
	maxReplicas = 1000
	// No machine has more CPUs, and no process fits into less memory.
	maxCPUs   = 1024
	minMemory = 1 << 20
)

func (f *findings) replicas(w Workload) {
	const least, most, target = "replicas.min", "replicas.max", "replicas.target_cpu_percent"
	r := w.Replicas
	if f.known(least) && r.Min < 1 {
		f.add(ruleReplicasMin.at(least, "The minimum is %d. It is 1 or more: with no pod nothing would answer, and nothing starts one when a request comes. Write min = 1.", r.Min))
	}
	if f.known(most) && r.Max > maxReplicas {
		f.add(ruleReplicasMax.at(most, "The maximum is %d. It is %d at most. Lower it.", r.Max, maxReplicas))
	}
	if !f.known(least, most) || r.Min < 1 {
		return
	}
	scales := r.Max > r.Min
	switch {
	case r.Max < r.Min:
		f.add(ruleReplicasMax.at(most, "The maximum is %d and the minimum is %d. Raise the one or lower the other.", r.Max, r.Min))
	case scales && f.known("resources.cpu") && w.Resources.CPU == "":
		f.add(ruleReplicasCPU.at("resources.cpu", "There are %d to %d replicas, and the autoscaler between them measures the share of the CPU that was requested: without a request it does nothing. "+
			"Write resources = { cpu = \"1\" }, or make min and max equal.", r.Min, r.Max))
	}
	switch t := r.TargetCPUPercent; {
	case t == 0 || !f.known(target):
	case !scales:
		f.add(ruleReplicasTarget.at(target, "The target is %d, and there are always %d replicas, so there is no autoscaler to use it. Raise max above min, or remove the target.", t, r.Min))
	case t < 1 || t > 100:
		f.add(ruleReplicasTarget.at(target, "The target is %d. It is the share of the requested CPU that the autoscaler aims at, from 1 to 100; absent it is %d. Change it.", t, DefaultTargetCPUPercent))
	}
}

func (f *findings) resources(r Resources) {
	const cpu, memory, gpus = "resources.cpu", "resources.memory", "resources.gpus"
	if value, ok := f.quantity(cpu, r.CPU, "\"500m\" (half a core) or \"2\""); ok && (value.Cmp(big.NewRat(1, 1000)) < 0 || value.Cmp(big.NewRat(maxCPUs, 1)) > 0) {
		f.add(ruleCPUAmount.at(cpu, "The amount is %q. It is in cores, from \"1m\" (a thousandth) to \"%d\". Write it as in \"500m\" or \"2\".", r.CPU, maxCPUs))
	}
	if value, ok := f.quantity(memory, r.Memory, "\"8Gi\" or \"512Mi\""); ok && value.Cmp(big.NewRat(minMemory, 1)) < 0 {
		f.add(ruleMemoryAmount.at(memory, "The amount is %q, which is less than a mebibyte: without a suffix it is in bytes, and \"m\" is a thousandth. Write it as in \"8Gi\" or \"512Mi\".", r.Memory))
	}
	if f.known(gpus) && r.GPUs < 0 {
		f.add(ruleGPUs.at(gpus, "There are %d GPUs. It is a number from 0. Change it, or remove it for none.", r.GPUs))
	}
}

// quantity judges a quantity, and gives it when there is one to judge further.
func (f *findings) quantity(path, text, examples string) (*big.Rat, bool) {
	if text == "" || !f.known(path) {
		return nil, false
	}
	value, ok := quantity(text)
	if !ok || value.Sign() <= 0 {
		f.add(ruleQuantity.at(path, "The amount is %q. It is a Kubernetes quantity above zero, as %s. Write it so.", text, examples))
		return nil, false
	}
	return value, true
}
