package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

// route53Call is an operation of Route 53.
type route53Call[In, Out any] = call[In, Out, route53.Options]

// route53Operations are those that the provider calls.
type route53Operations struct {
	ChangeResourceRecordSets route53Call[route53.ChangeResourceRecordSetsInput, route53.ChangeResourceRecordSetsOutput]
	GetChange                route53Call[route53.GetChangeInput, route53.GetChangeOutput]
	GetHostedZone            route53Call[route53.GetHostedZoneInput, route53.GetHostedZoneOutput]
	ListResourceRecordSets   route53Call[route53.ListResourceRecordSetsInput, route53.ListResourceRecordSetsOutput]
}

// newRoute53Operations fills the fields in their order: without names, the compiler
// misses one that is forgotten.
func newRoute53Operations(cfg aws.Config) route53Operations {
	api := route53.NewFromConfig(cfg)
	return route53Operations{
		api.ChangeResourceRecordSets,
		api.GetChange,
		api.GetHostedZone,
		api.ListResourceRecordSets,
	}
}
