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

// partOf is what follows a word in a link, as the zone after "zones".
func partOf(link, word string) string {
	parts := strings.Split(link, "/")
	for i, part := range parts[:len(parts)-1] {
		if part == word {
			return parts[i+1]
		}
	}
	return ""
}

// location is where GKE and Certificate Manager keep what is regional.
func (c *client) location() string { return "projects/" + c.project + "/locations/" + c.region }

func (c *client) clusterName(cluster string) string {
	return c.location() + "/clusters/" + cluster
}

// global is the name of an object of Compute Engine that no region has.
//
//nolint:unparam // It is the counterpart of regional, and reads like it.
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
