package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// PreflightCluster reads what a new cluster would meet: the zones and machine
// types of the region, a given network, a given certificate.
func (b *Backend) PreflightCluster(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	if !spec.Known("region") {
		return nil, nil
	}
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return nil, err
	}
	var problems []serving.Problem
	for _, check := range []func(context.Context, serving.Cluster) ([]serving.Problem, error){c.checkZones, c.checkMachines, c.checkNetwork, c.checkCertificate, c.checkRecord, b.checkOpenServers} {
		found, err := check(ctx, spec)
		if err != nil {
			return problems, explain(err)
		}
		problems = append(problems, found...)
	}
	return problems, nil
}

func (c *client) checkZones(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	if !spec.Known("network.zones") || len(spec.Network.Zones) == 0 {
		return nil, nil
	}
	zones, err := c.zones(ctx)
	if err != nil {
		return nil, err
	}
	var problems []serving.Problem
	for _, zone := range without(spec.Network.Zones, zones) {
		problems = append(problems, serving.Problem{Path: "network.zones", Summary: "Zone cannot be used", Detail: fmt.Sprintf("%s is not an availability zone in which this account can run EKS. Those of %s are %s.", zone, c.region, strings.Join(zones, ", "))})
	}
	return problems, nil
}

func (c *client) checkMachines(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	pools := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(spec.NodePools)) {
		if spec.Known("node_pools." + name + ".machine_type") {
			pools[name] = spec.NodePools[name].MachineType
		}
	}
	types := sorted(slices.Collect(maps.Values(pools)))
	if len(types) == 0 {
		return nil, nil
	}
	in := &ec2.DescribeInstanceTypeOfferingsInput{Filters: []ec2types.Filter{{Name: aws.String("instance-type"), Values: types}}}
	offered, err := pagesByToken(ctx, c.ec2.DescribeInstanceTypeOfferings, in, &in.NextToken, func(o *ec2.DescribeInstanceTypeOfferingsOutput) ([]ec2types.InstanceTypeOffering, *string) {
		return o.InstanceTypeOfferings, o.NextToken
	})
	if err != nil {
		return nil, err
	}
	var problems []serving.Problem
	for _, name := range slices.Sorted(maps.Keys(pools)) {
		known := slices.ContainsFunc(offered, func(o ec2types.InstanceTypeOffering) bool { return string(o.InstanceType) == pools[name] })
		if !known {
			problems = append(problems, serving.Problem{Path: "node_pools." + name + ".machine_type", Summary: "Machine type is not offered", Detail: fmt.Sprintf("EC2 does not offer %s in %s. Choose another type, or a region that has it.", pools[name], c.region)})
		}
	}
	return problems, nil
}

func (c *client) checkNetwork(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	if spec.Network.Own() || !spec.Known("network.vpc", "network.subnets", "network.public_subnets") {
		return nil, nil
	}
	_, problems, err := c.readNetwork(ctx, spec.Network)
	if err != nil || len(problems) > 0 || spec.Visibility != serving.Private {
		return problems, err
	}
	tables, err := c.reader.vpcTables.Get(ctx, spec.Network.VPC)
	return adviceOn(spec, tables), err
}

// checkCertificate judges a certificate that is not made in the same plan.
func (c *client) checkCertificate(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	id := spec.Endpoint.CertificateID
	if !spec.Known("endpoint.certificate_id", "endpoint.domain", "visibility") || id == "" {
		return nil, nil
	}
	arn := id
	if !certificateARN(id) {
		parsed, ok := serving.ParseID(id)
		if !ok {
			return nil, nil
		}
		arns, err := c.certificateARNs(ctx, "certificate/"+parsed.Name)
		if err != nil {
			return nil, err
		}
		if len(arns) == 0 {
			return []serving.Problem{{Path: "endpoint.certificate_id", Summary: "Certificate does not exist", Detail: fmt.Sprintf("There is no certificate %s. Create it with serving_certificate, or give the ARN of one in ACM.", id)}}, nil
		}
		arn = arns[0]
	}
	out, err := c.acm.GetCertificate(ctx, &acm.GetCertificateInput{CertificateArn: &arn})
	if isCode(err, "ResourceNotFoundException") {
		return []serving.Problem{{Path: "endpoint.certificate_id", Summary: "Certificate does not exist", Detail: fmt.Sprintf("ACM has no certificate %s in %s.", arn, c.region)}}, nil
	}
	if isCode(err, "RequestInProgressException") {
		return []serving.Problem{{Path: "endpoint.certificate_id", Summary: "Certificate is not issued yet", Detail: fmt.Sprintf("ACM has not issued %s: create the DNS records that validate it, and wait until its status is ISSUED.", arn)}}, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := serving.ParseCertificate(aws.ToString(out.Certificate), aws.ToString(out.CertificateChain))
	if err != nil {
		return nil, err
	}
	return spec.CertificateProblems(info, time.Now()), nil
}
