package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
)

// autoscalingCall is an operation of EC2 Auto Scaling.
type autoscalingCall[In, Out any] = call[In, Out, autoscaling.Options]

// autoscalingOperations are those that the provider calls.
type autoscalingOperations struct {
	AttachTrafficSources      autoscalingCall[autoscaling.AttachTrafficSourcesInput, autoscaling.AttachTrafficSourcesOutput]
	DescribeAutoScalingGroups autoscalingCall[autoscaling.DescribeAutoScalingGroupsInput, autoscaling.DescribeAutoScalingGroupsOutput]
	DetachTrafficSources      autoscalingCall[autoscaling.DetachTrafficSourcesInput, autoscaling.DetachTrafficSourcesOutput]
}

// newAutoScalingOperations fills the fields in their order: without names, the compiler
// misses one that is forgotten.
func newAutoScalingOperations(cfg aws.Config) autoscalingOperations {
	api := autoscaling.NewFromConfig(cfg)
	return autoscalingOperations{
		api.AttachTrafficSources,
		api.DescribeAutoScalingGroups,
		api.DetachTrafficSources,
	}
}
