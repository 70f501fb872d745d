package aws_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func TestClusterLifecycle(t *testing.T) {
	t.Parallel()
	w, clock := slow(t)
	w.network()
	w.roles()
	in := w.clusterInput()
	in.ClientRequestToken = new("token-of-this-create-call-00000001")
	created := do(w, w.eks.CreateCluster, in).Cluster
	if created.Status != ekstypes.ClusterStatusCreating || created.Endpoint != nil || created.Identity != nil {
		t.Errorf("a new cluster shows %s, endpoint %v, identity %v", created.Status, created.Endpoint, created.Identity)
	}
	if again := do(w, w.eks.CreateCluster, in).Cluster; *again.Arn != *created.Arn {
		t.Errorf("the same token made %s", *again.Arn)
	}
	other := w.clusterInput()
	other.ClientRequestToken, other.Version = in.ClientRequestToken, new("1.33")
	refused(w, w.eks.CreateCluster, other, "InvalidParameterException", "token")
	refused(w, w.eks.CreateCluster, w.clusterInput(), "ResourceInUseException", "already exists")
	refused(w, w.eks.DeleteCluster, &eks.DeleteClusterInput{Name: new("c")}, "ResourceInUseException", "being created")
	refused(w, w.eks.CreateNodegroup, w.nodegroupInput(), "InvalidRequestException", "not in ACTIVE status")
	refused(w, w.eks.UpdateClusterVersion, &eks.UpdateClusterVersionInput{Name: new("c"), Version: new("1.34")}, "ResourceInUseException", "CREATING")

	clock.advance(9 * time.Minute)
	c := do(w, w.eks.DescribeCluster, &eks.DescribeClusterInput{Name: new("c")}).Cluster
	if c.Status != ekstypes.ClusterStatusActive || !strings.HasPrefix(*c.Endpoint, "https://") || c.Identity.Oidc.Issuer == nil || *c.Version != "1.34" {
		t.Fatalf("cluster: %+v", c)
	}
	raw, err := base64.StdEncoding.DecodeString(*c.CertificateAuthority.Data)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	if ca, err := x509.ParseCertificate(block.Bytes); err != nil || !ca.IsCA {
		t.Errorf("certificate authority: %v", err)
	}
	group := *c.ResourcesVpcConfig.ClusterSecurityGroupId
	g := do(w, w.ec2.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{group}}).SecurityGroups[0]
	if !strings.HasPrefix(*g.GroupName, "eks-cluster-sg-c-") || len(g.IpPermissions) != 1 || *g.IpPermissions[0].UserIdGroupPairs[0].GroupId != group {
		t.Errorf("cluster security group: %+v", g)
	}
	interfaces := do(w, w.ec2.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{{Name: new("description"), Values: []string{"Amazon EKS c"}}},
	}).NetworkInterfaces
	if len(interfaces) != 2 {
		t.Errorf("%d control plane interfaces", len(interfaces))
	}

	update := do(w, w.eks.UpdateClusterConfig, &eks.UpdateClusterConfigInput{Name: new("c"), DeletionProtection: new(true)}).Update
	if update.Type != ekstypes.UpdateTypeDeletionProtectionUpdate || update.Status != ekstypes.UpdateStatusInProgress {
		t.Errorf("update: %+v", update)
	}
	refused(w, w.eks.UpdateClusterConfig, &eks.UpdateClusterConfigInput{Name: new("c"), DeletionProtection: new(true)}, "ResourceInUseException", *update.Id)
	clock.advance(2 * time.Minute)
	done := do(w, w.eks.DescribeUpdate, &eks.DescribeUpdateInput{Name: new("c"), UpdateId: update.Id}).Update
	if done.Status != ekstypes.UpdateStatusSuccessful {
		t.Errorf("update is %s", done.Status)
	}
	refused(w, w.eks.DeleteCluster, &eks.DeleteClusterInput{Name: new("c")}, "InvalidRequestException", "deletion protection")
	do(w, w.eks.UpdateClusterConfig, &eks.UpdateClusterConfigInput{Name: new("c"), DeletionProtection: new(false)})
	clock.advance(2 * time.Minute)
	deleted := do(w, w.eks.DeleteCluster, &eks.DeleteClusterInput{Name: new("c")}).Cluster
	if deleted.Status != ekstypes.ClusterStatusDeleting {
		t.Errorf("deleted cluster is %s", deleted.Status)
	}
	clock.advance(3 * time.Minute)
	_, err = w.eks.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("c")})
	var gone *ekstypes.ResourceNotFoundException
	if !errors.As(err, &gone) || gone.ClusterName == nil || *gone.ClusterName != "c" {
		t.Errorf("after the delete: %v", err)
	}
	// The control plane's interfaces stay for a moment.
	refused(w, w.ec2.DeleteSubnet, &ec2.DeleteSubnetInput{SubnetId: &w.private[0]}, "DependencyViolation", "")
	clock.advance(time.Minute)
	do(w, w.ec2.DescribeSubnets, &ec2.DescribeSubnetsInput{})
	refused(w, w.ec2.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{group}}, "InvalidGroup.NotFound", "")
}

func TestClusterIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	w.roles()
	other := *do(w, w.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: new("10.9.0.0/16")}).Vpc.VpcId
	foreign := w.subnet(other, "10.9.0.0/24", "eu-west-1b")
	bare := w.role("bare", "eks.amazonaws.com")
	group := *do(w, w.ec2.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{GroupName: new("g"), Description: new("d"), VpcId: &other}).GroupId
	for name, tc := range map[string]struct {
		change        func(in *eks.CreateClusterInput)
		code, message string
	}{
		"name":        {func(in *eks.CreateClusterInput) { in.Name = new("a.b") }, "InvalidParameterException", ""},
		"version":     {func(in *eks.CreateClusterInput) { in.Version = new("1.29") }, "InvalidParameterException", "unsupported Kubernetes version"},
		"no role":     {func(in *eks.CreateClusterInput) { in.RoleArn = new("arn:aws:iam::123456789012:role/none") }, "InvalidParameterException", "could not be assumed"},
		"wrong trust": {func(in *eks.CreateClusterInput) { in.RoleArn = &w.nodeARN }, "InvalidParameterException", "eks.amazonaws.com"},
		"no policy":   {func(in *eks.CreateClusterInput) { in.RoleArn = &bare }, "InvalidParameterException", "AmazonEKSClusterPolicy"},
		"one subnet":  {func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.SubnetIds = w.private[:1] }, "InvalidParameterException", "two different AZs"},
		"one zone": {func(in *eks.CreateClusterInput) {
			in.ResourcesVpcConfig.SubnetIds = []string{w.private[0], w.public[0]}
		}, "InvalidParameterException", "two different AZs"},
		"two VPCs":       {func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.SubnetIds = []string{w.private[0], foreign} }, "InvalidParameterException", "same VPC"},
		"missing subnet": {func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.SubnetIds[1] = "subnet-0123456789abcdef0" }, "InvalidParameterException", "does not exist"},
		"foreign group":  {func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.SecurityGroupIds = []string{group} }, "InvalidParameterException", "same VPC"},
		"no endpoint": {func(in *eks.CreateClusterInput) {
			in.ResourcesVpcConfig.EndpointPrivateAccess, in.ResourcesVpcConfig.EndpointPublicAccess = new(false), new(false)
		}, "InvalidParameterException", "endpoint access"},
		"private CIDR": {func(in *eks.CreateClusterInput) { in.ResourcesVpcConfig.PublicAccessCidrs = []string{"10.0.0.0/8"} }, "InvalidParameterException", "publicAccessCidrs"},
		"service overlap": {func(in *eks.CreateClusterInput) {
			in.KubernetesNetworkConfig = &ekstypes.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: new("10.0.0.0/20")}
		}, "InvalidParameterException", "overlaps"},
		"service size": {func(in *eks.CreateClusterInput) {
			in.KubernetesNetworkConfig = &ekstypes.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: new("172.20.0.0/25")}
		}, "InvalidParameterException", "between /24 and /12"},
		"service public": {func(in *eks.CreateClusterInput) {
			in.KubernetesNetworkConfig = &ekstypes.KubernetesNetworkConfigRequest{ServiceIpv4Cidr: new("8.8.0.0/16")}
		}, "InvalidParameterException", "between /24 and /12"},
		"config map only": {func(in *eks.CreateClusterInput) {
			in.AccessConfig = &ekstypes.CreateAccessConfigRequest{BootstrapClusterCreatorAdminPermissions: new(false)}
		}, "InvalidParameterException", "CONFIG_MAP"},
		"reserved tag": {func(in *eks.CreateClusterInput) { in.Tags = map[string]string{"aws:x": "y"} }, "InvalidParameterException", "aws:"},
	} {
		in := w.clusterInput()
		tc.change(in)
		t.Run(name, func(t *testing.T) {
			refused(&world{t: t}, w.eks.CreateCluster, in, tc.code, tc.message)
		})
	}
	// The default mode has no access entries at all.
	in := w.clusterInput()
	in.AccessConfig = nil
	do(w, w.eks.CreateCluster, in)
	refused(w, w.eks.ListAccessEntries, &eks.ListAccessEntriesInput{ClusterName: new("c")}, "InvalidRequestException", "authentication mode")
}

