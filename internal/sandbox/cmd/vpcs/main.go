// Command vpcs makes networks in a sandbox, each a VPC with a range of its own, and prints their ids. They are what peerings are
// measured with: vpcs -url http://127.0.0.1:4510 -role arn:aws:iam::210987654321:role/OrganizationAccountAccessRole -region eu-central-1 -count 50.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/peer"
)

func main() {
	url := flag.String("url", "", "the sandbox's `URL`")
	role := flag.String("role", "", "`ARN` of a role of the account that the networks are in; empty is the sandbox's own")
	region := flag.String("region", "us-west-2", "`region` that they are in")
	count := flag.Int("count", 1, "`number` of them, at most 150")
	flag.Parse()
	for i := range *count {
		id, err := peer.VPC(context.Background(), *url, *role, *region, fmt.Sprintf("10.%d.0.0/16", 100+i))
		if err != nil {
			fmt.Fprintln(os.Stderr, "vpcs:", err)
			os.Exit(1)
		}
		fmt.Println(id)
	}
}
