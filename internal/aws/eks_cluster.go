package aws

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// clusters are the EKS clusters; each is the root of its stack.
type clusters struct {
	*client
	owner owner
	name  string
}

type clusterSpec struct {
	Name string
	// Version is "<major>.<minor>"; empty takes what there is, or EKS's default.
	Version string
	Role    string
	Subnets []string
	// PublicCIDRs may reach the public endpoint; without any there is none.
	PublicCIDRs        []string
	ServiceCIDR        string
	KMSKey             string
	DeletionProtection bool
}

var (
	_ stack.Kind[clusterSpec, ekstypes.Cluster] = clusters{}
	_ stack.Sealer[ekstypes.Cluster]            = clusters{}
)

func (k clusters) Find(ctx context.Context, object string) ([]*ekstypes.Cluster, error) {
	live, err := k.reader.clusters.Get(ctx, k.name)
	if live == nil || err != nil {
		return nil, err
	}
	if err := k.owner.claim(live.Tags, object, aws.ToString(live.Arn), "EKS cluster "+k.name); err != nil {
		return nil, err
	}
	return []*ekstypes.Cluster{live}, nil
}

func (k clusters) ID(live *ekstypes.Cluster) string { return aws.ToString(live.Arn) }

func (k clusters) State(live *ekstypes.Cluster) stack.State {
	switch live.Status {
	case ekstypes.ClusterStatusActive:
		return stack.State{}
	case ekstypes.ClusterStatusDeleting:
		return stack.State{Phase: stack.Deleting}
	case ekstypes.ClusterStatusFailed:
		reason := "status FAILED"
		if live.Health != nil {
			for _, i := range live.Health.Issues {
				reason += fmt.Sprintf("; %s: %s", i.Code, aws.ToString(i.Message))
			}
		}
		return stack.State{Phase: stack.Failed, Reason: reason}
	}
	return stack.State{Phase: stack.Pending, Reason: "status " + string(live.Status)}
}

func (k clusters) Sealed(live *ekstypes.Cluster) bool { return live.Tags[tagSealed] == "true" }

func (k clusters) Seal(ctx context.Context, live *ekstypes.Cluster) error {
	_, err := k.eks.TagResource(ctx, &eks.TagResourceInput{ResourceArn: live.Arn, Tags: map[string]string{tagSealed: "true"}})
	return err
}

func (k clusters) Diff(name string, want clusterSpec, live *ekstypes.Cluster) []stack.Difference {
	vpc := live.ResourcesVpcConfig
	if vpc == nil {
		vpc = &ekstypes.VpcConfigResponse{}
	}
	diffs := fixed("role", aws.ToString(live.RoleArn), want.Role)
	if want.ServiceCIDR != "" && live.KubernetesNetworkConfig != nil {
		diffs = append(diffs, fixed("service cidr", aws.ToString(live.KubernetesNetworkConfig.ServiceIpv4Cidr), want.ServiceCIDR)...)
	}
	if want.Version != "" {
		diffs = append(diffs, of("kubernetes_version", same("version", aws.ToString(live.Version), want.Version))...)
	}
	diffs = append(diffs, of("deletion_protection", same("deletion protection", aws.ToBool(live.DeletionProtection), want.DeletionProtection))...)
	diffs = append(diffs, same("private endpoint", vpc.EndpointPrivateAccess, true)...)
	// Without a public endpoint its ranges mean nothing, and EKS keeps the last.
	public := len(want.PublicCIDRs) > 0
	if vpc.EndpointPublicAccess != public {
		diffs = append(diffs, of("kubernetes_api.allowed_cidrs", same("public endpoint", vpc.EndpointPublicAccess, public))...)
	}
	if vpc.EndpointPublicAccess && public {
		diffs = append(diffs, of("kubernetes_api.allowed_cidrs", sameSet("public endpoint range", vpc.PublicAccessCidrs, want.PublicCIDRs))...)
	}
	// EKS keeps the zones it was made with: subnets of zones that came later are
	// for nodes and the load balancer only.
	for _, id := range without(vpc.SubnetIds, want.Subnets) {
		diffs = append(diffs, stack.Difference{Field: "subnet", Got: id})
	}
	diffs = append(diffs, sameSet("security group", vpc.SecurityGroupIds, nil)...)
	if live.AccessConfig != nil {
		diffs = append(diffs, fixed("authentication mode", live.AccessConfig.AuthenticationMode, ekstypes.AuthenticationModeApi)...)
	}
	diffs = append(diffs, sameSet("encryption key", encryptionKeys(live), nonEmpty(want.KMSKey))...)
	diffs = append(diffs, sameSet("control plane log", enabledLogs(live), nil)...)
	if live.UpgradePolicy != nil && live.UpgradePolicy.SupportType != "" {
		diffs = append(diffs, same("upgrade policy", live.UpgradePolicy.SupportType, ekstypes.SupportTypeExtended)...)
	}
	diffs = append(diffs, same("auto mode", autoMode(live), false)...)
	if live.ZonalShiftConfig != nil {
		diffs = append(diffs, same("zonal shift", aws.ToBool(live.ZonalShiftConfig.Enabled), false)...)
	}
	return append(diffs, k.owner.differ(name, live.Tags)...)
}

