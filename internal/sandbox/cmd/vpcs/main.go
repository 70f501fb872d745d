// Command vpcs makes networks in a sandbox, each a VPC with a range of its own, and prints their ids. They are what peerings are
// measured with: vpcs -url http://127.0.0.1:4510 -role arn:aws:iam::210987654321:role/OrganizationAccountAccessRole -region eu-central-1 -count 50.
// With a project, they are networks of Google Cloud, and it prints their names: vpcs -url http://127.0.0.1:4510 -project peer-project
// -account peering@peer-project.iam.gserviceaccount.com -region us-central1 -count 50.
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
	project := flag.String("project", "", "`project` of Google Cloud that they are in; empty makes them on AWS")
	account := flag.String("account", "", "service account's `address` that may make networks in the project")
	count := flag.Int("count", 1, "`number` of them, at most 150")
	flag.Parse()
	for i := range *count {
		cidr := fmt.Sprintf("10.%d.0.0/16", 100+i)
		id, err := fmt.Sprintf("apps-%03d", i), error(nil)
		if *project != "" {
			err = peer.Network(context.Background(), *url, *account, *project, *region, id, cidr)
		} else {
			id, err = peer.VPC(context.Background(), *url, *role, *region, cidr)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "vpcs:", err)
			os.Exit(1)
		}
		fmt.Println(id)
	}
}
