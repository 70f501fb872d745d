package aws

import (
	"maps"
	"strings"
	"time"

	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func init() {
	handle("route53", "CreateHostedZone", (*call).route53CreateHostedZone)
	handle("route53", "GetHostedZone", (*call).route53GetHostedZone)
	handle("route53", "UpdateHostedZoneComment", (*call).route53UpdateHostedZoneComment)
	handle("route53", "GetDNSSEC", (*call).route53GetDNSSEC)
	handle("route53", "DeleteHostedZone", (*call).route53DeleteHostedZone)
	handle("route53", "ListHostedZones", (*call).route53ListHostedZones)
	handle("route53", "ListHostedZonesByName", (*call).route53ListHostedZonesByName)
	handle("route53", "AssociateVPCWithHostedZone", (*call).route53AssociateVPC)
	handle("route53", "DisassociateVPCFromHostedZone", (*call).route53DisassociateVPC)
	handle("route53", "ChangeResourceRecordSets", (*call).route53ChangeRecords)
	handle("route53", "ListResourceRecordSets", (*call).route53ListRecords)
	handle("route53", "GetChange", (*call).route53GetChange)
	handle("route53", "ChangeTagsForResource", (*call).route53ChangeTags)
	handle("route53", "ListTagsForResource", (*call).route53ListTags)

	registerAccountKind("route53.hosted_zone", func(a *Account) any { return a.Route53.Zones })
	registerAccountKind("route53.record_set", func(a *Account) any { return a.Route53.owned() },
		live(func(_ *Region, r *route53Record) bool { return !r.Own }))

	onSettle("route53.change", (*call).settleRoute53Change)
}

// route53State is what Route 53 holds for an account; it has no regions.
type route53State struct {
	Zones map[string]*route53Zone
	// Records are keyed by "zone id/name/type". The API shows a change of one at once.
	Records map[string]*route53Record
	// Changes are what GetChange answers, by their ids.
	Changes map[string]*route53types.ChangeInfo
	// Served holds what the name servers still answer instead of what Records has, oldest first, by the keys of records.
	Served map[string][]route53Version
	// Joining holds the change that an association of a VPC waits for, by "zone id/vpc id".
	Joining map[string]string
}

// route53Zone is a hosted zone. Its ResourceRecordSetCount is made up when it is asked for.
type route53Zone struct {
	route53types.HostedZone
	// VPCs are those of a private zone.
	VPCs []route53types.VPC
	// NameServers are those of a public zone.
	NameServers []string
	Tags        map[string]string
	Created     time.Time
}

// id is what the zone is called in requests.
func (z *route53Zone) id() string { return strings.TrimPrefix(*z.Id, "/hostedzone/") }

func (z *route53Zone) private() bool { return z.Config.PrivateZone }

// key is where the zone keeps its record of a name and a type.
func (z *route53Zone) key(name string, kind route53types.RRType) string {
	return z.id() + "/" + name + "/" + string(kind)
}

// route53Record is a resource record set.
type route53Record struct {
	route53types.ResourceRecordSet
	// Own marks the zone's SOA and NS records, which come and go with it.
	Own bool `json:",omitempty"`
}

func (c *call) route53() *route53State { return &c.account().Route53 }

// route53Zone finds a zone of the account.
func (c *call) route53Zone(id *string) (*route53Zone, error) {
	if zone := c.route53().Zones[text(id)]; zone != nil {
		return zone, nil
	}
	for _, a := range c.cloud.state.Accounts {
		if a.Route53.Zones[text(id)] != nil {
			return nil, &Error{Code: "AccessDenied", Status: 403, Message: "User: " + c.Caller + " is not authorized to access this resource"}
		}
	}
	return nil, apiError("NoSuchHostedZone", "No hosted zone found with ID: %s", text(id))
}

// owned are the records by their keys, without those of a zone that was removed behind everybody's back: they go with it.
func (s *route53State) owned() map[string]*route53Record {
	maps.DeleteFunc(s.Records, func(key string, _ *route53Record) bool {
		zone, _, _ := strings.Cut(key, "/")
		return s.Zones[zone] == nil
	})
	return s.Records
}

// records lists a zone's records in the order of the API: by name with its labels reversed, then by type.
func (s *route53State) records(zone *route53Zone) []*route53Record {
	var out []*route53Record
	for key, r := range s.Records {
		if strings.HasPrefix(key, zone.id()+"/") {
			out = append(out, r)
		}
	}
	sortRecords(out)
	return out
}
