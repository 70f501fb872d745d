package gateway

import (
	"cmp"
	"path"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	overloadv3 "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	connectionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	heapv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/fixed_heap/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

// regexProgramSize lifts Envoy's limit of 100 on compiled regular expressions:
// that of a token has a state for each of its characters.
const regexProgramSize = 1 << 20

// Args are the arguments that Envoy is started with for a bootstrap file. Without
// the flush interval the access log would be up to ten seconds late. Of a file that
// it refuses Envoy logs the contents, with the tokens, as a warning of the component
// config; so that one is quiet, and VersionPath and the statistics update_rejected
// and update_failure tell.
func Args(bootstrap string) []string {
	return []string{"-c", bootstrap, "--log-level", "warning", "--component-log-level", "config:error", "--file-flush-interval-msec", "500"}
}

func (c Config) bootstrap() *bootstrapv3.Bootstrap {
	b := &bootstrapv3.Bootstrap{
		Node: &corev3.Node{Id: "serving-gateway", Cluster: "serving-gateway"},
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{
			LdsConfig: c.file(FileListeners),
			CdsConfig: c.file(FileClusters),
		},
		LayeredRuntime: &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
			Name: "static",
			LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{StaticLayer: &structpb.Struct{Fields: map[string]*structpb.Value{
				"re2.max_program_size.error_level": structpb.NewNumberValue(regexProgramSize),
				"re2.max_program_size.warn_level":  structpb.NewNumberValue(regexProgramSize),
			}}},
		}}},
		OverloadManager: c.overload(),
	}
	if c.AdminPath != "" {
		b.Admin = &bootstrapv3.Admin{Address: &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: c.AdminPath, Mode: 0o600}}}}
	}
	return b
}

// file is a source in the mounted directory. Kubernetes replaces a mounted Secret
// by renaming a symbolic link in it, which only a watch on the directory sees.
func (c Config) file(name string) *corev3.ConfigSource {
	return &corev3.ConfigSource{
		ResourceApiVersion: corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_PathConfigSource{PathConfigSource: &corev3.PathConfigSource{
			Path:             path.Join(c.Dir, name),
			WatchedDirectory: &corev3.WatchedDirectory{Path: c.Dir},
		}},
	}
}

// overload gives up some requests before the kernel gives up all: bodies that
// are held to find a token in them come from strangers.
func (c Config) overload() *overloadv3.OverloadManager {
	o := &overloadv3.OverloadManager{
		RefreshInterval: durationpb.New(250 * time.Millisecond),
		ResourceMonitors: []*overloadv3.ResourceMonitor{{
			Name: "envoy.resource_monitors.global_downstream_max_connections",
			ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: packed(&connectionsv3.DownstreamConnectionsConfig{
				MaxActiveDownstreamConnections: cmp.Or(c.MaxConnections, defaultConnections),
			})},
		}},
	}
	if c.MaxHeapBytes == 0 {
		return o
	}
	const heap = "envoy.resource_monitors.fixed_heap"
	o.ResourceMonitors = append(o.ResourceMonitors, &overloadv3.ResourceMonitor{
		Name:       heap,
		ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: packed(&heapv3.FixedHeapConfig{MaxHeapSizeBytes: c.MaxHeapBytes})},
	})
	o.Actions = []*overloadv3.OverloadAction{
		{Name: "envoy.overload_actions.shrink_heap", Triggers: []*overloadv3.Trigger{above(heap, 0.80)}},
		{Name: "envoy.overload_actions.reset_high_memory_stream", Triggers: []*overloadv3.Trigger{{
			Name:         heap,
			TriggerOneof: &overloadv3.Trigger_Scaled{Scaled: &overloadv3.ScaledTrigger{ScalingThreshold: 0.85, SaturationThreshold: 0.95}},
		}}},
		{Name: "envoy.overload_actions.stop_accepting_requests", Triggers: []*overloadv3.Trigger{above(heap, 0.97)}},
	}
	// Only streams that hold 64 KiB or more are worth dropping.
	o.BufferFactoryConfig = &overloadv3.BufferFactoryConfig{MinimumAccountToTrackPowerOfTwo: 16}
	return o
}

func above(resource string, share float64) *overloadv3.Trigger {
	return &overloadv3.Trigger{Name: resource, TriggerOneof: &overloadv3.Trigger_Threshold{Threshold: &overloadv3.ThresholdTrigger{Value: share}}}
}
