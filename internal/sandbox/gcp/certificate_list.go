package gcp

import (
	"encoding/base64"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// certificateList is what all requests for lists of Certificate Manager have in common.
type certificateList interface {
	GetParent() string
	GetPageSize() int32
	GetPageToken() string
	GetFilter() string
	GetOrderBy() string
}

// certificateLocations are the calls for every location that the parent of a list means, which may be "projects/p/locations/-".
func (c *call) certificateLocations(in certificateList) ([]*call, error) {
	switch {
	case in.GetFilter() != "":
		return nil, certificateInvalid("The sandbox does not implement 'filter' in lists of Certificate Manager.")
	case in.GetOrderBy() != "":
		return nil, certificateInvalid("The sandbox does not implement 'order_by' in lists of Certificate Manager.")
	case !strings.HasSuffix(in.GetParent(), "/locations/-"):
		return []*call{c}, c.checkCertificateLocation()
	}
	var out []*call
	for _, key := range control.SortedKeys(c.cloud.state.Regions) {
		if project, location, _ := strings.Cut(key, "/"); project == c.Project {
			out = append(out, c.in(project, location))
		}
	}
	return out, nil
}

// certificatePage cuts a list, by full names, as a request says. A page token has the name that the page before it ended with.
func certificatePage[M proto.Message](all map[string]M, in certificateList) (page []M, next string, err error) {
	const mark = "sandbox-page/"
	size := in.GetPageSize()
	if size < 0 {
		return nil, "", certificateInvalid("page_size must not be negative.")
	}
	if size == 0 || size > 1000 {
		size = 1000
	}
	raw, err := base64.URLEncoding.DecodeString(in.GetPageToken())
	after, ours := strings.CutPrefix(string(raw), mark)
	if in.GetPageToken() != "" && (err != nil || !ours) {
		return nil, "", certificateInvalid("The page token '%s' is malformed.", in.GetPageToken())
	}
	last := ""
	for _, name := range control.SortedKeys(all) {
		switch {
		case name <= after:
		case len(page) == int(size):
			return page, base64.URLEncoding.EncodeToString([]byte(mark + last)), nil
		default:
			page, last = append(page, all[name]), name
		}
	}
	return page, "", nil
}
