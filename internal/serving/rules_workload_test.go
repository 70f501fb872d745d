package serving

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func leastWorkload() *Workload {
	return &Workload{Image: "fraud:v7", Port: 8000, Replicas: Replicas{Min: 1, Max: 1}}
}

func goodWorkload() *Workload {
	return &Workload{
		Image: "registry.example.com:5000/team/fraud:v7", Command: []string{"serve"}, Args: []string{"--port", "8000"},
		Env: map[string]string{"MODEL_NAME": "fraud", "a.b-c": ""}, SecretEnv: map[string]Token{"HF_TOKEN": {Value: "hf_secret"}},
		Port: 8000, HealthPath: "/health", Replicas: Replicas{Min: 2, Max: 10, TargetCPUPercent: 60},
		Resources: Resources{CPU: "500m", Memory: "8Gi", GPUs: 1}, NodePool: "gpu",
	}
}

// workloadOf changes what runs. Cases share nothing: the workload is made for
// each.
func workloadOf(change func(*Workload)) func(*ModelServer) {
	return func(s *ModelServer) { change(s.Workload) }
}

func serviceOf(service ServiceReference) func(*ModelServer) {
	return func(s *ModelServer) { s.Workload, s.Service = nil, &service }
}

func imageOf(image string) func(*ModelServer) {
	return workloadOf(func(w *Workload) { w.Image = image })
}

func replicasOf(least, most, target int64) func(*ModelServer) {
	return workloadOf(func(w *Workload) { w.Replicas = Replicas{Min: least, Max: most, TargetCPUPercent: target} })
}

func resourcesOf(cpu, memory string, gpus int64) func(*ModelServer) {
	return workloadOf(func(w *Workload) { w.Resources = Resources{CPU: cpu, Memory: memory, GPUs: gpus} })
}

func envOf(env, secrets map[string]string) func(*ModelServer) {
	return workloadOf(func(w *Workload) {
		w.Env, w.SecretEnv = env, map[string]Token{}
		for name, value := range secrets {
			w.SecretEnv[name] = Token{Value: value}
		}
	})
}

