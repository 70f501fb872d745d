package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// observe replaces the model by what was found. What is as it was keeps the
// form it was written in.
func (m *model) observe(ctx context.Context, p *tf.Provider, found serving.ObservedCluster) diag.Diagnostics {
	var diags diag.Diagnostics
	c := found.Spec
	m.Drift = tf.Reasons(found.Drift, p.DriftOfTags(m.Tags, c.Tags))
	m.ID = types.StringValue(c.ID().String())
	m.Name = types.StringValue(c.Name)
	m.Cloud = types.StringValue(string(c.Cloud))
	m.Region = types.StringValue(c.Region)
	m.Visibility = tf.Text(m.Visibility, string(c.Visibility))
	m.KubernetesVersion = tf.Text(m.KubernetesVersion, c.KubernetesVersion)
	m.Network = writeNetwork(ctx, &diags, m.Network, found)
	m.NodePools = writeNodePools(ctx, &diags, m.NodePools, c.NodePools)
	m.Endpoint = writeEndpoint(ctx, &diags, m.Endpoint, found)
	m.KubernetesAPI = writeKubernetesAPI(ctx, &diags, m.KubernetesAPI, found)
	m.Gateway = writeGateway(ctx, &diags, m.Gateway, c.Gateway)
	m.DeletionProtection = types.BoolValue(c.DeletionProtection)
	m.AWS = writeAWS(ctx, &diags, m.AWS, c.AWS)
	m.GCP = writeGCP(ctx, &diags, m.GCP, c.GCP)
	m.Tags = p.OwnTags(m.Tags, c.Tags)
	m.Exposure = writeExposure(ctx, &diags, found.Exposure)
	m.Objects = tf.MapOf(found.Objects)
	return diags
}

func writeNetwork(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.ObservedCluster) types.Object {
	r, n := tf.NewReader(), found.Spec.Network
	m, _ := tf.Object[networkModel](ctx, r, "", prior)
	m.CIDR = tf.Text(m.CIDR, n.CIDR)
	m.VPC = tf.Text(m.VPC, n.VPC)
	m.Subnets = tf.Set(m.Subnets, n.Subnets)
	m.PublicSubnets = tf.Set(m.PublicSubnets, n.PublicSubnets)
	m.Zones = tf.Set(m.Zones, n.Zones)
	// A network that is not the cluster's own has no NAT of ours to observe; the
	// default stays as it was planned.
	if n.NAT != "" || m.NAT.IsNull() {
		m.NAT = types.StringValue(string(orPerZone(n.NAT)))
	}
	m.PodCIDR = tf.Text(m.PodCIDR, n.PodCIDR)
	m.ServiceCIDR = tf.Text(m.ServiceCIDR, n.ServiceCIDR)
	m.VPCID = tf.Text(m.VPCID, found.VPC)
	m.PrivateSubnetIDs = tf.SetOf(found.PrivateSubnets)
	m.PublicSubnetIDs = tf.SetOf(found.PublicSubnets)
	diags.Append(r.Diags...)
	return write(ctx, diags, m, "network")
}

func orPerZone(mode serving.NATMode) serving.NATMode {
	if mode == "" {
		return serving.NATPerZone
	}
	return mode
}

func writeEndpoint(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.ObservedCluster) types.Object {
	r, e := tf.NewReader(), found.Spec.Endpoint
	m, _ := tf.Object[endpointModel](ctx, r, "", prior)
	m.Domain = tf.Text(m.Domain, e.Domain)
	m.DNS = types.ObjectNull(fieldTypes("endpoint", "dns"))
	if e.DNS != nil {
		m.DNS = write(ctx, diags, dnsModel{ZoneID: types.StringValue(e.DNS.ZoneID)}, "endpoint", "dns")
	}
	m.CertificateID = tf.Text(m.CertificateID, e.CertificateID)
	m.AllowedCIDRs = tf.Set(m.AllowedCIDRs, e.AllowedCIDRs)
	m.MinTLSVersion = tf.Text(m.MinTLSVersion, e.MinTLSVersion)
	m.IdleTimeoutSeconds = tf.Number(m.IdleTimeoutSeconds, e.IdleTimeoutSeconds)
	m.Hostname = tf.Text(m.Hostname, found.Hostname)
	m.Address = tf.Text(m.Address, found.Address)
	m.ZoneID = tf.Text(m.ZoneID, found.ZoneID)
	m.URL = tf.Text(m.URL, found.URL)
	diags.Append(r.Diags...)
	return write(ctx, diags, m, "endpoint")
}

func writeKubernetesAPI(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.ObservedCluster) types.Object {
	r, k := tf.NewReader(), found.Spec.KubernetesAPI
	m, _ := tf.Object[kubernetesAPIModel](ctx, r, "", prior)
	m.AllowedCIDRs = tf.Set(m.AllowedCIDRs, k.AllowedCIDRs)
	m.Admins = tf.Set(m.Admins, k.Admins)
	m.DNSEndpoint = tf.Flag(m.DNSEndpoint, k.DNSEndpoint)
	m.URL = tf.Text(m.URL, found.KubernetesURL)
	m.CACertificate = tf.Text(m.CACertificate, found.CACertificatePEM)
	diags.Append(r.Diags...)
	return write(ctx, diags, m, "kubernetes_api")
}

// writeAWS leaves the object out where nothing is set and nobody wrote it.
func writeAWS(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.ClusterAWS) types.Object {
	if found == (serving.ClusterAWS{}) && prior.IsNull() {
		return types.ObjectNull(fieldTypes("aws"))
	}
	r := tf.NewReader()
	m, _ := tf.Object[awsModel](ctx, r, "", prior)
	m.ClusterRoleARN = tf.Text(m.ClusterRoleARN, found.ClusterRoleARN)
	m.NodeRoleARN = tf.Text(m.NodeRoleARN, found.NodeRoleARN)
	m.KMSKeyARN = tf.Text(m.KMSKeyARN, found.KMSKeyARN)
	diags.Append(r.Diags...)
	return write(ctx, diags, m, "aws")
}

func writeGCP(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.ClusterGCP) types.Object {
	if found == (serving.ClusterGCP{}) && prior.IsNull() {
		return types.ObjectNull(fieldTypes("gcp"))
	}
	r := tf.NewReader()
	m, _ := tf.Object[gcpModel](ctx, r, "", prior)
	m.ReleaseChannel = tf.Text(m.ReleaseChannel, string(found.ReleaseChannel))
	m.NodeServiceAccount = tf.Text(m.NodeServiceAccount, found.NodeServiceAccount)
	diags.Append(r.Diags...)
	return write(ctx, diags, m, "gcp")
}
