package gcp

import (
	"errors"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestOwnership holds the mark against objects of others, which must never be
// taken for ours.
func TestOwnership(t *testing.T) {
	t.Parallel()
	o := owner{stack: "cluster/prod", lastSeen: map[string]string{"router": "projects/p/regions/r/routers/known"}}
	for name, test := range map[string]struct {
		description, object, id string
		ours                    bool
	}{
		"ours":                        {"serving:stack=cluster/prod serving:object=router", "router", "", true},
		"with words of somebody":      {"Do not touch. serving:stack=cluster/prod serving:object=router", "router", "", true},
		"another object's":            {"serving:stack=cluster/prod serving:object=network", "router", "", false},
		"another stack's":             {"serving:stack=cluster/prod2 serving:object=router", "router", "", false},
		"the beginning of our name":   {"serving:stack=cluster/pro serving:object=router", "router", "", false},
		"a stranger's":                {"made by hand", "router", "", false},
		"nobody's":                    {"", "router", "", false},
		"damaged, and last seen":      {"oops", "router", "projects/p/regions/r/routers/known", true},
		"damaged, and not seen so":    {"oops", "network", "projects/p/regions/r/routers/known", false},
		"damaged, and another's":      {"oops", "router", "projects/p/regions/r/routers/other", false},
		"half of a mark":              {"serving:stack=cluster/prod", "router", "", false},
		"a mark of a longer object's": {"serving:stack=cluster/prod serving:object=router/x", "router", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := o.claimed(test.description, test.object, test.id, "router x")
			var foreign *stack.ForeignError
			if ours := err == nil; ours != test.ours || !ours && !errors.As(err, &foreign) {
				t.Errorf("claimed says %v, want ours %t", err, test.ours)
			}
			labels := map[string]string{labelStack: "cluster_other", labelObject: "router"}
			if err := o.claim(labels, test.object, "", "router x"); !errors.As(err, &foreign) {
				t.Errorf("labels of another stack: %v", err)
			}
		})
	}
	if err := o.claim(o.mark("node_pool/cpu"), "node_pool/cpu", "", "pool"); err != nil {
		t.Errorf("our own labels: %v", err)
	}
	if name, ok := o.nameOf(o.mark("node_pool/cpu"), "node_pool/", "x"); name != "cpu" || !ok {
		t.Errorf("the pool of our own labels is %q, %t", name, ok)
	}
}

// TestForeignObject meets an object of the wanted name that somebody else made: it
// is named, and left alone.
func TestForeignObject(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	name := namesOf(testCluster(serving.Public)).vpc
	op, err := c.compute.networks.Insert(t.Context(), &computepb.InsertNetworkRequest{Project: c.project,
		NetworkResource: &computepb.Network{Name: &name, AutoCreateSubnetworks: proto.Bool(false), Description: proto.String("somebody's")}})
	if err := c.done(t.Context(), op, err); err != nil {
		t.Fatal(err)
	}
	_, err = b.CreateCluster(t.Context(), testCluster(serving.Public))
	var foreign *stack.ForeignError
	if !errors.As(err, &foreign) {
		t.Errorf("create beside a network of the same name: %v", err)
	}
	if err := b.DestroyCluster(t.Context(), inZones(testCluster(serving.Public))); !errors.As(err, &foreign) {
		t.Errorf("destroy beside a network of the same name: %v", err)
	}
	networks, err := testBackend(sandbox.URL).client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	all, err := networks.reader.networks.Get(t.Context(), everything)
	if err != nil || find(all, name).GetDescription() != "somebody's" {
		t.Errorf("the network is %v now, error %v", find(all, name), err)
	}
}
