package acceptance_test

import (
	"crypto/x509"
	"maps"
	"strings"
	"testing"
	"time"
)

// A mistake is one thing that is wrong with testdata/mistakes.tf.
type mistake struct {
	spoil func(w *world)
	says  []string
	// path is the attribute. The commands point to one of the resource itself; of one
	// inside of another they show the resource alone, and the message names it.
	path string
}

// everywhere are the mistakes that all clouds tell in the same words.
var everywhere = map[string]mistake{
	"ranges that overlap": {
		func(w *world) { w.set("service_cidr", "10.40.128.0/20") },
		[]string{"Service range overlaps the network", "network.service_cidr (10.40.128.0/20) and network.cidr (10.40.0.0/16) share 10.40.128.0/20"}, "network.service_cidr",
	},
	"a key of another certificate": {
		func(w *world) { w.set("private_key", issue(w).key) },
		[]string{"Private key does not match the certificate"}, "imported.private_key_wo",
	},
	"a certificate that has expired": {
		func(w *world) {
			w.serve(issue(w, func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().AddDate(0, -2, 0), time.Now().Add(-time.Hour)
			}))
		},
		[]string{"Certificate has expired"}, "imported.certificate_pem",
	},
	"a certificate for other names": {
		func(w *world) { w.set("domain", "other.example.com") },
		[]string{"Certificate does not cover the domain", `"other.example.com"`, "is for models.example.com"}, "endpoint.domain",
	},
	"a private cluster without a certificate": {
		func(w *world) { w.set("certified", false) },
		[]string{"Private cluster without a certificate", "serving_certificate"}, "endpoint.certificate_id",
	},
	"a public cluster without a certificate": {
		func(w *world) { w.set("certified", false).set("visibility", "public") },
		[]string{"Public cluster without a certificate"}, "endpoint.certificate_id",
	},
	"another word for visibility": {
		func(w *world) { w.set("visibility", "internal") },
		[]string{`"internal"`, `"private"`, `"public"`}, "visibility",
	},
	"a pool whose least is more than its most": {
		func(w *world) { w.set("least", 11) },
		[]string{"11", "10"}, "node_pools.cpu",
	},
}

// A mistake is refused by the plan in one error at its attribute, before
// anything is made.
func TestAccMistakes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		all := maps.Clone(everywhere)
		maps.Copy(all, w.mistakes)
		for name, m := range all {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m.isRefused(newWorld(t, w.command, w.cloud))
			})
		}
	})
}

func (m mistake) isRefused(w *world) {
	w.Helper()
	w.use("mistakes.tf")
	w.serve(issue(w))
	m.spoil(w)
	d := w.mistake()
	w.says(d, m.says...)
	if strings.Contains(m.path, ".") {
		w.says(d, m.path)
	} else if !strings.HasPrefix(d.code(), m.path) {
		w.Errorf("the error points to %q, want %s", d.code(), m.path)
	}
	if calls := w.mutations(); len(calls) > 0 {
		w.Errorf("the plan made the calls %v", calls)
	}
}

// mistake plans and gives the one error that is said. What is wrong with a
// certificate that a cluster uses may be said of both.
func (w *world) mistake() diagnostic {
	w.Helper()
	o := w.want(1, w.run("plan", "-json"))
	errs := w.errors(o)
	if len(errs) == 2 && strings.Contains(errs[0].Summary+errs[1].Summary, "Cluster's certificate has expired") {
		for _, e := range errs {
			if !strings.HasPrefix(e.Summary, "Cluster's") {
				return e
			}
		}
	}
	if len(errs) != 1 {
		w.Fatalf("%s: %d errors, want one\n%s", o.line, len(errs), o.all)
	}
	return errs[0]
}

// Values that are not known while planning are no mistakes; where they turn out
// to be one, the apply says so.
func TestAccUnknown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("mistakes.tf")
		w.serve(issue(t)).set("unknown", true)
		w.plan(2)
		w.apply()
		w.plan(0)
		w.finish()

		w.set("domain", "other.example.com")
		w.plan(2)
		w.says(w.fails("apply", "-auto-approve"), "Certificate does not cover the domain")
		if w.attributes(clusterAddress) != nil {
			t.Error("the cluster is in the state")
		}
		// A destroy plans the configuration first, so it takes one without mistakes.
		w.set("domain", domain).finish()
	})
}
