package aws

import (
	"strconv"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// eksState is what EKS holds in one region.
type eksState struct {
	// Clusters by name.
	Clusters map[string]*eksCluster
	// Nodegroups by "cluster/nodegroup".
	Nodegroups map[string]*eksNodegroup
	// AccessEntries by "cluster|principal".
	AccessEntries map[string]*eksAccessEntry
	// Updates by id.
	Updates map[string]*eksUpdate
}

// eksCluster is a cluster. What a cluster under creation does not show yet waits in Final.
type eksCluster struct {
	ekstypes.Cluster
	// Creator is the principal that gets the bootstrap access entry.
	Creator string
	// SecurityGroup is the cluster security group.
	SecurityGroup string
	// Interfaces maps a subnet to the control plane's network interface in it.
	Interfaces map[string]string
	// Final is shown once the cluster is active.
	Final eksFinal
	// Update is the one that runs.
	Update string
}

// eksFinal is what creation comes up with. The authority's key is one of the region's Keys.
type eksFinal struct{ Endpoint, Issuer, CertificateAuthority string }

// eksNodegroup is a managed node group. Its sizes live in the Auto Scaling group once there is one.
type eksNodegroup struct {
	ekstypes.Nodegroup
	Group string
	// Update is the one that runs.
	Update string
}

type eksAccessEntry struct {
	ekstypes.AccessEntry
	Policies map[string]*ekstypes.AssociatedAccessPolicy
	// Automatic entries come from EKS itself: the creator's and those of node roles.
	Automatic bool
}

// eksUpdate is an update with the request that takes effect when it is done.
type eksUpdate struct {
	ekstypes.Update
	Cluster, Nodegroup string
	Serial             uint64
	Config             *eks.UpdateClusterConfigInput   `json:",omitempty"`
	Version            string                          `json:",omitempty"`
	Encryption         []ekstypes.EncryptionConfig     `json:",omitempty"`
	NodeConfig         *eks.UpdateNodegroupConfigInput `json:",omitempty"`
	NodeVersion        string                          `json:",omitempty"`
	NodeRelease        string                          `json:",omitempty"`
}

func (c *call) eks() *eksState { return &c.region().EKS }

func init() {
	registerKind("eks.cluster", func(r *Region) any { return r.EKS.Clusters })
	registerKind("eks.nodegroup", func(r *Region) any { return r.EKS.Nodegroups })
	registerKind("eks.access_entry", func(r *Region) any { return r.EKS.AccessEntries },
		live(func(_ *Region, e *eksAccessEntry) bool { return !e.Automatic }))
}

// eksError is an error that names the objects it is about, as EKS's exceptions do.
func eksError(code, cluster, nodegroup, format string, args ...any) error {
	err := asError(apiError(code, format, args...))
	err.Fields = map[string]any{}
	if cluster != "" {
		err.Fields["clusterName"] = cluster
	}
	if nodegroup != "" {
		err.Fields["nodegroupName"] = nodegroup
	}
	return err
}

func (c *call) eksCluster(name *string) (*eksCluster, error) {
	cluster := c.eks().Clusters[sdkaws.ToString(name)]
	if cluster == nil {
		return nil, eksError("ResourceNotFoundException", sdkaws.ToString(name), "", "No cluster found for name: %s.", sdkaws.ToString(name))
	}
	return cluster, nil
}

func (c *call) eksNodegroup(cluster, name *string) (*eksCluster, *eksNodegroup, error) {
	owner, err := c.eksCluster(cluster)
	if err != nil {
		return nil, nil, err
	}
	ng := c.eks().Nodegroups[*cluster+"/"+sdkaws.ToString(name)]
	if ng == nil {
		return nil, nil, eksError("ResourceNotFoundException", *cluster, sdkaws.ToString(name), "No node group found for name: %s.", sdkaws.ToString(name))
	}
	return owner, ng, nil
}

// eksPage cuts one page out of a list.
func eksPage[T any](items []T, token *string, size *int32) ([]T, *string, error) {
	start, end := 0, len(items)
	if token != nil {
		n, err := strconv.Atoi(strings.TrimPrefix(*token, "eks-"))
		if err != nil || n < 1 || n > len(items) {
			return nil, nil, apiError("InvalidParameterException", "The nextToken is not valid.")
		}
		start = n
	}
	limit := 100
	if size != nil {
		limit = int(*size)
	}
	end = min(end, start+limit)
	page := append([]T{}, items[start:end]...)
	if end < len(items) {
		return page, new("eks-" + strconv.Itoa(end)), nil
	}
	return page, nil, nil
}

// eksTags checks the tags of a request.
func eksTags(tags map[string]string) error {
	if len(tags) > 50 {
		return apiError("InvalidParameterException", "The number of tags must not exceed 50")
	}
	for k := range tags {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return apiError("InvalidParameterException", "Tag keys that begin with aws: are reserved: %s", k)
		}
	}
	return nil
}
