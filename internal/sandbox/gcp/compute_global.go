package gcp

import (
	"cloud.google.com/go/compute/apiv1/computepb"
)

// Addresses and forwarding rules that no region owns do not exist here. Clients list them all the same, beside the regional ones.

func init() {
	handle("google.cloud.compute.v1.GlobalAddresses.List", func(c *call, in *computepb.ListGlobalAddressesRequest) (*computepb.AddressList, error) {
		none, next, err := items(paged([]placed[*computepb.Address](nil), in))
		return &computepb.AddressList{Items: none, NextPageToken: next, Id: c.listID("addresses")}, err
	})
	handle("google.cloud.compute.v1.GlobalForwardingRules.List", func(c *call, in *computepb.ListGlobalForwardingRulesRequest) (*computepb.ForwardingRuleList, error) {
		none, next, err := items(paged([]placed[*computepb.ForwardingRule](nil), in))
		return &computepb.ForwardingRuleList{Items: none, NextPageToken: next, Id: c.listID("forwardingRules")}, err
	})
}
