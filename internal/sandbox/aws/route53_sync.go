package aws

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// route53Version is what name servers answer until a change is in sync. A nil Set is "no such record".
type route53Version struct {
	Change string
	Set    *route53types.ResourceRecordSet
}

// route53Submit begins a change, which every name server knows some time later.
func (c *call) route53Submit(comment *string) (id string, info *route53types.ChangeInfo) {
	id = "C" + strings.ToUpper(c.newHex(20))
	info = &route53types.ChangeInfo{Id: new("/change/" + id), Status: route53types.ChangeStatusPending, SubmittedAt: new(c.now()), Comment: comment}
	c.route53().Changes[id] = info
	c.after("route53.change.sync", transition{Kind: "route53.change", ID: id, To: string(route53types.ChangeStatusInsync)})
	return id, info
}

// put replaces the record at a key, or removes it with nil, as part of a change.
func (s *route53State) put(key string, record *route53Record, change string) {
	before := route53Version{Change: change}
	if have := s.Records[key]; have != nil {
		// A copy, because what is done behind everybody's back counts at once, and to the record that is there.
		set := have.ResourceRecordSet
		before.Set = &set
	}
	s.Served[key] = append(s.Served[key], before)
	if record == nil {
		delete(s.Records, key)
	} else {
		s.Records[key] = record
	}
}

// served is the record that name servers answer with, or nil.
func (s *route53State) served(key string) *route53types.ResourceRecordSet {
	if late := s.Served[key]; len(late) > 0 {
		return late[0].Set
	}
	if r := s.Records[key]; r != nil {
		return &r.ResourceRecordSet
	}
	return nil
}

// settleRoute53Change makes the name servers know a change.
func (c *call) settleRoute53Change(id, to string) {
	s := c.route53()
	if info := s.Changes[id]; info != nil {
		info.Status = route53types.ChangeStatus(to)
	}
	for key, versions := range s.Served {
		var left []route53Version
		for _, v := range versions {
			if v.Change != id {
				left = append(left, v)
			}
		}
		if len(left) == 0 {
			delete(s.Served, key)
		} else {
			s.Served[key] = left
		}
	}
	for key, change := range s.Joining {
		if change == id {
			delete(s.Joining, key)
		}
	}
}

func (c *call) route53GetChange(in *route53.GetChangeInput) (*route53.GetChangeOutput, error) {
	info := c.route53().Changes[text(in.Id)]
	if info == nil {
		return nil, apiError("NoSuchChange", "Could not find resource with ID: %s", text(in.Id))
	}
	return &route53.GetChangeOutput{ChangeInfo: info}, nil
}
