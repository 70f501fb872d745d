package aws

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

var eksNamePattern = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]*$`)

// eksPlanCluster checks a create request and answers the cluster it asks for.
func (c *call) eksPlanCluster(in *eks.CreateClusterInput) (*eksCluster, error) {
	name := sdkaws.ToString(in.Name)
	bad := func(format string, args ...any) (*eksCluster, error) {
		return nil, eksError("InvalidParameterException", name, "", format, args...)
	}
	if !eksNamePattern.MatchString(name) || len(name) > 100 {
		return bad("The cluster name %s must have 1 to 100 letters, digits, hyphens and underscores, the first one a letter or digit.", name)
	}
	version := cmp.Or(sdkaws.ToString(in.Version), eksDefaultVersion)
	release, ok := eksFindRelease(version)
	if !ok {
		return bad("unsupported Kubernetes version %s", version)
	}
	switch {
	case in.OutpostConfig != nil, in.RemoteNetworkConfig != nil, in.KubeApiServerConfig != nil, in.KubeControllerManagerConfig != nil, in.KubeSchedulerConfig != nil:
		return bad("The sandbox has no clusters on Outposts, hybrid nodes or control plane component configurations.")
	case in.ComputeConfig != nil && sdkaws.ToBool(in.ComputeConfig.Enabled), in.StorageConfig != nil && in.StorageConfig.BlockStorage != nil && sdkaws.ToBool(in.StorageConfig.BlockStorage.Enabled):
		return bad("The sandbox has no EKS Auto Mode.")
	case in.ControlPlaneScalingConfig != nil && in.ControlPlaneScalingConfig.Tier != ekstypes.ProvisionedControlPlaneTierStandard:
		return bad("The sandbox has the control plane tier standard only.")
	}
	if err := c.eksRole("cluster role", sdkaws.ToString(in.RoleArn), "eks.amazonaws.com"); err != nil {
		return nil, err
	}
	if missing := c.eksMissingPolicies(*in.RoleArn, []string{"AmazonEKSClusterPolicy"}); len(missing) > 0 {
		return bad("The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the following policies %v are attached", missing)
	}
	vpc, err := c.eksPlanVPC(name, in.ResourcesVpcConfig)
	if err != nil {
		return nil, err
	}
	network, err := c.eksPlanNetwork(name, in.KubernetesNetworkConfig, *vpc.VpcId)
	if err != nil {
		return nil, err
	}
	access := &ekstypes.AccessConfigResponse{AuthenticationMode: ekstypes.AuthenticationModeConfigMap, BootstrapClusterCreatorAdminPermissions: new(true)}
	if a := in.AccessConfig; a != nil {
		access.AuthenticationMode = cmp.Or(a.AuthenticationMode, access.AuthenticationMode)
		access.BootstrapClusterCreatorAdminPermissions = cmp.Or(a.BootstrapClusterCreatorAdminPermissions, access.BootstrapClusterCreatorAdminPermissions)
	}
	if access.AuthenticationMode == ekstypes.AuthenticationModeConfigMap && !*access.BootstrapClusterCreatorAdminPermissions {
		return bad("bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")
	}
	if err := eksCheckEncryption(name, c.Region, in.EncryptionConfig); err != nil {
		return nil, err
	}
	if err := eksTags(in.Tags); err != nil {
		return nil, err
	}
	logging, err := eksMergeLogging(nil, in.Logging)
	if err != nil {
		return nil, err
	}
	cluster := &eksCluster{Cluster: ekstypes.Cluster{
		Name: in.Name, RoleArn: in.RoleArn, Version: new(version), PlatformVersion: new(release.platform), ResourcesVpcConfig: vpc, KubernetesNetworkConfig: network,
		AccessConfig: access, EncryptionConfig: in.EncryptionConfig, Logging: logging, Tags: in.Tags, Health: &ekstypes.ClusterHealth{Issues: []ekstypes.ClusterIssue{}},
		DeletionProtection: new(sdkaws.ToBool(in.DeletionProtection)), UpgradePolicy: &ekstypes.UpgradePolicyResponse{SupportType: ekstypes.SupportTypeExtended},
		CertificateAuthority: &ekstypes.Certificate{},
	}}
	if cluster.Tags == nil {
		cluster.Tags = map[string]string{}
	}
	if in.UpgradePolicy != nil && in.UpgradePolicy.SupportType != "" {
		cluster.UpgradePolicy.SupportType = in.UpgradePolicy.SupportType
	}
	if in.ZonalShiftConfig != nil {
		cluster.ZonalShiftConfig = &ekstypes.ZonalShiftConfigResponse{Enabled: in.ZonalShiftConfig.Enabled}
	}
	return cluster, nil
}

// eksPlanNetwork checks the service network ("KubernetesNetworkConfigRequest" in the SDK).
func (c *call) eksPlanNetwork(name string, in *ekstypes.KubernetesNetworkConfigRequest, vpc string) (*ekstypes.KubernetesNetworkConfigResponse, error) {
	out := &ekstypes.KubernetesNetworkConfigResponse{IpFamily: ekstypes.IpFamilyIpv4, ElasticLoadBalancing: &ekstypes.ElasticLoadBalancing{Enabled: new(false)}}
	services := "10.100.0.0/16"
	overlaps := func(p netip.Prefix) bool {
		for _, block := range c.region().VPCs[vpc].CidrBlockAssociationSet {
			if b, err := netip.ParsePrefix(sdkaws.ToString(block.CidrBlock)); err == nil && b.Overlaps(p) {
				return true
			}
		}
		return false
	}
	if overlaps(netip.MustParsePrefix("10.0.0.0/8")) {
		services = "172.20.0.0/16"
	}
	if in != nil {
		if in.IpFamily == ekstypes.IpFamilyIpv6 {
			return nil, eksError("InvalidParameterException", name, "", "The sandbox has clusters of the ipv4 family only.")
		}
		if in.ElasticLoadBalancing != nil && sdkaws.ToBool(in.ElasticLoadBalancing.Enabled) {
			return nil, eksError("InvalidParameterException", name, "", "The type for cluster update was not provided: elastic load balancing, block storage and compute must be enabled together.")
		}
		services = cmp.Or(sdkaws.ToString(in.ServiceIpv4Cidr), services)
	}
	p, err := netip.ParsePrefix(services)
	private := err == nil && slices.ContainsFunc(eksPrivate, func(r netip.Prefix) bool { return r.Bits() <= p.Bits() && r.Contains(p.Addr()) })
	switch {
	case err != nil || p.Masked() != p || !private || p.Bits() < 12 || p.Bits() > 24:
		return nil, eksError("InvalidParameterException", name, "", "The specified service-ipv4-cidr %s is invalid: it must be a block between /24 and /12 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16", services)
	case overlaps(p):
		return nil, eksError("InvalidParameterException", name, "", "The specified service-ipv4-cidr %s overlaps with a block of the VPC %s", services, vpc)
	}
	out.ServiceIpv4Cidr = new(services)
	return out, nil
}

var eksPrivate = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}

var eksKeyArn = regexp.MustCompile(`^arn:aws:kms:([a-z0-9-]+):\d{12}:(key|alias)/.+$`)

func eksCheckEncryption(name, region string, configs []ekstypes.EncryptionConfig) error {
	if len(configs) > 1 {
		return eksError("InvalidParameterException", name, "", "Only one encryption configuration can be specified")
	}
	for _, cfg := range configs {
		if !slices.Equal(cfg.Resources, []string{"secrets"}) {
			return eksError("InvalidParameterException", name, "", "The resources of an encryption configuration must be [secrets]")
		}
		if cfg.Provider == nil || cfg.Provider.KeyArn == nil {
			return eksError("InvalidParameterException", name, "", "An encryption configuration needs a provider with a key ARN")
		}
		if m := eksKeyArn.FindStringSubmatch(*cfg.Provider.KeyArn); m == nil || m[1] != region {
			return eksError("InvalidParameterException", name, "", "The key ARN %s is not one of a KMS key in %s", *cfg.Provider.KeyArn, region)
		}
	}
	return nil
}

// eksMergeLogging applies log settings to those there are and answers all types, enabled ones first.
func eksMergeLogging(have, change *ekstypes.Logging) (*ekstypes.Logging, error) {
	on := map[ekstypes.LogType]bool{}
	for _, from := range []*ekstypes.Logging{have, change} {
		if from == nil {
			continue
		}
		seen := map[ekstypes.LogType]bool{}
		for _, setup := range from.ClusterLogging {
			for _, kind := range setup.Types {
				if seen[kind] {
					return nil, apiError("InvalidParameterException", "The log type %s is specified more than once", kind)
				}
				seen[kind] = true
				on[kind] = sdkaws.ToBool(setup.Enabled)
			}
		}
	}
	var enabled, disabled []ekstypes.LogType
	for _, kind := range ekstypes.LogType("").Values() {
		if on[kind] {
			enabled = append(enabled, kind)
		} else {
			disabled = append(disabled, kind)
		}
	}
	out := &ekstypes.Logging{}
	if len(enabled) > 0 {
		out.ClusterLogging = append(out.ClusterLogging, ekstypes.LogSetup{Enabled: new(true), Types: enabled})
	}
	if len(disabled) > 0 {
		out.ClusterLogging = append(out.ClusterLogging, ekstypes.LogSetup{Enabled: new(false), Types: disabled})
	}
	return out, nil
}

// eksRole checks that a role of this account exists and trusts a service.
func (c *call) eksRole(what, arn, service string) error {
	role := c.eksFindRole(arn)
	if role == nil || !c.settled(role) {
		return apiError("InvalidParameterException", "Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", arn)
	}
	if !eksTrusts(sdkaws.ToString(role.AssumeRolePolicyDocument), service) {
		return apiError("InvalidParameterException", "Following required service principals [%s] were not found in the trust relationships of %s %s", service, what, arn)
	}
	return nil
}

func (c *call) eksFindRole(arn string) *Role {
	for _, role := range c.account().Roles {
		if sdkaws.ToString(role.Arn) == arn {
			return role
		}
	}
	return nil
}

// eksTrusts reports whether a trust policy lets a service assume the role.
func eksTrusts(document, service string) bool {
	if decoded, err := url.QueryUnescape(document); err == nil && !strings.HasPrefix(strings.TrimSpace(document), "{") {
		document = decoded
	}
	var policy struct{ Statement any }
	if json.Unmarshal([]byte(document), &policy) != nil {
		return false
	}
	statements, isList := policy.Statement.([]any)
	if !isList {
		statements = []any{policy.Statement}
	}
	for _, s := range statements {
		statement, _ := s.(map[string]any)
		principal, _ := statement["Principal"].(map[string]any)
		if statement["Effect"] == "Allow" && slices.Contains(eksStrings(statement["Action"]), "sts:AssumeRole") && slices.Contains(eksStrings(principal["Service"]), service) {
			return true
		}
	}
	return false
}

// eksStrings reads what may be one string or a list in a policy.
func eksStrings(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// eksMissingPolicies lists the managed policies that a role lacks. Alternatives are separated by "|".
func (c *call) eksMissingPolicies(arn string, want []string) []string {
	role := c.eksFindRole(arn)
	var missing []string
	for _, alternatives := range want {
		if role == nil || !slices.ContainsFunc(role.Attached, func(have string) bool {
			return slices.Contains(strings.Split(alternatives, "|"), have[strings.LastIndex(have, "/")+1:]) && strings.HasPrefix(have, "arn:aws:iam::aws:policy/")
		}) {
			missing = append(missing, "arn:aws:iam::aws:policy/"+strings.Split(alternatives, "|")[0])
		}
	}
	return missing
}
