package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// envoy is a running Envoy: ours with its mounted files, or a plain one.
type envoy struct {
	url    string
	cmd    *exec.Cmd
	config gateway.Config
	swaps  int
}

// startGateway runs Envoy as the gateway.
func startGateway(ctx context.Context, binary, dir string, config gateway.Config) (*envoy, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	config.Version, config.Dir, config.Address, config.Port = "v0", filepath.Join(dir, "mount"), "127.0.0.1", uint32(port)
	e := &envoy{url: fmt.Sprintf("http://127.0.0.1:%d", port), config: config}
	if err := os.MkdirAll(config.Dir, 0o755); err != nil {
		return nil, err
	}
	files, err := gateway.Render(config)
	if err != nil {
		return nil, err
	}
	if err := e.replace(files); err != nil {
		return nil, err
	}
	boot, err := gateway.Bootstrap(config)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, gateway.FileBootstrap)
	if err := os.WriteFile(path, boot, 0o600); err != nil {
		return nil, err
	}
	if err := e.start(ctx, binary, gateway.Args(path)...); err != nil {
		return nil, err
	}
	return e, e.until(ctx, gateway.VersionPath, config.Version)
}

// startPlainEnvoy runs Envoy with one route to one address and nothing else.
func startPlainEnvoy(ctx context.Context, binary, dir, upstream string) (*envoy, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	host, number, err := net.SplitHostPort(upstream)
	if err != nil {
		return nil, err
	}
	to, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	type object = map[string]any
	type list = []any
	socket := func(port int) object {
		return object{"socket_address": object{"address": host, "port_value": port}}
	}
	const types = "type.googleapis.com/envoy.extensions.filters."
	boot, err := json.Marshal(object{"static_resources": object{
		"listeners": list{object{"address": socket(port), "filter_chains": list{object{"filters": list{object{
			"name": "envoy.filters.network.http_connection_manager",
			"typed_config": object{
				"@type": types + "network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "plain",
				"route_config": object{"virtual_hosts": list{object{"name": "all", "domains": list{"*"}, "routes": list{
					object{"match": object{"prefix": "/"}, "route": object{"cluster": "model"}},
				}}}},
				"http_filters": list{object{"name": "envoy.filters.http.router", "typed_config": object{"@type": types + "http.router.v3.Router"}}},
			},
		}}}}}},
		"clusters": list{object{"name": "model", "load_assignment": object{"cluster_name": "model", "endpoints": list{
			object{"lb_endpoints": list{object{"endpoint": object{"address": socket(to)}}}},
		}}}},
	}})
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, gateway.FileBootstrap)
	if err := os.WriteFile(path, boot, 0o600); err != nil {
		return nil, err
	}
	e := &envoy{url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	if err := e.start(ctx, binary, gateway.Args(path)...); err != nil {
		return nil, err
	}
	return e, e.until(ctx, "/", "")
}

// start gives each Envoy one thread, so that the callers and the stub have the rest.
func (e *envoy) start(ctx context.Context, binary string, args ...string) error {
	e.cmd = exec.CommandContext(ctx, binary, append(args, "--use-dynamic-base-id", "--concurrency", "1")...)
	e.cmd.Stderr = os.Stderr // The access log goes to nowhere.
	return e.cmd.Start()
}

func (e *envoy) stop() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

// until waits until a path answers 200 with the version.
func (e *envoy) until(ctx context.Context, path, version string) error {
	for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(2 * time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		answer, err := http.Get(e.url + path)
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK && answer.Header.Get(gateway.VersionHeader) == version {
			return nil
		}
	}
	return errors.New("Envoy did not serve within 30 s: version " + version)
}

// replace swaps the mounted files at once, as the kubelet does: they are links through ..data.
func (e *envoy) replace(files map[string][]byte) error {
	e.swaps++
	name, data := fmt.Sprintf("..%d", e.swaps), filepath.Join(e.config.Dir, "..data")
	old, _ := os.Readlink(data)
	if err := os.Mkdir(filepath.Join(e.config.Dir, name), 0o755); err != nil {
		return err
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(e.config.Dir, name, file), content, 0o600); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join("..data", file), filepath.Join(e.config.Dir, file)); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	if err := os.Symlink(name, data+"_tmp"); err != nil {
		return err
	}
	if err := os.Rename(data+"_tmp", data); err != nil || old == "" {
		return err
	}
	return os.RemoveAll(filepath.Join(e.config.Dir, old))
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// output is the last line that a command prints.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1], err
}
