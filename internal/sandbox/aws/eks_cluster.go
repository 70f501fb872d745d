package aws

import (
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func init() {
	handle("eks", "CreateCluster", (*call).eksCreateCluster)
	handle("eks", "DescribeCluster", (*call).eksDescribeCluster)
	handle("eks", "ListClusters", (*call).eksListClusters)
	handle("eks", "DeleteCluster", (*call).eksDeleteCluster)
	onSettle("eks.cluster", (*call).eksSettleCluster)
	onSettle("eks.security_group", func(c *call, id, _ string) {
		// EC2 refuses to delete a group in use, also to EKS: then it stays behind.
		if c.region().SecurityGroups[id] != nil && !c.groupInUse(id) {
			c.deleteSecurityGroup(id)
		}
	})
}

func (c *call) eksCreateCluster(in *eks.CreateClusterInput) (*eks.CreateClusterOutput, error) {
	name, token := sdkaws.ToString(in.Name), in.ClientRequestToken
	request := *in
	request.ClientRequestToken = nil
	if id, err := c.eksRepeated("CreateCluster", token, request); err != nil {
		return nil, err
	} else if cluster := c.eks().Clusters[id]; cluster != nil {
		return &eks.CreateClusterOutput{Cluster: &cluster.Cluster}, nil
	}
	cluster, err := c.eksPlanCluster(in)
	if err != nil {
		return nil, err
	}
	if c.eks().Clusters[name] != nil {
		return nil, eksError("ResourceInUseException", name, "", "Cluster already exists with name: %s", name)
	}
	if len(c.eks().Clusters) >= c.quota("eks.clusters") {
		return nil, eksError("ResourceLimitExceededException", name, "", "The maximum number of clusters in the account has been reached.")
	}
	if err := c.eksBuildCluster(cluster); err != nil {
		return nil, err
	}
	c.eks().Clusters[name] = cluster
	c.keepToken("eks.CreateCluster", token, request, name)
	if cluster.AccessConfig.AuthenticationMode != ekstypes.AuthenticationModeConfigMap {
		c.eksBootstrapEntry(cluster)
	}
	c.after("eks.cluster.create", transition{Kind: "eks.cluster", ID: name, To: "ACTIVE"})
	return &eks.CreateClusterOutput{Cluster: &cluster.Cluster}, nil
}

// eksRepeated is repeated in EKS's words: a token used for something else is an invalid parameter.
func (c *call) eksRepeated(action string, token *string, request any) (string, error) {
	id, err := c.repeated("eks."+action, token, request)
	if err != nil {
		return "", apiError("InvalidParameterException", "The client request token %s was used with other parameters before.", *token)
	}
	return id, nil
}

// eksBuildCluster makes what a cluster has in the customer's VPC.
func (c *call) eksBuildCluster(cluster *eksCluster) error {
	name, vpc := *cluster.Name, cluster.ResourcesVpcConfig
	id := strings.ToUpper(c.newHex(32))
	cluster.Arn = new(c.arn("eks", "cluster/"+name))
	cluster.CreatedAt = new(c.now())
	cluster.Status = ekstypes.ClusterStatusCreating
	cluster.Creator = c.Caller
	ca, key, err := control.CertificateAuthority(c.now(), id)
	if err != nil {
		return err
	}
	cluster.Final = eksFinal{
		Endpoint:             "https://" + id + ".gr7." + c.Region + ".eks.amazonaws.com",
		Issuer:               "https://oidc.eks." + c.Region + ".amazonaws.com/id/" + id,
		CertificateAuthority: ca,
	}
	c.region().Keys[cluster.Final.id()] = key
	group := c.createSecurityGroup(*vpc.VpcId, "eks-cluster-sg-"+name+"-"+c.eksNumber(),
		"EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.",
		[]ec2types.Tag{
			{Key: new("Name"), Value: new("eks-cluster-sg-" + name)},
			{Key: new("aws:eks:cluster-name"), Value: new(name)},
			{Key: new("kubernetes.io/cluster/" + name), Value: new("owned")},
		})
	c.addRule(&ec2types.SecurityGroupRule{
		GroupId: group.GroupId, IsEgress: new(false), IpProtocol: new("-1"), FromPort: new(int32(-1)), ToPort: new(int32(-1)),
		ReferencedGroupInfo: &ec2types.ReferencedSecurityGroup{GroupId: group.GroupId, UserId: new(c.Account)},
	})
	cluster.SecurityGroup = *group.GroupId
	cluster.Interfaces = map[string]string{}
	return c.eksPlaceInterfaces(cluster)
}

// eksNumber is the numeric suffix of a cluster security group.
func (c *call) eksNumber() string {
	digits := []byte(c.newHex(10))
	for i, d := range digits {
		digits[i] = '0' + (d-'0')%10
	}
	return string(digits)
}

// eksPlaceInterfaces gives the control plane an interface in each of its subnets, and takes away those in other subnets.
func (c *call) eksPlaceInterfaces(cluster *eksCluster) error {
	vpc := cluster.ResourcesVpcConfig
	groups := append([]string{cluster.SecurityGroup}, vpc.SecurityGroupIds...)
	for _, subnet := range vpc.SubnetIds {
		if eni := cluster.Interfaces[subnet]; eni != "" {
			c.elbSetInterfaceGroups(eni, groups)
			continue
		}
		eni, err := c.createENI(subnet, "Amazon EKS "+*cluster.Name, c.Account, groups, "interface")
		if err != nil {
			return apiError("InvalidParameterException", "%s", err.Error())
		}
		cluster.Interfaces[subnet] = *eni.NetworkInterfaceId
	}
	for subnet, eni := range cluster.Interfaces {
		if !slices.Contains(vpc.SubnetIds, subnet) {
			c.deleteENIAfter("eks.eni.linger", eni)
			delete(cluster.Interfaces, subnet)
		}
	}
	return nil
}

func (c *call) eksSettleCluster(name, to string) {
	cluster := c.eks().Clusters[name]
	if cluster == nil {
		return
	}
	switch to {
	case "ACTIVE":
		if cluster.Status != ekstypes.ClusterStatusCreating {
			return
		}
		cluster.Status = ekstypes.ClusterStatusActive
		cluster.Endpoint = new(cluster.Final.Endpoint)
		cluster.Identity = &ekstypes.Identity{Oidc: &ekstypes.OIDC{Issuer: new(cluster.Final.Issuer)}}
		cluster.CertificateAuthority = &ekstypes.Certificate{Data: new(cluster.Final.CertificateAuthority)}
		cluster.ResourcesVpcConfig.ClusterSecurityGroupId = new(cluster.SecurityGroup)
	case "DELETED":
		for _, eni := range cluster.Interfaces {
			c.deleteENIAfter("eks.eni.linger", eni)
		}
		c.after("eks.eni.linger", transition{Kind: "eks.security_group", ID: cluster.SecurityGroup, To: "deleted"})
		for key, entry := range c.eks().AccessEntries {
			if *entry.ClusterName == name {
				delete(c.eks().AccessEntries, key)
			}
		}
		for id, update := range c.eks().Updates {
			if update.Cluster == name {
				delete(c.eks().Updates, id)
			}
		}
		delete(c.region().Keys, cluster.Final.id())
		delete(c.eks().Clusters, name)
	}
}

func (c *call) eksDescribeCluster(in *eks.DescribeClusterInput) (*eks.DescribeClusterOutput, error) {
	cluster, err := c.eksCluster(in.Name)
	if err != nil {
		return nil, err
	}
	return &eks.DescribeClusterOutput{Cluster: &cluster.Cluster}, nil
}

func (c *call) eksListClusters(in *eks.ListClustersInput) (*eks.ListClustersOutput, error) {
	page, next, err := eksPage(sortedKeys(c.eks().Clusters), in.NextToken, in.MaxResults)
	return &eks.ListClustersOutput{Clusters: page, NextToken: next}, err
}

func (c *call) eksDeleteCluster(in *eks.DeleteClusterInput) (*eks.DeleteClusterOutput, error) {
	cluster, err := c.eksCluster(in.Name)
	if err != nil {
		return nil, err
	}
	if sdkaws.ToBool(cluster.DeletionProtection) {
		return nil, eksError("InvalidRequestException", *in.Name, "", "Cluster %s cannot be deleted because deletion protection is enabled", *in.Name)
	}
	for _, ng := range c.eks().Nodegroups {
		if *ng.ClusterName == *in.Name {
			return nil, eksError("ResourceInUseException", *in.Name, "", "Cluster has nodegroups attached")
		}
	}
	switch cluster.Status {
	case ekstypes.ClusterStatusCreating:
		return nil, eksError("ResourceInUseException", *in.Name, "", "Cannot delete because cluster %s currently is being created", *in.Name)
	case ekstypes.ClusterStatusUpdating:
		return nil, eksError("ResourceInUseException", *in.Name, "", "Cannot delete because cluster %s currently has update %s in progress", *in.Name, cluster.Update)
	case ekstypes.ClusterStatusDeleting:
		return nil, eksError("ResourceInUseException", *in.Name, "", "Cannot delete because cluster %s currently is being deleted", *in.Name)
	}
	cluster.Status = ekstypes.ClusterStatusDeleting
	c.after("eks.cluster.delete", transition{Kind: "eks.cluster", ID: *in.Name, To: "DELETED"})
	return &eks.DeleteClusterOutput{Cluster: &cluster.Cluster}, nil
}
