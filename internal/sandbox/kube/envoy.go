package kube

import (
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// An envoyProcess is the real Envoy in the place of a container of its image.
type envoyProcess struct {
	*process
}

// startEnvoy runs Envoy as the image's entry point would. Of what a container has
// of its own, paths are the folders of the pod's volumes, the address is the pod's
// alias, and DNS is the cluster's.
func (c *container) startEnvoy(book *logbook, env map[string]string) (program, error) {
	binary, err := findEnvoy()
	if err != nil {
		return nil, err
	}
	args, err := c.envoyArgs(env)
	if err != nil {
		return nil, err
	}
	p := &process{name: "envoy", cmd: exec.Command(binary, args...), log: &tail{}, done: make(chan struct{})}
	p.cmd.Dir = c.pod.dir
	p.cmd.Stdout, p.cmd.Stderr = book, book
	p.cmd.Env = []string{"HOME=" + c.pod.dir}
	translate := c.pod.paths()
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+translate(value))
	}
	p.cmd.SysProcAttr = endsWithParent()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting Envoy: %w", err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	return &envoyProcess{p}, nil
}

func (e *envoyProcess) ended() <-chan struct{} { return e.done }

func (e *envoyProcess) end(grace time.Duration) { e.stop(grace) }

func (e *envoyProcess) exit() (int32, string) {
	status, ok := e.cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled():
		return 128 + int32(status.Signal()), "Error"
	case e.cmd.ProcessState.ExitCode() == 0:
		return 0, "Completed"
	}
	return int32(e.cmd.ProcessState.ExitCode()), "Error"
}

// envoyArgs are the container's, for this machine.
func (c *container) envoyArgs(env map[string]string) ([]string, error) {
	words := slices.Concat(c.spec.Command, c.spec.Args)
	if len(c.spec.Command) > 0 && path.Base(words[0]) != "envoy" && path.Base(words[0]) != "docker-entrypoint.sh" {
		return nil, fmt.Errorf("exec: %q: the sandbox's Envoy pods run Envoy only", words[0])
	}
	if len(words) > 0 && path.Base(words[0]) == "docker-entrypoint.sh" {
		words = words[1:]
	}
	if len(words) > 0 && path.Base(words[0]) == "envoy" {
		words = words[1:]
	}
	if len(words) == 0 { // The image's command.
		return nil, errors.New("an Envoy pod of the sandbox needs the argument -c with a mounted file")
	}
	paths, texts := c.pod.paths(), c.pod.translation()
	var args []string
	has := func(flag string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
	}
	for i, word := range words {
		word = expand(word, env)
		if i > 0 && words[i-1] == "--config-yaml" {
			word = string(texts([]byte(word)))
		}
		args = append(args, paths(word))
	}
	if !has("--disable-hot-restart") {
		args = append(args, "--disable-hot-restart") // It is about shared memory of this machine.
	}
	if !has("--concurrency") {
		args = append(args, "--concurrency", "2")
	}
	if !has("--config-yaml") {
		args = append(args, "--config-yaml", resolverConfig(c.pod.loop.proxy.dns.port))
	}
	return args, nil
}

// resolverConfig is merged into the bootstrap.
func resolverConfig(port uint16) string {
	return fmt.Sprintf(`{"typed_dns_resolver_config": {"name": "envoy.network.dns_resolver.cares", "typed_config": {`+
		`"@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",`+
		`"resolvers": [{"socket_address": {"address": "127.0.0.1", "port_value": %d}}],`+
		`"dns_resolver_options": {"no_default_search_domain": true}}}}`, port)
}

// A mapping is a folder of the container and what it is here.
type mapping struct{ inside, here string }

// mappings are those of all containers, the longest path first.
func (p *pod) mappings() []mapping {
	spec := p.current()
	volumes := map[string]string{}
	for i, v := range spec.Spec.Volumes {
		volumes[v.Name] = p.volumeDir(i)
		if v.HostPath != nil {
			volumes[v.Name] = v.HostPath.Path
		}
	}
	var all []mapping
	for _, c := range slices.Concat(spec.Spec.InitContainers, spec.Spec.Containers) {
		for _, m := range c.VolumeMounts {
			all = append(all, mapping{strings.TrimSuffix(m.MountPath, "/"), filepath.Join(volumes[m.Name], m.SubPath)})
		}
	}
	slices.SortStableFunc(all, func(a, b mapping) int { return len(b.inside) - len(a.inside) })
	return slices.Compact(all)
}
