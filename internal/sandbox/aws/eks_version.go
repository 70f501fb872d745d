package aws

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func init() {
	handle("eks", "DescribeClusterVersions", (*call).eksDescribeClusterVersions)
}

// eksRelease is a Kubernetes version that clusters can have.
type eksRelease struct {
	version, platform, patch  string
	released, standard, ended string
}

// eksReleases are newest first; dates are from the EKS release calendar.
var eksReleases = []eksRelease{
	{"1.34", "eks.9", "1.34.2", "2025-10-02", "2026-12-02", "2027-12-02"},
	{"1.33", "eks.23", "1.33.6", "2025-05-29", "2026-07-29", "2027-07-29"},
	{"1.32", "eks.30", "1.32.10", "2025-01-23", "2026-03-23", "2027-03-23"},
	{"1.31", "eks.46", "1.31.14", "2024-09-26", "2025-11-26", "2026-11-26"},
	{"1.30", "eks.54", "1.30.14", "2024-05-23", "2025-07-23", "2026-07-23"},
}

const eksDefaultVersion = "1.34"

func eksFindRelease(version string) (eksRelease, bool) {
	at := slices.IndexFunc(eksReleases, func(r eksRelease) bool { return r.version == version })
	if at < 0 {
		return eksRelease{}, false
	}
	return eksReleases[at], true
}

// nodeRelease is the version of the newest node image.
func (r eksRelease) nodeRelease() string { return r.patch + "-20251112" }

func eksMinor(version string) int {
	_, minor, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(minor)
	return n
}

func (c *call) eksDescribeClusterVersions(in *eks.DescribeClusterVersionsInput) (*eks.DescribeClusterVersionsOutput, error) {
	if in.ClusterType != nil && *in.ClusterType != "eks" {
		return nil, apiError("InvalidParameterException", "The cluster type %s is not supported.", *in.ClusterType)
	}
	if len(in.ClusterVersions) > 0 && (sdkaws.ToBool(in.DefaultOnly) || in.Status != "" || in.VersionStatus != "") {
		return nil, apiError("InvalidParameterException", "Cluster versions cannot be combined with other filters.")
	}
	for _, v := range in.ClusterVersions {
		if _, ok := eksFindRelease(v); !ok {
			return nil, apiError("InvalidParameterException", "The cluster version %s is not supported.", v)
		}
	}
	found := []ekstypes.ClusterVersionInformation{}
	for _, r := range eksReleases {
		standard, _ := time.Parse(time.DateOnly, r.standard)
		ended, _ := time.Parse(time.DateOnly, r.ended)
		released, _ := time.Parse(time.DateOnly, r.released)
		status, old := ekstypes.VersionStatusStandardSupport, ekstypes.ClusterVersionStatusStandardSupport
		if c.now().After(standard) {
			status, old = ekstypes.VersionStatusExtendedSupport, ekstypes.ClusterVersionStatusExtendedSupport
		}
		isDefault := r.version == eksDefaultVersion
		if len(in.ClusterVersions) > 0 && !slices.Contains(in.ClusterVersions, r.version) || sdkaws.ToBool(in.DefaultOnly) && !isDefault ||
			in.VersionStatus != "" && in.VersionStatus != status || in.Status != "" && in.Status != old {
			continue
		}
		found = append(found, ekstypes.ClusterVersionInformation{
			ClusterVersion: new(r.version), ClusterType: new("eks"), DefaultPlatformVersion: new(r.platform), DefaultVersion: isDefault,
			KubernetesPatchVersion: new(r.patch), ReleaseDate: new(released), EndOfStandardSupportDate: new(standard), EndOfExtendedSupportDate: new(ended),
			Status: old, VersionStatus: status,
		})
	}
	page, next, err := eksPage(found, in.NextToken, cmp.Or(in.MaxResults, new(int32(100))))
	return &eks.DescribeClusterVersionsOutput{ClusterVersions: page, NextToken: next}, err
}
