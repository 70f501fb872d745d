package gcp

import (
	"strings"

	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func init() {
	for _, service := range []fullName{"GlobalOperations", "RegionOperations", "ZoneOperations"} {
		waits["google.cloud.compute.v1."+service+".Wait"] = func(answer proto.Message) bool {
			op, ok := answer.(*computepb.Operation)
			return !ok || op.GetStatus() == computepb.Operation_DONE
		}
	}
	handle("google.cloud.compute.v1.GlobalOperations.Get", operationByName[*computepb.GetGlobalOperationRequest])
	handle("google.cloud.compute.v1.GlobalOperations.Wait", operationByName[*computepb.WaitGlobalOperationRequest])
	handle("google.cloud.compute.v1.RegionOperations.Get", operationByName[*computepb.GetRegionOperationRequest])
	handle("google.cloud.compute.v1.RegionOperations.Wait", operationByName[*computepb.WaitRegionOperationRequest])
	handle("google.cloud.compute.v1.ZoneOperations.Get", operationByName[*computepb.GetZoneOperationRequest])
	handle("google.cloud.compute.v1.ZoneOperations.Wait", operationByName[*computepb.WaitZoneOperationRequest])
	handle("google.cloud.compute.v1.GlobalOperations.Delete", func(c *call, in *computepb.DeleteGlobalOperationRequest) (*computepb.DeleteGlobalOperationResponse, error) {
		return &computepb.DeleteGlobalOperationResponse{}, c.deleteOperation(in.GetOperation())
	})
	handle("google.cloud.compute.v1.RegionOperations.Delete", func(c *call, in *computepb.DeleteRegionOperationRequest) (*computepb.DeleteRegionOperationResponse, error) {
		return &computepb.DeleteRegionOperationResponse{}, c.deleteOperation(in.GetOperation())
	})
	handle("google.cloud.compute.v1.GlobalOperations.AggregatedList", (*call).aggregateOperations)
	handle("google.cloud.compute.v1.GlobalOperations.List", listOperations[*computepb.ListGlobalOperationsRequest](inProject))
	handle("google.cloud.compute.v1.RegionOperations.List", listOperations[*computepb.ListRegionOperationsRequest](inRegion))
	handle("google.cloud.compute.v1.ZoneOperations.List", listOperations[*computepb.ListZoneOperationsRequest](inZone))
}

type operationRequest interface {
	proto.Message
	GetOperation() string
}

// operationByName finds an operation where it was started.
func operationByName[I operationRequest](c *call, in I) (*computepb.Operation, error) {
	op := c.region(c.Location).Compute.Operations[in.GetOperation()]
	if op == nil {
		return nil, notFound(target{c.Project, c.Location, "operations", in.GetOperation()}.path())
	}
	return c.shownOperation(op, c.Location), nil
}

// deleteOperation forgets an operation that is over.
func (c *call) deleteOperation(name string) error {
	known := c.region(c.Location).Compute.Operations
	path := target{c.Project, c.Location, "operations", name}.path()
	switch op := known[name]; {
	case op == nil:
		return notFound(path)
	case op.Shown.Body.GetStatus() != computepb.Operation_DONE:
		return notReady(path)
	}
	delete(known, name)
	return nil
}

func listOperations[I listRequest](where scope) func(c *call, in I) (*computepb.OperationList, error) {
	return func(c *call, in I) (*computepb.OperationList, error) {
		if err := checkPlace(where, c.Location); err != nil {
			return nil, err
		}
		list, next, err := items(paged(c.operationsIn(c.Location), in))
		return &computepb.OperationList{Items: list, NextPageToken: next, Id: c.listID("operations")}, err
	}
}

func (c *call) operationsIn(location string) []placed[*computepb.Operation] {
	var all []placed[*computepb.Operation]
	known := c.region(location).Compute.Operations
	for _, name := range control.SortedKeys(known) {
		all = append(all, placed[*computepb.Operation]{scopeOf(location), c.shownOperation(known[name], location)})
	}
	return all
}

func (c *call) aggregateOperations(in *computepb.AggregatedListGlobalOperationsRequest) (*computepb.OperationAggregatedList, error) {
	var all []placed[*computepb.Operation]
	scopes := append([]string{global}, append(regionScopes(), zoneScopes()...)...)
	for _, key := range control.SortedKeys(c.cloud.state.Regions) {
		if project, location, _ := strings.Cut(key, "/"); project == c.Project {
			all = append(all, c.operationsIn(location)...)
		}
	}
	by, next, err := aggregated(all, in, scopes, func(items []*computepb.Operation, none *computepb.Warning) *computepb.OperationsScopedList {
		return &computepb.OperationsScopedList{Operations: items, Warning: none}
	})
	return &computepb.OperationAggregatedList{Items: by, NextPageToken: next, Id: new("projects/" + c.Project + "/aggregated/operations")}, err
}
