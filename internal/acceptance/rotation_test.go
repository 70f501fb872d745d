package acceptance_test

import (
	"crypto/elliptic"
	"testing"
)

// A new certificate with a key of the same kind takes the old one's place.
func TestAccRotation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).apply()
		before := w.attributes(certificateAddress)
		c := w.serve(issue(t)).only(certificateAddress)
		if !c.does("update") || at(c.After, "private_key_version") != 2.0 || at(c.After, "arn") != before["arn"] {
			t.Errorf("the plan wants to %v with key version %v and ARN %v, want an update, 2 and %v", c.Actions, at(c.After, "private_key_version"), at(c.After, "arn"), before["arn"])
		}
		w.apply()
		w.plan(0)
		after := w.attributes(certificateAddress)
		if after["id"] != before["id"] || after["arn"] != before["arn"] || after["fingerprint_sha256"] == before["fingerprint_sha256"] {
			t.Errorf("the certificate was %v and is %v", before, after)
		}
		if certificates := w.fields(w.certificateKind); len(certificates) != 1 {
			t.Errorf("there are %d certificates, want one", len(certificates))
		}
		w.finish()
	})
}

// A new certificate with a key of another kind takes the old one's place as well,
// in whatever way the cloud has for it.
func TestAccRotationToAnotherKindOfKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).apply()
		before := w.attributes(certificateAddress)
		c := w.serve(sign(t, ecKey(t, elliptic.P384()), nil)).changes()[certificateAddress]
		if !c.does("update") || at(c.After, "key_algorithm") != "EC_secp384r1" {
			t.Errorf("the plan wants to %v with key %v, want an update with EC_secp384r1", c.Actions, at(c.After, "key_algorithm"))
		}
		w.apply()
		w.plan(0)
		after := w.attributes(certificateAddress)
		if after["id"] != before["id"] || after["fingerprint_sha256"] == before["fingerprint_sha256"] {
			t.Errorf("the certificate was %v and is %v", before, after)
		}
		if certificates := w.fields(w.certificateKind); len(certificates) != 1 {
			t.Errorf("the cloud has the certificates %v, want one", certificates)
		}
		w.rekeyed(w, before, after)
		w.finish()
	})
}
