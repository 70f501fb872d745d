package aws

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (c *call) ec2DescribeAvailabilityZones(in *ec2.DescribeAvailabilityZonesInput) (*ec2.DescribeAvailabilityZonesOutput, error) {
	for _, name := range in.ZoneNames {
		if _, ok := findZone(c.Region, name, ""); !ok {
			return nil, apiError("InvalidParameterValue", "Invalid availability zone: [%s]", name)
		}
	}
	for _, id := range in.ZoneIds {
		if _, ok := findZone(c.Region, "", id); !ok {
			return nil, apiError("InvalidParameterValue", "Invalid availability zone-id: [%s]", id)
		}
	}
	group := geography[c.Region].prefix + "-az"
	field := func(z zone, name string) ([]string, bool) {
		switch name {
		case "zone-name":
			return []string{z.name}, true
		case "zone-id":
			return []string{z.id}, true
		case "region-name":
			return []string{c.Region}, true
		case "group-name":
			return []string{c.Region + "-zg-1"}, true
		case "group-long-name":
			return []string{group}, true
		case "state":
			return []string{"available"}, true
		case "opt-in-status":
			return []string{"opt-in-not-required"}, true
		case "zone-type":
			return []string{"availability-zone"}, true
		case "message", "parent-zone-id", "parent-zone-name":
			return nil, true
		}
		return nil, false
	}
	if err := checkFilters(in.Filters, func(name string) bool { _, known := field(zone{}, name); return known }); err != nil {
		return nil, err
	}
	out := &ec2.DescribeAvailabilityZonesOutput{AvailabilityZones: []ec2types.AvailabilityZone{}}
	for _, z := range zones(c.Region) {
		if len(in.ZoneNames) > 0 && !slices.Contains(in.ZoneNames, z.name) || len(in.ZoneIds) > 0 && !slices.Contains(in.ZoneIds, z.id) {
			continue
		}
		if matches(in.Filters, nil, func(name string) []string { values, _ := field(z, name); return values }) {
			out.AvailabilityZones = append(out.AvailabilityZones, ec2types.AvailabilityZone{
				ZoneName: new(z.name), ZoneId: new(z.id), RegionName: new(c.Region), State: ec2types.AvailabilityZoneStateAvailable,
				OptInStatus: ec2types.AvailabilityZoneOptInStatusOptInNotRequired, ZoneType: new("availability-zone"),
				GroupName: new(c.Region + "-zg-1"), NetworkBorderGroup: new(c.Region), Messages: []ec2types.AvailabilityZoneMessage{},
			})
		}
	}
	return out, nil
}

func (c *call) ec2DescribeRegions(in *ec2.DescribeRegionsInput) (*ec2.DescribeRegionsOutput, error) {
	for _, name := range in.RegionNames {
		if !regionExists(name) {
			return nil, apiError("InvalidParameterValue", "Invalid region: [%s]", name)
		}
	}
	status := func(name string) string {
		if optInRegions[name] {
			return "opted-in"
		}
		return "opt-in-not-required"
	}
	field := func(region, name string) ([]string, bool) {
		switch name {
		case "region-name":
			return []string{region}, true
		case "endpoint":
			return []string{"ec2." + region + ".amazonaws.com"}, true
		case "opt-in-status":
			return []string{status(region)}, true
		}
		return nil, false
	}
	if err := checkFilters(in.Filters, func(name string) bool { _, known := field("", name); return known }); err != nil {
		return nil, err
	}
	out := &ec2.DescribeRegionsOutput{Regions: []ec2types.Region{}}
	for _, region := range sortedKeys(geography) {
		if len(in.RegionNames) > 0 && !slices.Contains(in.RegionNames, region) {
			continue
		}
		if matches(in.Filters, nil, func(name string) []string { values, _ := field(region, name); return values }) {
			out.Regions = append(out.Regions, ec2types.Region{
				RegionName: new(region), Endpoint: new("ec2." + region + ".amazonaws.com"), OptInStatus: new(status(region)),
			})
		}
	}
	return out, nil
}

func (c *call) ec2DescribeAccountAttributes(in *ec2.DescribeAccountAttributesInput) (*ec2.DescribeAccountAttributesOutput, error) {
	attributes := map[string]string{
		"supported-platforms": "VPC", "default-vpc": "none",
		"max-instances": "20", "vpc-max-security-groups-per-interface": strconv.Itoa(c.quota("ec2.security_groups_per_interface")),
		"max-elastic-ips": strconv.Itoa(c.quota("ec2.addresses")), "vpc-max-elastic-ips": strconv.Itoa(c.quota("ec2.addresses")),
	}
	out := &ec2.DescribeAccountAttributesOutput{AccountAttributes: []ec2types.AccountAttribute{}}
	for _, name := range sortedKeys(attributes) {
		if len(in.AttributeNames) > 0 && !slices.Contains(in.AttributeNames, ec2types.AccountAttributeName(name)) {
			continue
		}
		out.AccountAttributes = append(out.AccountAttributes, ec2types.AccountAttribute{
			AttributeName: new(name), AttributeValues: []ec2types.AccountAttributeValue{{AttributeValue: new(attributes[name])}},
		})
	}
	return out, nil
}
