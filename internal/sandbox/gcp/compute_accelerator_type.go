package gcp

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// acceleratorKind is a type of accelerator with the zones that have it and how many a machine may have.
type acceleratorKind struct {
	most  int32
	zones []string
}

// acceleratorKinds has types that differ by zone, as in reality; which zones these are there changes all the time.
var acceleratorKinds = map[string]acceleratorKind{
	"nvidia-l4": {8, []string{
		"asia-east1-a", "asia-east1-b", "asia-east1-c", "asia-northeast1-a", "asia-northeast1-b", "asia-northeast1-c", "asia-southeast1-a", "asia-southeast1-b",
		"asia-southeast1-c", "europe-west1-b", "europe-west1-c", "europe-west2-a", "europe-west2-b", "europe-west3-a", "europe-west3-b", "europe-west4-a",
		"europe-west4-b", "europe-west4-c", "us-central1-a", "us-central1-b", "us-central1-c", "us-east1-b", "us-east1-c", "us-east1-d", "us-east4-a", "us-east4-c",
		"us-west1-a", "us-west1-b", "us-west1-c", "us-west4-a", "us-west4-c",
	}},
	"nvidia-tesla-t4": {4, []string{
		"asia-east1-a", "asia-east1-c", "asia-northeast1-a", "asia-northeast1-c", "asia-southeast1-a", "asia-southeast1-b", "asia-southeast1-c", "europe-west1-b",
		"europe-west1-c", "europe-west1-d", "europe-west2-a", "europe-west2-b", "europe-west3-b", "europe-west4-a", "europe-west4-b", "europe-west4-c", "us-central1-a",
		"us-central1-b", "us-central1-c", "us-central1-f", "us-east1-c", "us-east1-d", "us-east4-a", "us-east4-b", "us-east4-c", "us-west1-a", "us-west1-b", "us-west2-b",
		"us-west2-c", "us-west4-a", "us-west4-b",
	}},
	"nvidia-tesla-v100": {8, []string{"asia-east1-c", "europe-west4-a", "europe-west4-b", "europe-west4-c", "us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f", "us-east1-c", "us-west1-a", "us-west1-b"}},
	"nvidia-tesla-p100": {4, []string{"asia-east1-a", "asia-east1-c", "europe-west1-b", "europe-west1-d", "europe-west4-a", "us-central1-c", "us-central1-f", "us-east1-b", "us-east1-c", "us-west1-a", "us-west1-b"}},
	"nvidia-tesla-a100": {16, []string{"asia-northeast1-a", "asia-northeast1-c", "asia-southeast1-b", "asia-southeast1-c", "europe-west4-a", "europe-west4-b", "us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f", "us-east1-b", "us-west1-b", "us-west4-b"}},
	"nvidia-a100-80gb":  {8, []string{"asia-southeast1-c", "europe-west4-a", "us-central1-a", "us-central1-c", "us-east4-c", "us-east5-b"}},
	"nvidia-h100-80gb":  {8, []string{"asia-northeast1-b", "asia-southeast1-b", "asia-southeast1-c", "europe-west1-b", "europe-west4-b", "europe-west4-c", "us-central1-a", "us-central1-b", "us-central1-c", "us-east4-a", "us-east4-b", "us-east4-c", "us-east5-a", "us-west1-a", "us-west1-b", "us-west4-a"}},
}

// acceleratorType is a type of accelerator of a zone, or nil.
func (c *call) acceleratorType(zone, name string) *computepb.AcceleratorType {
	kind, ok := acceleratorKinds[name]
	if !ok || !slices.Contains(kind.zones, zone) || c.missing(zone, name) {
		return nil
	}
	return &computepb.AcceleratorType{
		Kind: new("compute#acceleratorType"), Name: new(name), Description: new(name), MaximumCardsPerInstance: new(kind.most),
		Zone: new(computeURL + "projects/" + c.Project + "/zones/" + zone), Id: new(stableID("acceleratorTypes/" + zone + "/" + name)),
		SelfLink: new(target{c.Project, zone, "acceleratorTypes", name}.link()),
	}
}

func (c *call) acceleratorTypesIn(zone string) []placed[*computepb.AcceleratorType] {
	var all []placed[*computepb.AcceleratorType]
	for _, name := range control.SortedKeys(acceleratorKinds) {
		if a := c.acceleratorType(zone, name); a != nil {
			all = append(all, placed[*computepb.AcceleratorType]{"zones/" + zone, a})
		}
	}
	return all
}

// stableID is the id of something that nobody makes.
func stableID(name string) uint64 {
	sum := sha256.Sum256([]byte(name))
	return binary.BigEndian.Uint64(sum[:]) >> 1
}
