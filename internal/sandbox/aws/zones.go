package aws

import "strings"

// geography is the standard commercial regions with the letters and zone id prefix of their zones, as a typical account sees
// them: some letters are missing for everybody or for new accounts.
var geography = map[string]struct{ prefix, letters string }{
	"us-east-1":      {"use1", "abcdef"},
	"us-east-2":      {"use2", "abc"},
	"us-west-1":      {"usw1", "ac"},
	"us-west-2":      {"usw2", "abcd"},
	"af-south-1":     {"afs1", "abc"},
	"ap-east-1":      {"ape1", "abc"},
	"ap-east-2":      {"ape2", "abc"},
	"ap-south-1":     {"aps1", "abc"},
	"ap-south-2":     {"aps2", "abc"},
	"ap-southeast-1": {"apse1", "abc"},
	"ap-southeast-2": {"apse2", "abc"},
	"ap-southeast-3": {"apse3", "abc"},
	"ap-southeast-4": {"apse4", "abc"},
	"ap-southeast-5": {"apse5", "abc"},
	"ap-southeast-7": {"apse7", "abc"},
	"ap-northeast-1": {"apne1", "acd"},
	"ap-northeast-2": {"apne2", "abcd"},
	"ap-northeast-3": {"apne3", "abc"},
	"ca-central-1":   {"cac1", "abd"},
	"ca-west-1":      {"caw1", "abc"},
	"eu-central-1":   {"euc1", "abc"},
	"eu-central-2":   {"euc2", "abc"},
	"eu-north-1":     {"eun1", "abc"},
	"eu-south-1":     {"eus1", "abc"},
	"eu-south-2":     {"eus2", "abc"},
	"eu-west-1":      {"euw1", "abc"},
	"eu-west-2":      {"euw2", "abc"},
	"eu-west-3":      {"euw3", "abc"},
	"il-central-1":   {"ilc1", "abc"},
	"me-central-1":   {"mec1", "abc"},
	"me-south-1":     {"mes1", "abc"},
	"mx-central-1":   {"mxc1", "abc"},
	"sa-east-1":      {"sae1", "abc"},
}

// optInRegions must be enabled by an account first; the sandbox's accounts have enabled all of them.
var optInRegions = map[string]bool{
	"af-south-1": true, "ap-east-1": true, "ap-east-2": true, "ap-south-2": true, "ap-southeast-3": true, "ap-southeast-4": true,
	"ap-southeast-5": true, "ap-southeast-7": true, "ca-west-1": true, "eu-central-2": true, "eu-south-1": true, "eu-south-2": true,
	"il-central-1": true, "me-central-1": true, "me-south-1": true, "mx-central-1": true,
}

func regionExists(name string) bool {
	_, ok := geography[name]
	return ok
}

// zone is an Availability Zone.
type zone struct{ name, id string }

// zones lists a region's zones by name. Ids are shuffled against names, as AWS does it, so that nobody takes one for the other.
func zones(region string) []zone {
	g := geography[region]
	out := make([]zone, 0, len(g.letters))
	for i, letter := range strings.Split(g.letters, "") {
		number := string(rune('1' + (i+1)%len(g.letters)))
		out = append(out, zone{name: region + letter, id: g.prefix + "-az" + number})
	}
	return out
}

// findZone looks a zone up by name or id.
func findZone(region, name, id string) (zone, bool) {
	for _, z := range zones(region) {
		if name != "" && z.name == name || name == "" && z.id == id {
			return z, true
		}
	}
	return zone{}, false
}
