package serving

import "strings"

var locationCases = []clusterCase{
	{"shortest name", func(c *Cluster) { c.Name = "a1" }, nil},
	{"longest name", func(c *Cluster) { c.Name = strings.Repeat("a", 40) }, nil},
	{"name too short", func(c *Cluster) { c.Name = "a" },
		[]want{{"name", "Invalid name", `The name "a" has 1 characters. A name has 2 to 40`}}},
	{"name too long", func(c *Cluster) { c.Name = strings.Repeat("a", 41) },
		[]want{{"name", "Invalid name", "has 41 characters"}}},
	{"name ends with a hyphen", func(c *Cluster) { c.Name = "prod-" },
		[]want{{"name", "Invalid name", "does not end with a hyphen"}}},
	{"name in upper case", func(c *Cluster) { c.Name = "Prod" },
		[]want{{"name", "Invalid name", `"Prod"`}}},
	{"no cloud", func(c *Cluster) { c.Cloud = "" },
		[]want{{"cloud", "Cloud is missing", `Write cloud = "aws" or cloud = "gcp"`}}},
	{"another cloud", func(c *Cluster) { c.Cloud = "azure" },
		[]want{{"cloud", "Unknown cloud", `The cloud is "azure"`}}},
	{"no region", func(c *Cluster) { c.Region = "" },
		[]want{{"region", "Invalid region", "No region is given"}}},
	{"a zone for a region", func(c *Cluster) { c.Region = "us-west-2a" },
		[]want{{"region", "Invalid region", `write "us-west-2"`}}},
	{"a place for a region", func(c *Cluster) { c.Region = "Oregon" },
		[]want{{"region", "Invalid region", `"Oregon" is not the code of an AWS region`}}},
	{"regions of other partitions", func(c *Cluster) {
		*c = inRegion(*c, "us-gov-west-1", "aws-us-gov")
	}, nil},
	{"no visibility", func(c *Cluster) { c.Visibility = "" },
		[]want{{"visibility", "Invalid visibility", `The visibility is ""`}}},
	{"another visibility", func(c *Cluster) { c.Visibility = "internal" },
		[]want{{"visibility", "Invalid visibility", `The visibility is "internal"`}}},
}

// inRegion moves a good cluster with all that names its region.
func inRegion(c Cluster, region, partition string) Cluster {
	move := func(s string) string {
		s = strings.ReplaceAll(s, "us-west-2", region)
		return strings.ReplaceAll(s, "arn:aws:", "arn:"+partition+":")
	}
	c.Region = region
	for i := range c.Network.Zones {
		c.Network.Zones[i] = move(c.Network.Zones[i])
	}
	for i := range c.KubernetesAPI.Admins {
		c.KubernetesAPI.Admins[i] = move(c.KubernetesAPI.Admins[i])
	}
	c.Endpoint.CertificateID = move(c.Endpoint.CertificateID)
	c.AWS = ClusterAWS{ClusterRoleARN: move(c.AWS.ClusterRoleARN), NodeRoleARN: move(c.AWS.NodeRoleARN), KMSKeyARN: move(c.AWS.KMSKeyARN)}
	return c
}
