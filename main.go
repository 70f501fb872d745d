// Command terraform-provider-serving serves the provider to Terraform.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/modelserving/terraform-provider-serving/internal/provider"
)

// version and commit are set by goreleaser.
var (
	version = "dev"
	commit  = ""
)

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger: print how Terraform attaches to this process")
	flag.Parse()
	full := version
	if commit != "" {
		full += "+" + commit
	}
	err := providerserver.Serve(context.Background(), provider.New(full), providerserver.ServeOpts{
		Address: "registry.terraform.io/modelserving/serving",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