func workloadCases() []modelServerCase {
	triton := ServiceReference{Namespace: "models", Name: "triton", Port: 8000}
	digest := "@sha256:" + strings.Repeat("0a", 32)
	cases := []modelServerCase{
		{"service", serviceOf(triton), nil},
		{"neither", func(s *ModelServer) { s.Workload = nil }, []want{{"image", "Either image or service", "Neither image nor service"}}},
		{"a workload without image", imageOf(""), []want{{"image", "Either image or service", "Neither image nor service"}}},
		{"both", func(s *ModelServer) { s.Service = &triton }, []want{{"service", "Either image or service", "Both image and service"}}},
		{"service with everything", everyChange(imageOf(""), func(s *ModelServer) { s.Service = &triton }), []want{
			{"command", "Setting does not belong to a service", "its own command"}, {"args", "Setting does not belong to a service", "its own args"},
			{"env", "Setting does not belong to a service", "its own env"}, {"secret_env_wo", "Setting does not belong to a service", "its own secret_env_wo"},
			{"port", "Setting does not belong to a service", "its own port"}, {"health_path", "Setting does not belong to a service", "its own health_path"},
			{"replicas", "Setting does not belong to a service", "its own replicas"}, {"resources", "Setting does not belong to a service", "its own resources"},
			{"node_pool", "Setting does not belong to a service", "its own node_pool"},
		}},
		{"namespace", serviceOf(ServiceReference{Namespace: "My.Models", Name: "a", Port: 1}), []want{{"service.namespace", "Invalid namespace", `"My.Models"`}}},
		{"no namespace", serviceOf(ServiceReference{Name: "a", Port: 1}), []want{{"service.namespace", "Invalid namespace", `is ""`}}},
		{"service name", serviceOf(ServiceReference{Namespace: "m", Name: "1a", Port: 1}), []want{{"service.name", "Invalid name of a service", `"1a"`}}},
		{"service port", serviceOf(ServiceReference{Namespace: "m", Name: "a", Port: 65536}), []want{{"service.port", "Invalid port of a service", "is 65536"}}},

		{"image with a digest", imageOf("fraud" + digest), nil},
		{"image with tag and digest", imageOf("a.example/b__c/d-e:latest" + digest), nil},
		{"image without tag", imageOf("registry.example.com/fraud"), []want{{"image", "warning: A new image would not be noticed", `"registry.example.com/fraud:v7"`}}},
		{"latest", imageOf("fraud:latest"), []want{{"image", "warning: A new image would not be noticed", `"fraud:latest"`}}},
		{"no port", workloadOf(func(w *Workload) { w.Port = 0 }), []want{{"port", "Invalid port", "is 0"}}},
		{"high port", workloadOf(func(w *Workload) { w.Port = 65536 }), []want{{"port", "Invalid port", "to 65535"}}},
		{"pool name", workloadOf(func(w *Workload) { w.NodePool = "GPU" }), []want{{"node_pool", "Invalid node pool name", `"GPU"`}}},

		{"env name", envOf(map[string]string{"1A": ""}, nil), []want{{"env.1A", "Invalid name of an environment variable", `"1A"`}}},
		{"env name with an equals sign", envOf(map[string]string{"A=B": ""}, nil), []want{{"env.A=B", "Invalid name of an environment variable", `"A=B"`}}},
		{"secret's name", envOf(nil, map[string]string{"..": "x"}), []want{{"secret_env_wo...", "Invalid name of an environment variable", `".."`}}},
		{"name in both", envOf(map[string]string{"A": "x"}, map[string]string{"A": "y"}), []want{{"secret_env_wo.A", "Environment variable is given twice", `"A" is in env`}}},
		{"empty secret", envOf(nil, map[string]string{"A": ""}), []want{{"secret_env_wo.A", "Secret is empty", `of "A" is empty`}}},

		{"one replica", replicasOf(1, 1, 0), nil},
		{"no replica", replicasOf(0, 2, 0), []want{{"replicas.min", "Invalid minimum of replicas", "nothing would answer"}}},
		{"many replicas", replicasOf(2, 1001, 0), []want{{"replicas.max", "Invalid maximum of replicas", "is 1001"}}},
		{"max below min", replicasOf(3, 2, 0), []want{{"replicas.max", "Invalid maximum of replicas", "is 2 and the minimum is 3"}}},
		{"target without autoscaler", replicasOf(3, 3, 50), []want{{"replicas.target_cpu_percent", "Invalid target_cpu_percent", "always 3 replicas"}}},
		{"target above 100", replicasOf(1, 3, 101), []want{{"replicas.target_cpu_percent", "Invalid target_cpu_percent", "is 101"}}},
		{"target below 1", replicasOf(1, 3, -1), []want{{"replicas.target_cpu_percent", "Invalid target_cpu_percent", "is -1"}}},
		{"autoscaler without request", resourcesOf("", "8Gi", 0), []want{{"resources.cpu", "Autoscaler needs a CPU request", "2 to 10 replicas"}}},
		{"no autoscaler, no request", everyChange(replicasOf(2, 2, 0), resourcesOf("", "", 0)), nil},

		{"quantities", resourcesOf("1.5", "1e9", 8), nil},
		{"cpu", resourcesOf("half", "", 0), []want{{"resources.cpu", "Invalid quantity", `"half"`}}},
		{"no cpu at all", resourcesOf("0", "", 0), []want{{"resources.cpu", "Invalid quantity", `"0"`}}},
		{"negative cpu", resourcesOf("-1", "", 0), []want{{"resources.cpu", "Invalid quantity", `"-1"`}}},
		{"cpu like memory", resourcesOf("8Gi", "", 0), []want{{"resources.cpu", "Amount of CPU is a mistake", `"8Gi"`}}},
		{"hardly any cpu", resourcesOf("1u", "", 0), []want{{"resources.cpu", "Amount of CPU is a mistake", `"1u"`}}},
		{"memory", resourcesOf("1", "8 GB", 0), []want{{"resources.memory", "Invalid quantity", `"8 GB"`}}},
		{"memory without a suffix", resourcesOf("1", "512", 0), []want{{"resources.memory", "Amount of memory is a mistake", `"512"`}}},
		{"memory in thousandths", resourcesOf("1", "512m", 0), []want{{"resources.memory", "Amount of memory is a mistake", `"512m"`}}},
		{"memory in bytes", resourcesOf("1", "1048576", 0), nil},
		{"gpus", resourcesOf("1", "", -1), []want{{"resources.gpus", "Invalid number of GPUs", "are -1"}}},

		{"nothing to allow", func(s *ModelServer) { s.AllowUnauthenticated = true }, []want{{"allow_unauthenticated", "Nothing is open to allow", `"header"`}}},
		{"allowed", func(s *ModelServer) { s.Auth, s.AllowUnauthenticated = Auth{Mode: AuthNone}, true }, nil},
	}
	for _, namespace := range reservedNamespaces {
		cases = append(cases, modelServerCase{"namespace " + namespace, serviceOf(ServiceReference{Namespace: namespace, Name: "a", Port: 1}),
			[]want{{"service.namespace", "Namespace is not for model servers", fmt.Sprintf("%q", namespace)}}})
	}
	for _, image := range []string{"https://registry.example.com/fraud", "Fraud:v7", "fraud:", "fraud:v 7", "fraud@sha256:abc", "/fraud", "a//b", "fraud:v7:v8", strings.Repeat("a", 256)} {
		cases = append(cases, modelServerCase{"image " + image, imageOf(image), []want{{"image", "Invalid image", fmt.Sprintf("%q", image)}}})
	}
	for _, path := range []string{"health", "/health?full=1", "/a b", "/a#b", "/ä", "/" + strings.Repeat("a", 1024)} {
		cases = append(cases, modelServerCase{"health path " + path, workloadOf(func(w *Workload) { w.HealthPath = path }),
			[]want{{"health_path", "Invalid health_path", fmt.Sprintf("%q", path)}}})
	}
	return cases
}

