package gcp

import (
	"strings"
)

// relative is a link without its host and version, as in
// "projects/p/regions/r/addresses/a": one object has several spellings.
func relative(link string) string {
	if at := strings.Index(link, "projects/"); at > 0 && (link[at-1] == '/') {
		return link[at:]
	}
	return link
}

// lastOf is the last part of a link: the name.
func lastOf(link string) string { return link[strings.LastIndex(link, "/")+1:] }

// location is where GKE and Certificate Manager keep what is regional.
func (c *client) location() string { return "projects/" + c.project + "/locations/" + c.region }

func (c *client) clusterName(cluster string) string {
	return c.location() + "/clusters/" + cluster
}

// poolID is the name of a node pool. Its own link may have the numbers and the
// place of another form.
func (c *client) poolID(cluster, pool string) string {
	return c.clusterName(cluster) + "/nodePools/" + pool
}

// global is the name of an object of Compute Engine that no region has.
func (c *client) global(collection, name string) string {
	return "projects/" + c.project + "/global/" + collection + "/" + name
}

// regional is the name of an object of the region.
func (c *client) regional(collection, name string) string {
	return "projects/" + c.project + "/regions/" + c.region + "/" + collection + "/" + name
}

// computeLink is a name as Compute Engine writes links: some of its fields take
// no other form.
func computeLink(name string) string {
	if name == "" || strings.Contains(name, "://") {
		return name
	}
	return "https://www.googleapis.com/compute/v1/" + name
}