// autoMode reports whether any part of EKS Auto Mode is on: it would run nodes
// and load balancers of its own.
func autoMode(live *ekstypes.Cluster) bool {
	n, compute, storage := live.KubernetesNetworkConfig, live.ComputeConfig, live.StorageConfig
	return n != nil && n.ElasticLoadBalancing != nil && aws.ToBool(n.ElasticLoadBalancing.Enabled) ||
		compute != nil && aws.ToBool(compute.Enabled) ||
		storage != nil && storage.BlockStorage != nil && aws.ToBool(storage.BlockStorage.Enabled)
}

func encryptionKeys(live *ekstypes.Cluster) []string {
	var out []string
	for _, e := range live.EncryptionConfig {
		if e.Provider != nil && e.Provider.KeyArn != nil {
			out = append(out, *e.Provider.KeyArn)
		}
	}
	return out
}

func enabledLogs(live *ekstypes.Cluster) []string {
	var out []string
	if live.Logging == nil {
		return nil
	}
	for _, setup := range live.Logging.ClusterLogging {
		if aws.ToBool(setup.Enabled) {
			for _, t := range setup.Types {
				out = append(out, string(t))
			}
		}
	}
	return out
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (k clusters) Create(ctx context.Context, object string, want clusterSpec, token string) error {
	in := &eks.CreateClusterInput{
		Name: &want.Name, RoleArn: &want.Role, ClientRequestToken: &token,
		ResourcesVpcConfig: &ekstypes.VpcConfigRequest{
			SubnetIds:             want.Subnets,
			EndpointPrivateAccess: aws.Bool(true),
			EndpointPublicAccess:  aws.Bool(len(want.PublicCIDRs) > 0),
			PublicAccessCidrs:     want.PublicCIDRs,
		},
		AccessConfig: &ekstypes.CreateAccessConfigRequest{
			AuthenticationMode:                      ekstypes.AuthenticationModeApi,
			BootstrapClusterCreatorAdminPermissions: aws.Bool(true),
		},
		Tags: k.owner.mark(object),
	}
	if want.Version != "" {
		in.Version = &want.Version
	}
	if want.ServiceCIDR != "" {
		in.KubernetesNetworkConfig = &ekstypes.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: &want.ServiceCIDR}
	}
	if want.KMSKey != "" {
		in.EncryptionConfig = encryption(want.KMSKey)
	}
	if want.DeletionProtection {
		in.DeletionProtection = aws.Bool(true)
	}
	// A role and its policies take some seconds to be known everywhere.
	return k.whileUnknown(ctx, func() error {
		_, err := k.eks.CreateCluster(ctx, in)
		return err
	})
}

func encryption(key string) []ekstypes.EncryptionConfig {
	return []ekstypes.EncryptionConfig{{Provider: &ekstypes.Provider{KeyArn: &key}, Resources: []string{"secrets"}}}
}

// mentionsRole matches EKS's messages about roles it cannot use yet.
var mentionsRole = regexp.MustCompile(`(?i)\brole\b`)

// propagation bounds how long a fresh IAM role may be unknown to EKS.
const propagation = 2 * time.Minute

// whileUnknown repeats a call that EKS refuses because IAM has not spread yet.
func (c *client) whileUnknown(ctx context.Context, call func() error) error {
	return c.poll.Until(ctx, func(elapsed time.Duration) (bool, error) {
		err := call()
		if elapsed < propagation && roleUnknown(err) {
			return false, nil
		}
		return err == nil, err
	})
}

// roleUnknown reports whether EKS says that it cannot use a role. There is no
// code of its own for it (EKS API reference, InvalidParameterException).
func roleUnknown(err error) bool {
	if isCode(err, "ResourcePropagationDelay") {
		return true
	}
	var invalid *ekstypes.InvalidParameterException
	return errors.As(err, &invalid) && mentionsRole.MatchString(aws.ToString(invalid.Message))
}

