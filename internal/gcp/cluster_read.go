package gcp

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// observed makes the view of a cluster from the live objects of its stack.
func (c *client) observed(ctx context.Context, s *clusterStack, report *stack.Report) serving.ObservedCluster {
	out := serving.ObservedCluster{Observation: observation(report), Spec: s.spec}
	out.Account = s.project
	if cluster := s.cluster.Live(); cluster != nil {
		out.KubernetesURL, out.CACertificatePEM = kubernetesEndpoint(cluster)
	}
	if report.Drift[objectNetwork] == nil && report.Drift[objectSubnetwork] == nil {
		out.VPC, out.PrivateSubnets = lastOf(s.network.vpc()), []string{lastOf(s.network.subnetwork())}
	}
	if address := s.address.Live(); address != nil {
		out.Hostname, out.Address, out.URL = address.GetAddress(), address.GetAddress(), s.url()
	}
	c.readBack(ctx, s, &out.Spec)
	out.Exposure = s.exposure()
	out.Judge(s.spec, len(report.Drift) > 0)
	return out
}

// url is where callers reach the cluster; empty while there is no address.
func (s *clusterStack) url() string {
	switch address := s.address.Live(); {
	case s.spec.Endpoint.Domain != "":
		return "https://" + s.spec.Endpoint.Domain
	case address != nil:
		return "https://" + address.GetAddress()
	}
	return ""
}

// observation keeps the differences that no attribute models. While anything
// is left, the resource is not gone: a destroy that was interrupted after the
// root must still know what to remove.
func observation(report *stack.Report) serving.Observation {
	out := serving.Observation{Gone: report.Gone && len(report.Objects) == 0, Objects: report.Objects, Drift: map[string][]string{}}
	for object, diffs := range report.Drift {
		for _, d := range diffs {
			if d.Attribute == "" {
				out.Drift[object] = append(out.Drift[object], d.String())
			}
		}
	}
	return out
}

// readBack replaces what attributes model by what is live.
func (c *client) readBack(ctx context.Context, s *clusterStack, spec *serving.Cluster) {
	if cluster := s.cluster.Live(); cluster != nil {
		clusterOf(cluster, spec)
		if len(s.spec.Network.Zones) == 0 {
			spec.Network.Zones = nil
		}
	}
	pools := map[string]serving.NodePool{}
	for name, pool := range spec.NodePools {
		if live := s.pools[name].Live(); live != nil {
			pool = poolOf(live, pool)
		}
		pools[name] = pool
	}
	spec.NodePools = pools
	if service := s.backendService.Live(); service != nil {
		spec.Endpoint.IdleTimeoutSeconds = int64(service.GetTimeoutSec())
	}
	if policy := s.sslPolicy.Live(); policy != nil {
		spec.Endpoint.MinTLSVersion = tlsVersion(policy, spec.Endpoint.MinTLSVersion)
	}
	if proxy := s.httpsProxy.Live(); proxy != nil && len(proxy.GetSslCertificates()) == 1 {
		spec.Endpoint.CertificateID = c.certificateID(ctx, proxy.GetSslCertificates()[0], spec.Endpoint.CertificateID)
	}
	if s.gateway != nil {
		s.gateway.ReadBack(&spec.Gateway)
	}
}

// clusterOf puts what a living GKE cluster tells into a spec.
func clusterOf(live *containerpb.Cluster, spec *serving.Cluster) {
	if version := live.GetCurrentMasterVersion(); spec.KubernetesVersion == "" || older(version, spec.KubernetesVersion) {
		// What the spec has is the least: GKE may have gone on from there.
		spec.KubernetesVersion = minor(version)
	}
	spec.DeletionProtection = protected(live)
	spec.Network.ServiceCIDR = live.GetIpAllocationPolicy().GetServicesIpv4CidrBlock()
	spec.Network.Zones = sorted(live.GetLocations())
	if live, asked := live.GetReleaseChannel().GetChannel(), channel(spec.GCP.ReleaseChannel); live != asked {
		spec.GCP.ReleaseChannel = serving.ReleaseChannel(strings.ToLower(live.String()))
	}
	endpoints := live.GetControlPlaneEndpointsConfig()
	spec.KubernetesAPI.DNSEndpoint = endpoints.GetDnsEndpointConfig().GetAllowExternalTraffic()
	spec.KubernetesAPI.AllowedCIDRs = apiSources(live)
}

// apiSources are the ranges that reach the public endpoint, none when there is no
// such.
func apiSources(live *containerpb.Cluster) []string {
	endpoints := live.GetControlPlaneEndpointsConfig().GetIpEndpointsConfig()
	networks := endpoints.GetAuthorizedNetworksConfig()
	switch {
	case !endpoints.GetEnablePublicEndpoint():
		return nil
	case !networks.GetEnabled():
		return []string{anywhere}
	}
	var out []string
	for _, block := range networks.GetCidrBlocks() {
		out = append(out, block.GetCidrBlock())
	}
	return sorted(out)
}

// poolOf puts what a living node pool can change into a pool.
func poolOf(live *containerpb.NodePool, pool serving.NodePool) serving.NodePool {
	config, scaling := live.GetConfig(), live.GetAutoscaling()
	pool.MachineType, pool.DiskGB = config.GetMachineType(), int64(config.GetDiskSizeGb())
	pool.MinSize, pool.MaxSize = int64(scaling.GetTotalMinNodeCount()), int64(scaling.GetTotalMaxNodeCount())
	pool.Labels, pool.Taints = userLabels(config.GetLabels()), nil
	for _, t := range userTaints(config.GetTaints()) {
		taint := serving.Taint{Key: t.GetKey(), Value: t.GetValue()}
		for effect, word := range effects {
			if word == t.GetEffect() {
				taint.Effect = effect
			}
		}
		pool.Taints = append(pool.Taints, taint)
	}
	slices.SortFunc(pool.Taints, func(a, b serving.Taint) int {
		return strings.Compare(a.Key+"="+a.Value+":"+a.Effect, b.Key+"="+b.Value+":"+b.Effect)
	})
	return pool
}

// tlsVersion is the lowest version of a policy as it is written in a spec: the one
// that was asked for where both mean the same.
func tlsVersion(policy *computepb.SslPolicy, asked string) string {
	if tlsVersions[asked] == policy.GetMinTlsVersion() {
		return asked
	}
	return strings.ReplaceAll(strings.TrimPrefix(policy.GetMinTlsVersion(), "TLS_"), "_", ".")
}

// decoded reads base64, and gives what cannot be read back as it is.
func decoded(text string) string {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return text
	}
	return string(raw)
}
