package aws

import (
	"regexp"
	"strings"
)

// idKind is how EC2 names a kind of object and complains about its ids.
type idKind struct {
	// prefix of the ids, what the messages call it, and the error codes.
	prefix, noun, notFound, malformed string
}

var (
	vpcIDs         = idKind{"vpc", "vpc ID", "InvalidVpcID.NotFound", "InvalidVpcID.Malformed"}
	subnetIDs      = idKind{"subnet", "subnet ID", "InvalidSubnetID.NotFound", "InvalidSubnetID.Malformed"}
	igwIDs         = idKind{"igw", "internetGateway ID", "InvalidInternetGatewayID.NotFound", "InvalidInternetGatewayId.Malformed"}
	addressIDs     = idKind{"eipalloc", "allocation ID", "InvalidAllocationID.NotFound", "InvalidAllocationID.Malformed"}
	natIDs         = idKind{"nat", "NAT gateway", "NatGatewayNotFound", "NatGatewayMalformed"}
	routeTableIDs  = idKind{"rtb", "routeTable ID", "InvalidRouteTableID.NotFound", "InvalidRouteTableId.Malformed"}
	associationIDs = idKind{"rtbassoc", "association ID", "InvalidAssociationID.NotFound", "InvalidAssociationID.Malformed"}
	groupIDs       = idKind{"sg", "security group", "InvalidGroup.NotFound", "InvalidGroupId.Malformed"}
	ruleIDs        = idKind{"sgr", "security group rule ID", "InvalidSecurityGroupRuleId.NotFound", "InvalidSecurityGroupRuleId.Malformed"}
	interfaceIDs   = idKind{"eni", "networkInterface ID", "InvalidNetworkInterfaceID.NotFound", "InvalidNetworkInterfaceId.Malformed"}
	peeringIDs     = idKind{"pcx", "vpcPeeringConnection ID", "InvalidVpcPeeringConnectionID.NotFound", "InvalidVpcPeeringConnectionId.Malformed"}
	aclIDs         = idKind{"acl", "networkAcl ID", "InvalidNetworkAclID.NotFound", "InvalidNetworkAclId.Malformed"}
)

var hexID = regexp.MustCompile(`^[0-9a-f]{8}([0-9a-f]{9})?$`)

func (k idKind) check(id string) error {
	digits, ok := strings.CutPrefix(id, k.prefix+"-")
	if !ok || !hexID.MatchString(digits) {
		return apiError(k.malformed, "Invalid id: %q (expecting \"%s-...\")", id, k.prefix)
	}
	return nil
}

func (k idKind) absent(id string) error {
	return apiError(k.notFound, "The %s '%s' does not exist", k.noun, id)
}

// find looks an object up by a required id parameter.
func find[T any](objects map[string]*T, id *string, parameter string, k idKind) (*T, error) {
	if id == nil || *id == "" {
		return nil, missingParameter(parameter)
	}
	if err := k.check(*id); err != nil {
		return nil, err
	}
	if object := objects[*id]; object != nil {
		return object, nil
	}
	return nil, k.absent(*id)
}

func missingParameter(name string) error {
	return apiError("MissingParameter", "The request must contain the parameter %s", name)
}

func invalidParameter(value, name string) error {
	return apiError("InvalidParameterValue", "Value (%s) for parameter %s is invalid.", value, name)
}

// unsupported refuses a parameter that AWS knows and the sandbox does not simulate.
func unsupported(parameter string) error {
	return apiError("UnsupportedOperation", "The sandbox does not simulate the parameter %s.", parameter)
}

// equal compares an optional value with one that is wanted.
func equal[T comparable](p *T, want T) bool { return p != nil && *p == want }

// text is an optional string's value.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

func boolText(p *bool) string {
	if p != nil && *p {
		return "true"
	}
	return "false"
}
