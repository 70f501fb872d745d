package aws

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func (c *call) route53CreateHostedZone(in *route53.CreateHostedZoneInput) (*route53.CreateHostedZoneOutput, error) {
	s := c.route53()
	name, problem := route53Name(*in.Name)
	if problem != "" {
		return nil, apiError("InvalidDomainName", "%s", problem)
	}
	config := &route53types.HostedZoneConfig{}
	if in.HostedZoneConfig != nil {
		config = in.HostedZoneConfig
	}
	if config.PrivateZone && in.VPC == nil {
		return nil, apiError("InvalidInput", "When you're creating a private hosted zone (when you specify true for PrivateZone), you must also specify values for VPCId and VPCRegion.")
	}
	if in.DelegationSetId != nil {
		return nil, apiError("NoSuchDelegationSet", "A reusable delegation set with the ID %s does not exist.", *in.DelegationSetId)
	}
	for _, zone := range s.Zones {
		if *zone.CallerReference == *in.CallerReference {
			return nil, apiError("HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.")
		}
	}
	if len(s.Zones) >= c.quota("route53.hosted_zones") {
		return nil, apiError("TooManyHostedZones", "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER - Cannot create more hosted zones.")
	}
	zone := &route53Zone{
		HostedZone: route53types.HostedZone{Name: new(name), CallerReference: in.CallerReference, Config: config},
		Tags:       map[string]string{}, Created: c.now(),
	}
	if in.VPC != nil {
		if err := c.route53CheckVPC(in.VPC, name); err != nil {
			return nil, err
		}
		config.PrivateZone, zone.VPCs = true, []route53types.VPC{*in.VPC}
	} else {
		zone.NameServers = c.route53NameServers()
	}
	id := "Z" + strings.ToUpper(c.newHex(20))
	zone.Id = new("/hostedzone/" + id)
	s.Zones[id] = zone
	change, info := c.route53Submit(nil)
	for _, set := range zone.ownRecords() {
		s.put(zone.key(name, set.Type), &route53Record{ResourceRecordSet: set, Own: true}, change)
	}
	return &route53.CreateHostedZoneOutput{
		HostedZone: c.route53Answer(zone), ChangeInfo: info, DelegationSet: zone.delegation(), VPC: in.VPC,
		Location: new("https://route53.amazonaws.com/2013-04-01/hostedzone/" + id),
	}, nil
}

// route53NameServers are four of the service's name servers, one under each of its four domains.
func (c *call) route53NameServers() []string {
	var out []string
	for i, domain := range []string{"com", "net", "org", "co.uk"} {
		// The first digit is zero, so these are numbers below 256, and below 64.
		host, err := strconv.ParseUint(c.newHex(3), 16, 16)
		group, groupErr := strconv.ParseUint(c.newHex(3), 16, 16)
		if err != nil || groupErr != nil {
			panic("sandbox: hex digits that are none")
		}
		out = append(out, fmt.Sprintf("ns-%d.awsdns-%02d.%s", i*512+int(host), group%64, domain))
	}
	return out
}

// privateServers are in the NS records of every private zone.
var privateServers = []string{"ns-1536.awsdns-00.co.uk", "ns-0.awsdns-00.com", "ns-1024.awsdns-00.org", "ns-512.awsdns-00.net"}

// ownRecords are the records that a zone is born with.
func (z *route53Zone) ownRecords() []route53types.ResourceRecordSet {
	servers := z.NameServers
	if z.private() {
		servers = privateServers
	}
	var values []route53types.ResourceRecord
	for _, server := range servers {
		values = append(values, route53types.ResourceRecord{Value: new(server + ".")})
	}
	start := servers[0] + ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
	return []route53types.ResourceRecordSet{
		{Name: z.Name, Type: route53types.RRTypeNs, TTL: new(int64(172800)), ResourceRecords: values},
		{Name: z.Name, Type: route53types.RRTypeSoa, TTL: new(int64(900)), ResourceRecords: []route53types.ResourceRecord{{Value: &start}}},
	}
}

func (z *route53Zone) delegation() *route53types.DelegationSet {
	if z.private() {
		return nil
	}
	return &route53types.DelegationSet{NameServers: z.NameServers}
}

// route53Answer is a zone as the API shows it.
func (c *call) route53Answer(zone *route53Zone) *route53types.HostedZone {
	out := zone.HostedZone
	out.ResourceRecordSetCount = new(int64(len(c.route53().records(zone))))
	return &out
}

func (c *call) route53GetHostedZone(in *route53.GetHostedZoneInput) (*route53.GetHostedZoneOutput, error) {
	zone, err := c.route53Zone(in.Id)
	if err != nil {
		return nil, err
	}
	return &route53.GetHostedZoneOutput{HostedZone: c.route53Answer(zone), DelegationSet: zone.delegation(), VPCs: zone.VPCs}, nil
}

func (c *call) route53UpdateHostedZoneComment(in *route53.UpdateHostedZoneCommentInput) (*route53.UpdateHostedZoneCommentOutput, error) {
	zone, err := c.route53Zone(in.Id)
	if err != nil {
		return nil, err
	}
	zone.Config.Comment = in.Comment
	return &route53.UpdateHostedZoneCommentOutput{HostedZone: c.route53Answer(zone)}, nil
}

// route53GetDNSSEC knows no signing: nothing here can turn it on.
func (c *call) route53GetDNSSEC(in *route53.GetDNSSECInput) (*route53.GetDNSSECOutput, error) {
	zone, err := c.route53Zone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	if zone.private() {
		return nil, apiError("InvalidArgument", "Operation is unsupported for private hosted zones")
	}
	return &route53.GetDNSSECOutput{Status: &route53types.DNSSECStatus{ServeSignature: new("NOT_SIGNING")}, KeySigningKeys: []route53types.KeySigningKey{}}, nil
}

func (c *call) route53DeleteHostedZone(in *route53.DeleteHostedZoneInput) (*route53.DeleteHostedZoneOutput, error) {
	zone, err := c.route53Zone(in.Id)
	if err != nil {
		return nil, err
	}
	s := c.route53()
	records := s.records(zone)
	for _, r := range records {
		if !r.Own {
			return nil, apiError("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
		}
	}
	_, info := c.route53Submit(nil)
	for _, r := range records {
		delete(s.Records, zone.key(*r.Name, r.Type))
	}
	for key := range s.Served {
		if strings.HasPrefix(key, zone.id()+"/") {
			delete(s.Served, key)
		}
	}
	for _, vpc := range zone.VPCs {
		delete(s.Joining, zone.id()+"/"+*vpc.VPCId)
	}
	delete(s.Zones, zone.id())
	return &route53.DeleteHostedZoneOutput{ChangeInfo: info}, nil
}
