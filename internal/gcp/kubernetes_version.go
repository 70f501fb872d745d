package gcp

import (
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// minor is "<major>.<minor>" of a version as GKE writes it, "1.33.4-gke.1172000".
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}

// older reports whether a version as GKE writes it is below the least that is
// wanted, "<major>.<minor>". None is below nothing.
func older(live, least string) bool {
	return serving.OlderVersion(minor(live), least)
}
