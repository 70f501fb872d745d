package gcp

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// regionZones are regions with the letters of their zones: enough of the real ones for every kind of accelerator.
var regionZones = map[string]string{
	"asia-east1": "abc", "asia-northeast1": "abc", "asia-southeast1": "abc", "europe-west1": "bcd", "europe-west2": "abc",
	"europe-west3": "abc", "europe-west4": "abc", "us-central1": "abcf", "us-east1": "bcd", "us-east4": "abc", "us-east5": "abc",
	"us-west1": "abc", "us-west2": "abc", "us-west4": "abc",
}

func regionExists(name string) bool { return regionZones[name] != "" }

// zonesOf are the zones of a region, in order.
func zonesOf(region string) []string {
	var zones []string
	for _, letter := range regionZones[region] {
		zones = append(zones, region+"-"+string(letter))
	}
	return zones
}

// regionOfZone is the part of a zone's name that is its region's.
func regionOfZone(zone string) string {
	if i := strings.LastIndex(zone, "-"); i > 0 {
		return zone[:i]
	}
	return ""
}

func zoneExists(name string) bool { return slices.Contains(zonesOf(regionOfZone(name)), name) }

func regionNames() []string {
	names := make([]string, 0, len(regionZones))
	for name := range regionZones {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// regionScopes and zoneScopes are the scopes of aggregated lists.
func regionScopes() []string {
	var scopes []string
	for _, name := range regionNames() {
		scopes = append(scopes, "regions/"+name)
	}
	return scopes
}

// everyScope are the scopes of what is regional here and may be global in reality.
func everyScope() []string { return append([]string{global}, regionScopes()...) }

func zoneScopes() []string {
	var scopes []string
	for _, name := range regionNames() {
		for _, zone := range zonesOf(name) {
			scopes = append(scopes, "zones/"+zone)
		}
	}
	return scopes
}

func init() {
	handle("google.cloud.compute.v1.Regions.Get", (*call).getRegion)
	handle("google.cloud.compute.v1.Regions.List", (*call).listRegions)
	handle("google.cloud.compute.v1.Zones.Get", (*call).getZone)
	handle("google.cloud.compute.v1.Zones.List", (*call).listZones)
	handle("google.cloud.compute.v1.Projects.Get", (*call).getProject)
}

func (c *call) shownRegion(name string) *computepb.Region {
	r := &computepb.Region{
		Kind: new("compute#region"), Name: new(name), Description: new(name), Status: new("UP"),
		SelfLink: new(computeURL + "projects/" + c.Project + "/regions/" + name), Id: new(uint64(1000 + slices.Index(regionNames(), name)*10)),
	}
	for _, zone := range zonesOf(name) {
		r.Zones = append(r.Zones, computeURL+"projects/"+c.Project+"/zones/"+zone)
	}
	return r
}

func (c *call) getRegion(in *computepb.GetRegionRequest) (*computepb.Region, error) {
	if !regionExists(in.GetRegion()) {
		return nil, notFound("projects/" + c.Project + "/regions/" + in.GetRegion())
	}
	return c.shownRegion(in.GetRegion()), nil
}

func (c *call) listRegions(in *computepb.ListRegionsRequest) (*computepb.RegionList, error) {
	var all []placed[*computepb.Region]
	for _, name := range regionNames() {
		all = append(all, placed[*computepb.Region]{item: c.shownRegion(name)})
	}
	list, next, err := items(paged(all, in))
	return &computepb.RegionList{Items: list, NextPageToken: next}, err
}

func (c *call) shownZone(name string) *computepb.Zone {
	region := regionOfZone(name)
	return &computepb.Zone{
		Kind: new("compute#zone"), Name: new(name), Description: new(name), Status: new("UP"),
		SelfLink: new(computeURL + "projects/" + c.Project + "/zones/" + name), Region: c.shownRegion(region).SelfLink,
		Id: new(c.shownRegion(region).GetId() + uint64(slices.Index(zonesOf(region), name)) + 1),
	}
}

func (c *call) getZone(in *computepb.GetZoneRequest) (*computepb.Zone, error) {
	if !zoneExists(in.GetZone()) {
		return nil, notFound("projects/" + c.Project + "/zones/" + in.GetZone())
	}
	return c.shownZone(in.GetZone()), nil
}

func (c *call) listZones(in *computepb.ListZonesRequest) (*computepb.ZoneList, error) {
	var all []placed[*computepb.Zone]
	for _, region := range regionNames() {
		for _, zone := range zonesOf(region) {
			all = append(all, placed[*computepb.Zone]{item: c.shownZone(zone)})
		}
	}
	list, next, err := items(paged(all, in))
	return &computepb.ZoneList{Items: list, NextPageToken: next}, err
}

func (c *call) getProject(*computepb.GetProjectRequest) (*computepb.Project, error) {
	return &computepb.Project{
		Kind: new("compute#project"), Name: new(c.Project), SelfLink: new(computeURL + "projects/" + c.Project),
		DefaultServiceAccount: new(c.cloud.projects()[c.Project] + "-compute@developer.gserviceaccount.com"), DefaultNetworkTier: new("PREMIUM"),
	}, nil
}
