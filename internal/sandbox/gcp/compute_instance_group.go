package gcp

import (
	"fmt"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// Instance groups, their managers and their instances are made by node pools of clusters. All that others do with them is to look,
// and to name ports.

var instanceGroups = &collection[*computepb.InstanceGroup]{
	plural: "instanceGroups", title: "instance group", scope: inZone,
	objects: func(s *computeState) map[string]*Held[*computepb.InstanceGroup] { return s.InstanceGroups },
}

var instanceGroupManagers = newCollection(&collection[*computepb.InstanceGroupManager]{
	plural: "instanceGroupManagers", title: "instance group manager", scope: inZone,
	objects: func(s *computeState) map[string]*Held[*computepb.InstanceGroupManager] {
		return s.InstanceGroupManagers
	},
}, live(func(_ *Region, _ *Held[*computepb.InstanceGroupManager]) bool { return false }))

var instances = newCollection(&collection[*computepb.Instance]{
	plural: "instances", title: "instance", scope: inZone,
	objects: func(s *computeState) map[string]*Held[*computepb.Instance] { return s.Instances },
}, live(func(_ *Region, _ *Held[*computepb.Instance]) bool { return false }))

func init() {
	instanceGroups.show = func(c *call, g *computepb.InstanceGroup) {
		g.Size = new(int32(len(c.groupInstances(c.Location, g.GetName()))))
	}
	// A cluster's groups go away with it; that somebody has named a port of one still has to show.
	newCollection(instanceGroups, live(func(_ *Region, h *Held[*computepb.InstanceGroup]) bool { return len(h.Body.NamedPorts) > 0 }))
	serveInstanceGroups()
	const managers, service = fullName("google.cloud.compute.v1.InstanceGroupManagers"), fullName("google.cloud.compute.v1.Instances")
	serveGet(managers, instanceGroupManagers, (*computepb.GetInstanceGroupManagerRequest).GetInstanceGroupManager)
	serveList[*computepb.InstanceGroupManager, *computepb.ListInstanceGroupManagersRequest](managers, instanceGroupManagers,
		func(items []*computepb.InstanceGroupManager, next, id *string) *computepb.InstanceGroupManagerList {
			return &computepb.InstanceGroupManagerList{Items: items, NextPageToken: next, Id: id}
		})
	serveAggregatedList[*computepb.InstanceGroupManager, *computepb.InstanceGroupManagersScopedList, *computepb.AggregatedListInstanceGroupManagersRequest](
		managers, instanceGroupManagers, zoneScopes,
		func(items []*computepb.InstanceGroupManager, none *computepb.Warning) *computepb.InstanceGroupManagersScopedList {
			return &computepb.InstanceGroupManagersScopedList{InstanceGroupManagers: items, Warning: none}
		}, func(items map[string]*computepb.InstanceGroupManagersScopedList, next, id *string) *computepb.InstanceGroupManagerAggregatedList {
			return &computepb.InstanceGroupManagerAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
	serveGet(service, instances, (*computepb.GetInstanceRequest).GetInstance)
	serveList[*computepb.Instance, *computepb.ListInstancesRequest](service, instances, func(items []*computepb.Instance, next, id *string) *computepb.InstanceList {
		return &computepb.InstanceList{Items: items, NextPageToken: next, Id: id}
	})
	serveAggregatedList[*computepb.Instance, *computepb.InstancesScopedList, *computepb.AggregatedListInstancesRequest](service, instances, zoneScopes,
		func(items []*computepb.Instance, none *computepb.Warning) *computepb.InstancesScopedList {
			return &computepb.InstancesScopedList{Instances: items, Warning: none}
		}, func(items map[string]*computepb.InstancesScopedList, next, id *string) *computepb.InstanceAggregatedList {
			return &computepb.InstanceAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
}

func serveInstanceGroups() {
	const service = fullName("google.cloud.compute.v1.InstanceGroups")
	serveGet(service, instanceGroups, (*computepb.GetInstanceGroupRequest).GetInstanceGroup)
	serveList[*computepb.InstanceGroup, *computepb.ListInstanceGroupsRequest](service, instanceGroups,
		func(items []*computepb.InstanceGroup, next, id *string) *computepb.InstanceGroupList {
			return &computepb.InstanceGroupList{Items: items, NextPageToken: next, Id: id}
		})
	serveAggregatedList[*computepb.InstanceGroup, *computepb.InstanceGroupsScopedList, *computepb.AggregatedListInstanceGroupsRequest](service, instanceGroups, zoneScopes,
		func(items []*computepb.InstanceGroup, none *computepb.Warning) *computepb.InstanceGroupsScopedList {
			return &computepb.InstanceGroupsScopedList{InstanceGroups: items, Warning: none}
		}, func(items map[string]*computepb.InstanceGroupsScopedList, next, id *string) *computepb.InstanceGroupAggregatedList {
			return &computepb.InstanceGroupAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
	handle(service+".ListInstances", (*call).listGroupInstances)
	handleChange(service+".SetNamedPorts", (*call).setNamedPorts)
}

// setNamedPorts replaces all named ports of a group. A fingerprint that is given has to be that of the group.
func (c *call) setNamedPorts(in *computepb.SetNamedPortsInstanceGroupRequest) (*computepb.Operation, error) {
	h, err := instanceGroups.ready(c, in.GetInstanceGroup())
	if err != nil {
		return nil, err
	}
	body := in.GetInstanceGroupsSetNamedPortsRequestResource()
	if body.GetFingerprint() != fingerprint(h.Body) {
		return nil, staleFingerprint()
	}
	for i, p := range body.NamedPorts {
		field := fmt.Sprintf("resource.namedPorts[%d]", i)
		if !pattern(namePattern).MatchString(p.GetName()) {
			return nil, invalid(field+".name", p.GetName(), "Must be a match of regex '%s'", namePattern)
		}
		if p.GetPort() < 1 || p.GetPort() > 65535 {
			return nil, invalid(field+".port", strconv.Itoa(int(p.GetPort())), "Must be between 1 and 65535.")
		}
	}
	next := cloned(h.Body)
	next.NamedPorts, h.Next = body.NamedPorts, next
	return startOperation(c, instanceGroups, h, "update", "instanceGroups.setNamedPorts"), nil
}

func (c *call) listGroupInstances(in *computepb.ListInstancesInstanceGroupsRequest) (*computepb.InstanceGroupsListInstances, error) {
	h, err := instanceGroups.get(c, in.GetInstanceGroup())
	if err != nil {
		return nil, err
	}
	var all []placed[*computepb.Instance]
	for _, node := range c.groupInstances(c.Location, in.GetInstanceGroup()) {
		state := in.GetInstanceGroupsListInstancesRequestResource().GetInstanceState()
		if state != "RUNNING" || node.Body.GetStatus() == "RUNNING" {
			all = append(all, placed[*computepb.Instance]{item: node.Body})
		}
	}
	list, next, err := items(paged(all, in))
	out := &computepb.InstanceGroupsListInstances{NextPageToken: next, Id: c.listID("instanceGroups/" + in.GetInstanceGroup() + "/listInstances")}
	for _, i := range list {
		out.Items = append(out.Items, &computepb.InstanceWithNamedPorts{
			Instance: new(instances.link(c, c.Location, i.GetName())), Status: i.Status, NamedPorts: h.Body.NamedPorts,
		})
	}
	return out, err
}