// Update changes one thing per call, as UpdateClusterConfig demands, and waits
// for each.
func (k clusters) Update(ctx context.Context, object string, want clusterSpec, live *ekstypes.Cluster, diffs []stack.Difference) error {
	var inputs []*eks.UpdateClusterConfigInput
	if has(diffs, "deletion protection") {
		inputs = append(inputs, &eks.UpdateClusterConfigInput{DeletionProtection: &want.DeletionProtection})
	}
	if has(diffs, "private endpoint", "public endpoint", "public endpoint range") {
		access := &ekstypes.VpcConfigRequest{EndpointPrivateAccess: aws.Bool(true), EndpointPublicAccess: aws.Bool(len(want.PublicCIDRs) > 0)}
		if len(want.PublicCIDRs) > 0 {
			access.PublicAccessCidrs = want.PublicCIDRs
		}
		inputs = append(inputs, &eks.UpdateClusterConfigInput{ResourcesVpcConfig: access})
	}
	if has(diffs, "subnet", "security group") {
		inputs = append(inputs, &eks.UpdateClusterConfigInput{ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: want.Subnets, SecurityGroupIds: []string{}}})
	}
	if has(diffs, "control plane log") {
		inputs = append(inputs, &eks.UpdateClusterConfigInput{Logging: &ekstypes.Logging{ClusterLogging: []ekstypes.LogSetup{{
			Enabled: aws.Bool(false), Types: ekstypes.LogType("").Values()}}}})
	}
	if has(diffs, "upgrade policy") {
		inputs = append(inputs, &eks.UpdateClusterConfigInput{UpgradePolicy: &ekstypes.UpgradePolicyRequest{SupportType: ekstypes.SupportTypeExtended}})
	}
	if off := aws.Bool(false); has(diffs, "auto mode") {
		inputs = append(inputs, &eks.UpdateClusterConfigInput{
			ComputeConfig:           &ekstypes.ComputeConfigRequest{Enabled: off},
			KubernetesNetworkConfig: &ekstypes.KubernetesNetworkConfigRequest{ElasticLoadBalancing: &ekstypes.ElasticLoadBalancing{Enabled: off}},
			StorageConfig:           &ekstypes.StorageConfigRequest{BlockStorage: &ekstypes.BlockStorage{Enabled: off}},
		})
	}
	if has(diffs, "zonal shift") {
		inputs = append(inputs, &eks.UpdateClusterConfigInput{ZonalShiftConfig: &ekstypes.ZonalShiftConfigRequest{Enabled: aws.Bool(false)}})
	}
	for _, in := range inputs {
		in.Name = live.Name
		err := k.update(ctx, live.Name, nil, func() (*ekstypes.Update, error) {
			out, err := k.eks.UpdateClusterConfig(ctx, in)
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		})
		if err != nil {
			return err
		}
	}
	if has(diffs, "encryption key") && want.KMSKey != "" {
		err := k.update(ctx, live.Name, nil, func() (*ekstypes.Update, error) {
			out, err := k.eks.AssociateEncryptionConfig(ctx, &eks.AssociateEncryptionConfigInput{ClusterName: live.Name, EncryptionConfig: encryption(want.KMSKey)})
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		})
		if err != nil {
			return err
		}
	}
	if has(diffs, "version") {
		err := k.update(ctx, live.Name, nil, func() (*ekstypes.Update, error) {
			out, err := k.eks.UpdateClusterVersion(ctx, &eks.UpdateClusterVersionInput{Name: live.Name, Version: &want.Version})
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		})
		if err != nil {
			return err
		}
	}
	return k.retagEKS(ctx, k.owner, object, aws.ToString(live.Arn), live.Tags)
}

// update starts an update of a cluster or node group, waiting while another one
// runs, and waits for its end. The status of the object itself follows late.
func (c *client) update(ctx context.Context, cluster, nodeGroup *string, start func() (*ekstypes.Update, error)) error {
	var update *ekstypes.Update
	err := c.poll.Until(ctx, func(time.Duration) (done bool, err error) {
		update, err = start()
		if isCode(err, "ResourceInUseException") {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil || update == nil || update.Id == nil {
		return err
	}
	return c.poll.Until(ctx, func(time.Duration) (bool, error) {
		out, err := c.eks.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: cluster, NodegroupName: nodeGroup, UpdateId: update.Id})
		if err != nil {
			return false, err
		}
		switch out.Update.Status {
		case ekstypes.UpdateStatusSuccessful:
			return true, nil
		case ekstypes.UpdateStatusFailed, ekstypes.UpdateStatusCancelled:
			reason := fmt.Sprintf("%s update %s is %s", out.Update.Type, aws.ToString(update.Id), out.Update.Status)
			for _, e := range out.Update.Errors {
				reason += fmt.Sprintf("; %s: %s", e.ErrorCode, aws.ToString(e.ErrorMessage))
			}
			return false, errors.New(reason)
		}
		return false, nil
	})
}

// retagEKS gives an EKS object the tags it should have.
func (c *client) retagEKS(ctx context.Context, o owner, object, arn string, live map[string]string) error {
	set, unset := o.retag(object, live)
	if len(set) > 0 {
		if _, err := c.eks.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &arn, Tags: set}); err != nil {
			return err
		}
	}
	if len(unset) > 0 {
		if _, err := c.eks.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: &arn, TagKeys: unset}); err != nil {
			return err
		}
	}
	return nil
}

func (k clusters) Delete(ctx context.Context, live *ekstypes.Cluster) error {
	_, err := k.eks.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: live.Name})
	return busy(absent(err, "ResourceNotFoundException"))
}

// busy makes EKS's refusals during another operation repeatable.
func busy(err error) error {
	if isCode(err, "ResourceInUseException") {
		return &stack.BlockedError{Err: err}
	}
	return err
}
