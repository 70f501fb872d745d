package serving

import "testing"

func TestParseID(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"aws/us-west-2/prod": true, "": false, "prod": false, "aws/us-west-2": false, "aws//prod": false, "/us-west-2/prod": false,
		"aws/us-west-2/": false, "aws/us-west-2/prod/x": false,
	} {
		id, got := ParseID(text)
		if got != ok || ok && id.String() != text {
			t.Errorf("ParseID(%q) = %v, %v", text, id, got)
		}
	}
	if goodCluster().ID().String() != "aws/us-west-2/prod" || goodCertificate().ID().String() != "aws/us-west-2/models" {
		t.Error("ID() is not <cloud>/<region>/<name>")
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	c := Certificate{Unknown: Unknown{"imported.chain_pem": true}}
	for path, want := range map[string]bool{
		"name": true, "imported.certificate_pem": true, "imported.chain_pem": false, "imported": false,
		"imported.chain_pem.0": false, "imported.chain": true,
	} {
		if got := c.Known(path); got != want {
			t.Errorf("Known(%q) = %v", path, got)
		}
	}
	if c.Known("name", "imported") {
		t.Error("one unknown path of several is enough")
	}
}