func TestPrivateEndpointNeedsDNSHostnames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	w.roles()
	do(w, w.ec2.ModifyVpcAttribute, &ec2.ModifyVpcAttributeInput{VpcId: &w.vpc, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: new(false)}})
	refused(w, w.eks.CreateCluster, w.clusterInput(), "InvalidParameterException", "DNS hostnames")
}

func TestClusterUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	w.roles()
	in := w.clusterInput()
	in.Version = new("1.32")
	in.AccessConfig.AuthenticationMode = ekstypes.AuthenticationModeApiAndConfigMap
	do(w, w.eks.CreateCluster, in)
	update := func(change eks.UpdateClusterConfigInput) *eks.UpdateClusterConfigInput {
		change.Name = new("c")
		return &change
	}
	logs := &ekstypes.Logging{ClusterLogging: []ekstypes.LogSetup{{Enabled: new(true), Types: []ekstypes.LogType{ekstypes.LogTypeAudit}}}}
	refused(w, w.eks.UpdateClusterConfig, update(eks.UpdateClusterConfigInput{}), "InvalidParameterException", "type for cluster update")
	refused(w, w.eks.UpdateClusterConfig, update(eks.UpdateClusterConfigInput{Logging: logs, DeletionProtection: new(true)}), "InvalidParameterException", "Only one type of update")
	refused(w, w.eks.UpdateClusterConfig, update(eks.UpdateClusterConfigInput{ResourcesVpcConfig: &ekstypes.VpcConfigRequest{EndpointPublicAccess: new(true)}}), "InvalidParameterException", "already at the desired configuration")
	refused(w, w.eks.UpdateClusterConfig, update(eks.UpdateClusterConfigInput{AccessConfig: &ekstypes.UpdateAccessConfigRequest{AuthenticationMode: ekstypes.AuthenticationModeConfigMap}}), "InvalidParameterException", "Unsupported authentication mode")
	param := do(w, w.eks.UpdateClusterConfig, update(eks.UpdateClusterConfigInput{Logging: logs})).Update.Params[0]
	if param.Type != ekstypes.UpdateParamTypeClusterLogging || *param.Value != `{"clusterLogging":[{"enabled":true,"types":["audit"]}]}` {
		t.Errorf("parameter %s: %s", param.Type, *param.Value)
	}
	refused(w, w.eks.UpdateClusterConfig, update(eks.UpdateClusterConfigInput{Logging: logs}), "InvalidParameterException", "already at the desired configuration")
	do(w, w.eks.UpdateClusterConfig, update(eks.UpdateClusterConfigInput{AccessConfig: &ekstypes.UpdateAccessConfigRequest{AuthenticationMode: ekstypes.AuthenticationModeApi}}))
	do(w, w.eks.UpdateClusterConfig, update(eks.UpdateClusterConfigInput{ResourcesVpcConfig: &ekstypes.VpcConfigRequest{PublicAccessCidrs: []string{"203.0.113.0/24"}}}))
	refused(w, w.eks.UpdateClusterVersion, &eks.UpdateClusterVersionInput{Name: new("c"), Version: new("1.34")}, "InvalidParameterException", "from 1.32 to 1.34")
	do(w, w.eks.UpdateClusterVersion, &eks.UpdateClusterVersionInput{Name: new("c"), Version: new("1.33")})
	key := []ekstypes.EncryptionConfig{{Resources: []string{"secrets"}, Provider: &ekstypes.Provider{KeyArn: new("arn:aws:kms:eu-west-1:123456789012:key/k")}}}
	do(w, w.eks.AssociateEncryptionConfig, &eks.AssociateEncryptionConfigInput{ClusterName: new("c"), EncryptionConfig: key})
	c := do(w, w.eks.DescribeCluster, &eks.DescribeClusterInput{Name: new("c")}).Cluster
	if *c.Version != "1.33" || c.AccessConfig.AuthenticationMode != ekstypes.AuthenticationModeApi || c.ResourcesVpcConfig.PublicAccessCidrs[0] != "203.0.113.0/24" ||
		len(c.EncryptionConfig) != 1 || c.Logging.ClusterLogging[0].Types[0] != ekstypes.LogTypeAudit || c.Status != ekstypes.ClusterStatusActive {
		t.Errorf("cluster: %+v", c)
	}
	if ids := do(w, w.eks.ListUpdates, &eks.ListUpdatesInput{Name: new("c")}).UpdateIds; len(ids) != 5 {
		t.Errorf("%d updates", len(ids))
	}
}

func TestAccessEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	w.roles()
	do(w, w.eks.CreateCluster, w.clusterInput())
	entries := do(w, w.eks.ListAccessEntries, &eks.ListAccessEntriesInput{ClusterName: new("c")}).AccessEntries
	if len(entries) != 1 || !strings.HasSuffix(entries[0], "user/sandbox") {
		t.Errorf("the creator's entry: %v", entries)
	}
	admin := w.role("admin", "ec2.amazonaws.com")
	create := func(change eks.CreateAccessEntryInput) *eks.CreateAccessEntryInput {
		change.ClusterName = new("c")
		if change.PrincipalArn == nil {
			change.PrincipalArn = &admin
		}
		return &change
	}
	refused(w, w.eks.CreateAccessEntry, create(eks.CreateAccessEntryInput{PrincipalArn: new("arn:aws:iam::123456789012:role/none")}), "InvalidParameterException", "principalArn")
	refused(w, w.eks.CreateAccessEntry, create(eks.CreateAccessEntryInput{KubernetesGroups: []string{"system:masters"}}), "InvalidParameterException", "cannot start with system:")
	refused(w, w.eks.CreateAccessEntry, create(eks.CreateAccessEntryInput{Type: new("EC2_LINUX"), Username: new("x")}), "InvalidParameterException", "STANDARD")
	entry := do(w, w.eks.CreateAccessEntry, create(eks.CreateAccessEntryInput{KubernetesGroups: []string{"team"}})).AccessEntry
	if *entry.Username != "arn:aws:sts::123456789012:assumed-role/admin/{{SessionName}}" {
		t.Errorf("username: %s", *entry.Username)
	}
	refused(w, w.eks.CreateAccessEntry, create(eks.CreateAccessEntryInput{}), "ResourceInUseException", "already in use")
	policy := "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
	associate := func(scope ekstypes.AccessScope, arn string) *eks.AssociateAccessPolicyInput {
		return &eks.AssociateAccessPolicyInput{ClusterName: new("c"), PrincipalArn: &admin, PolicyArn: &arn, AccessScope: &scope}
	}
	refused(w, w.eks.AssociateAccessPolicy, associate(ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeNamespace}, policy), "InvalidParameterException", "namespace")
	refused(w, w.eks.AssociateAccessPolicy, associate(ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeCluster}, policy+"X"), "InvalidParameterException", "policyArn")
	do(w, w.eks.AssociateAccessPolicy, associate(ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeNamespace, Namespaces: []string{"a"}}, policy))
	do(w, w.eks.AssociateAccessPolicy, associate(ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeCluster}, policy))
	list := do(w, w.eks.ListAssociatedAccessPolicies, &eks.ListAssociatedAccessPoliciesInput{ClusterName: new("c"), PrincipalArn: &admin}).AssociatedAccessPolicies
	if len(list) != 1 || list[0].AccessScope.Type != ekstypes.AccessScopeTypeCluster {
		t.Errorf("policies: %+v", list)
	}
	do(w, w.eks.DisassociateAccessPolicy, &eks.DisassociateAccessPolicyInput{ClusterName: new("c"), PrincipalArn: &admin, PolicyArn: &policy})
	do(w, w.eks.DeleteAccessEntry, &eks.DeleteAccessEntryInput{ClusterName: new("c"), PrincipalArn: &admin})
	refused(w, w.eks.DescribeAccessEntry, &eks.DescribeAccessEntryInput{ClusterName: new("c"), PrincipalArn: &admin}, "ResourceNotFoundException", "principalArn")
}
