package gcp

import (
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// clusterFields is how clusters are compared.
var clusterFields = fields{
	fixed: []string{
		"networkConfig.network", "networkConfig.subnetwork", "networkConfig.datapathProvider", "ipAllocationPolicy", "autopilot",
	},
	always: []string{
		"controlPlaneEndpointsConfig.ipEndpointsConfig.enablePublicEndpoint", "controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic",
		"controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig.gcpPublicCidrsAccessEnabled",
		"addonsConfig.httpLoadBalancing.disabled", "addonsConfig.horizontalPodAutoscaling.disabled",
	},
	empty: []string{
		"autopilot.enabled", "legacyAbac.enabled", "enableKubernetesAlpha", "autoscaling.enableNodeAutoprovisioning", "verticalPodAutoscaling.enabled",
	},
	attributes: map[string]string{
		"controlPlaneEndpointsConfig.ipEndpointsConfig.enablePublicEndpoint":                "kubernetes_api.allowed_cidrs",
		"controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig.cidrBlocks": "kubernetes_api.allowed_cidrs",
		"controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic":                "kubernetes_api.dns_endpoint",
		"releaseChannel": "gcp.release_channel",
		"locations":      "network.zones",
	},
}

// gkeCluster is a cluster's wanted form.
func gkeCluster(spec serving.Cluster, project string, n *network) *containerpb.Cluster {
	return &containerpb.Cluster{
		NetworkConfig: &containerpb.NetworkConfig{
			Network: n.vpc(), Subnetwork: n.subnetwork(), DefaultEnablePrivateNodes: proto.Bool(true),
			// It enforces network policies, on which the gateway counts.
			DatapathProvider: containerpb.DatapathProvider_ADVANCED_DATAPATH,
		},
		IpAllocationPolicy:          n.allocation(),
		ControlPlaneEndpointsConfig: controlPlaneEndpoints(spec.KubernetesAPI),
		ReleaseChannel:              &containerpb.ReleaseChannel{Channel: channel(spec.GCP.ReleaseChannel)},
		WorkloadIdentityConfig:      &containerpb.WorkloadIdentityConfig{WorkloadPool: project + ".svc.id.goog"},
		ShieldedNodes:               &containerpb.ShieldedNodes{Enabled: true},
		AddonsConfig: &containerpb.AddonsConfig{
			HttpLoadBalancing: &containerpb.HttpLoadBalancing{}, HorizontalPodAutoscaling: &containerpb.HorizontalPodAutoscaling{},
			NetworkPolicyConfig:              &containerpb.NetworkPolicyConfig{Disabled: true},
			GcePersistentDiskCsiDriverConfig: &containerpb.GcePersistentDiskCsiDriverConfig{Enabled: true},
		},
		Autoscaling:    &containerpb.ClusterAutoscaling{AutoscalingProfile: containerpb.ClusterAutoscaling_BALANCED},
		LoggingService: "logging.googleapis.com/kubernetes", MonitoringService: "monitoring.googleapis.com/kubernetes",
		Locations: sorted(spec.Network.Zones),
	}
}

// controlPlaneEndpoints gives the control plane a private address, and a public
// one only where somebody may reach it. Ranges are for the public one: the private
// one answers the whole network. GKE demands the list without a public endpoint,
// too ("Master authorized networks must be enabled if private endpoint is enabled").
func controlPlaneEndpoints(api serving.KubernetesAPI) *containerpb.ControlPlaneEndpointsConfig {
	public := len(api.AllowedCIDRs) > 0
	networks := &containerpb.MasterAuthorizedNetworksConfig{Enabled: true, GcpPublicCidrsAccessEnabled: proto.Bool(false), PrivateEndpointEnforcementEnabled: proto.Bool(false)}
	for _, cidr := range sorted(api.AllowedCIDRs) {
		networks.CidrBlocks = append(networks.CidrBlocks, &containerpb.MasterAuthorizedNetworksConfig_CidrBlock{CidrBlock: cidr})
	}
	return &containerpb.ControlPlaneEndpointsConfig{
		IpEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig_IPEndpointsConfig{
			Enabled: proto.Bool(true), EnablePublicEndpoint: &public, GlobalAccess: proto.Bool(false), AuthorizedNetworksConfig: networks,
		},
		DnsEndpointConfig: &containerpb.ControlPlaneEndpointsConfig_DNSEndpointConfig{AllowExternalTraffic: proto.Bool(api.DNSEndpoint)},
	}
}

func channel(c serving.ReleaseChannel) containerpb.ReleaseChannel_Channel {
	if c == "" {
		c = serving.DefaultReleaseChannel
	}
	return containerpb.ReleaseChannel_Channel(containerpb.ReleaseChannel_Channel_value[strings.ToUpper(string(c))])
}