// serverPathOf is the attribute that a path of the spec stands for.
func serverPathOf(path string) string {
	path = strings.TrimPrefix(path, "workload.")
	if strings.HasPrefix(path, "secret_env") {
		path, _ = strings.CutSuffix("secret_env_wo"+strings.TrimPrefix(path, "secret_env"), ".value")
	}
	if strings.HasPrefix(path, "auth.tokens.") && strings.HasSuffix(path, ".value") {
		path += "_wo"
	}
	return path
}

// What is not known adds no problem, and its value is not used.
func TestUnknownsNeverAddProblemsToServers(t *testing.T) {
	t.Parallel()
	for _, tc := range modelServerCases() {
		whole := tc.build()
		before := ruleSet(whole.Problems())
		for _, path := range pathsOf(whole) {
			// The room notes the parts, and what is around tokens; a workload is no
			// attribute, and neither is a cluster's id a thing of parts.
			if path == "workload" || strings.HasPrefix(path, "cluster") {
				continue
			}
			kept, zeroed := tc.build(), tc.build()
			kept.Unknown, zeroed.Unknown = Unknown{serverPathOf(path): true}, Unknown{serverPathOf(path): true}
			copyMaps(&zeroed)
			zeroAt(reflect.ValueOf(&zeroed).Elem(), path)
			unaffected(t, tc.name+": "+path, before, kept.Problems(), zeroed.Problems())
		}
	}
}

// copyMaps keeps cases apart that share the maps they were made with.
func copyMaps(s *ModelServer) {
	s.Auth.Tokens = maps.Clone(s.Auth.Tokens)
	if s.Workload != nil {
		s.Workload.Env, s.Workload.SecretEnv = maps.Clone(s.Workload.Env), maps.Clone(s.Workload.SecretEnv)
	}
	if s.Service != nil {
		service := *s.Service
		s.Service = &service
	}
	if s.Auth.JWT != nil {
		jwt := *s.Auth.JWT
		s.Auth.JWT = &jwt
	}
}

type onClusterCase struct {
	name   string
	change func(*ModelServer, *Cluster)
	wants  []want
}

func (tc onClusterCase) build() (ModelServer, Cluster) {
	s, c := goodModelServer(), goodCluster()
	tc.change(&s, &c)
	return s, c
}

// openServer is one that asks nothing, on a public cluster.
func openServer(s *ModelServer, c *Cluster) {
	public(c)
	s.Auth = Auth{Mode: AuthNone}
}

