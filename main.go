// Command terraform-provider-serving serves the provider to Terraform.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/modelserving/terraform-provider-serving/internal/provider"
)

// version and commit are set by goreleaser.
var (
	version = "dev"
	commit  = ""
)

// garbage is how much of it may be there before it is collected, in percent of what
// is in use. A plan of many clusters is short, and Terraform runs many providers at
// a time: half of Go's default saves a fifth of the memory with fifty clusters.
const garbage = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
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