var onClusterCases = []onClusterCase{
	{"good", func(*ModelServer, *Cluster) {}, nil},
	{"open on a private cluster", func(s *ModelServer, _ *Cluster) { s.Auth = Auth{Mode: AuthNone} }, nil},
	{"open on a public cluster", openServer, []want{{"auth.mode", "Server would be open to the Internet", "allow_unauthenticated = true"}}},
	{"meant to be open", func(s *ModelServer, c *Cluster) { openServer(s, c); s.AllowUnauthenticated = true }, nil},
	{"visibility is not known", func(s *ModelServer, c *Cluster) { openServer(s, c); c.Unknown = Unknown{"visibility": true} }, nil},
	{"allowance is not known", func(s *ModelServer, c *Cluster) { openServer(s, c); s.Unknown = Unknown{"allow_unauthenticated": true} }, nil},
	{"no gateway", func(_ *ModelServer, c *Cluster) { c.Gateway = Gateway{Disabled: true} },
		[]want{{"cluster_id", "Cluster has no gateway", "aws/us-west-2/prod"}}},
	{"gateway is not known", func(_ *ModelServer, c *Cluster) {
		c.Gateway, c.Unknown = Gateway{Disabled: true}, Unknown{"gateway": true}
	}, nil},
	{"pool", func(s *ModelServer, _ *Cluster) { s.Workload.NodePool = "tpu" }, []want{{"node_pool", "Node pool does not exist", `"tpu", and the cluster has cpu, gpu`}}},
	{"pools are not known", func(s *ModelServer, c *Cluster) { s.Workload.NodePool, c.Unknown = "tpu", Unknown{"node_pools": true} }, nil},
	{"any pool", func(s *ModelServer, _ *Cluster) { s.Workload.NodePool = "" }, nil},
	{"GPU of a pool without", func(s *ModelServer, _ *Cluster) { s.Workload.NodePool = "cpu" }, []want{{"resources.gpus", "Node pool has too few GPUs", "a node of cpu has 0"}}},
	{"more GPUs than a node has", func(s *ModelServer, _ *Cluster) { s.Workload.NodePool, s.Workload.Resources.GPUs = "", 2 },
		[]want{{"resources.gpus", "Node pool has too few GPUs", "a node of cpu, gpu has 1"}}},
	{"GPUs of a node are not known", func(s *ModelServer, c *Cluster) {
		s.Workload.Resources.GPUs, c.Unknown = 2, Unknown{"node_pools.gpu.accelerator.count": true}
	}, nil},
	{"service", func(s *ModelServer, _ *Cluster) { s.Workload, s.Service = nil, &ServiceReference{} }, nil},
}

func TestOnCluster(t *testing.T) {
	t.Parallel()
	for _, tc := range onClusterCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server, cluster := tc.build()
			problems := server.OnCluster(cluster)
			check(t, problems, tc.wants)
			for _, p := range problems {
				server.Unknown = Unknown{p.Path: true}
				if p.Path != "cluster_id" {
					check(t, server.OnCluster(cluster), nil)
				}
			}
		})
	}
}

func TestOpenServers(t *testing.T) {
	t.Parallel()
	none := Auth{Mode: AuthNone}
	servers := []ModelServer{
		{Name: "b", Auth: none}, {Name: "a", Auth: none}, {Name: "meant", Auth: none, AllowUnauthenticated: true},
		{Name: "header", Auth: Auth{Mode: AuthHeader}}, {Name: "unknown", Auth: none, Unknown: Unknown{"auth": true}},
	}
	check(t, OpenServers(servers), []want{{"visibility", "Servers would be open to the Internet", "public: a, b."}})
	check(t, OpenServers(servers[2:]), nil)
}

// A gateway reads servers of which it does not know what they run.
func TestRouteProblemsAreOfTheRouteAlone(t *testing.T) {
	t.Parallel()
	s := goodModelServer()
	s.Workload = nil
	check(t, s.RouteProblems(), nil)
	s.Name = "Fraud"
	if got := ruleSet(s.RouteProblems()); !slices.Equal(slices.Sorted(maps.Keys(got)), []string{"name_syntax at name"}) {
		t.Errorf("got %v", got)
	}
}

func TestSameQuantity(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"1", "1000m", true}, {"0.5", "500m", true}, {"8Gi", "8192Mi", true}, {"1e3", "1k", true}, {"1E3", "1000", true}, {".5", "5e-1", true}, {"", "", true},
		{"1", "1001m", false}, {"1G", "1Gi", false}, {"", "0", false}, {"1", "x", false}, {"1E", "1", false}, {"x", "x", true}, {"1e999", "1", false},
	} {
		if got := SameQuantity(tc.a, tc.b); got != tc.want {
			t.Errorf("%q and %q: got %t, want %t", tc.a, tc.b, got, tc.want)
		}
	}
}
