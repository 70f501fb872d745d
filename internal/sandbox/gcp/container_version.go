package gcp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
)

func init() {
	handle("google.container.v1.ClusterManager.GetServerConfig", (*call).getServerConfig)
}

// gkeVersions are what clusters can have, newest first.
var gkeVersions = []string{
	"1.34.3-gke.1051003", "1.34.2-gke.2201000", "1.33.7-gke.1088000", "1.33.6-gke.1101000", "1.32.11-gke.1127000", "1.32.10-gke.1124000",
	"1.31.14-gke.1235000", "1.30.14-gke.1844000",
}

// gkeChannel is what a release channel offers: its first version is the default one.
type gkeChannel struct {
	channel  containerpb.ReleaseChannel_Channel
	versions []string
}

// gkeChannels are from the newest to the most mature.
var gkeChannels = []gkeChannel{
	{containerpb.ReleaseChannel_RAPID, []string{"1.34.3-gke.1051003", "1.34.2-gke.2201000", "1.33.7-gke.1088000", "1.32.11-gke.1127000"}},
	{containerpb.ReleaseChannel_REGULAR, []string{"1.33.7-gke.1088000", "1.34.2-gke.2201000", "1.33.6-gke.1101000", "1.32.11-gke.1127000", "1.31.14-gke.1235000"}},
	{containerpb.ReleaseChannel_STABLE, []string{"1.33.6-gke.1101000", "1.32.10-gke.1124000", "1.31.14-gke.1235000"}},
	{containerpb.ReleaseChannel_EXTENDED, []string{"1.33.7-gke.1088000", "1.34.2-gke.2201000", "1.32.11-gke.1127000", "1.31.14-gke.1235000", "1.30.14-gke.1844000"}},
}

// gkeImageTypes are what nodes can run from.
var gkeImageTypes = []string{"COS_CONTAINERD", "UBUNTU_CONTAINERD", "WINDOWS_LTSC_CONTAINERD"}

func (c *call) getServerConfig(*containerpb.GetServerConfigRequest) (*containerpb.ServerConfig, error) {
	if err := c.checkGKELocation(); err != nil {
		return nil, err
	}
	out := &containerpb.ServerConfig{
		DefaultClusterVersion: gkeChannels[1].versions[0], ValidNodeVersions: gkeVersions, ValidMasterVersions: gkeVersions,
		DefaultImageType: gkeImageTypes[0], ValidImageTypes: gkeImageTypes,
	}
	for _, ch := range gkeChannels {
		out.Channels = append(out.Channels, &containerpb.ServerConfig_ReleaseChannelConfig{
			Channel: ch.channel, DefaultVersion: ch.versions[0], ValidVersions: ch.versions, UpgradeTargetVersion: ch.versions[0],
		})
	}
	return out, nil
}

// gkeResolve turns a version or an alias such as "latest", "1.33" or "1.33.7" into a version that the channel offers.
func gkeResolve(version string, channel containerpb.ReleaseChannel_Channel) (string, error) {
	offered := gkeVersions
	for _, ch := range gkeChannels {
		if ch.channel == channel {
			offered = ch.versions
		}
	}
	switch version {
	case "", "-":
		if channel == containerpb.ReleaseChannel_UNSPECIFIED {
			return gkeChannels[1].versions[0], nil
		}
		return offered[0], nil
	case "latest":
		return slices.MaxFunc(offered, gkeCompare), nil
	}
	best := ""
	for _, v := range offered {
		if (v == version || strings.HasPrefix(v, version+".") || strings.HasPrefix(v, version+"-")) && (best == "" || gkeCompare(v, best) > 0) {
			best = v
		}
	}
	if best == "" {
		where := "in the " + channel.String() + " channel"
		if channel == containerpb.ReleaseChannel_UNSPECIFIED {
			where = "in this location"
		}
		return "", gkeInvalid("No valid versions with the prefix %q found %s.", version, where)
	}
	return best, nil
}

// gkeChannelOf is the most mature channel that has a version, which a cluster is enrolled in that names a version and no channel.
func gkeChannelOf(version string) containerpb.ReleaseChannel_Channel {
	for _, at := range []int{2, 1, 0} {
		if _, err := gkeResolve(version, gkeChannels[at].channel); err == nil {
			return gkeChannels[at].channel
		}
	}
	return containerpb.ReleaseChannel_UNSPECIFIED
}

// gkeParts are the numbers of a version such as "1.33.7-gke.1088000".
func gkeParts(version string) []int {
	var out []int
	for _, part := range strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' }) {
		n, _ := strconv.Atoi(part)
		out = append(out, n)
	}
	return out
}

func gkeCompare(a, b string) int { return slices.Compare(gkeParts(a), gkeParts(b)) }

func gkeMinor(version string) int {
	if parts := gkeParts(version); len(parts) > 1 {
		return parts[1]
	}
	return 0
}

// gkeCheckUpgrade checks a step of the control plane: one minor version at a time, and back within a minor version only.
func gkeCheckUpgrade(from, to string) error {
	step := cmp.Compare(gkeMinor(to), gkeMinor(from))
	switch {
	case gkeMinor(to)-gkeMinor(from) > 1:
		return gkeInvalid("Desired master version %q must be no more than one minor version above the current master version %q.", to, from)
	case step < 0:
		return gkeInvalid("Desired master version %q is not a valid upgrade: the master's minor version cannot go back from %q.", to, from)
	}
	return nil
}

// gkeCheckSkew checks a node version against its control plane: not newer, and at most two minor versions older.
func gkeCheckSkew(node, master string) error {
	if gkeCompare(node, master) > 0 {
		return gkeInvalid("Node version %q must not be greater than the master version %q.", node, master)
	}
	if gkeMinor(master)-gkeMinor(node) > 2 {
		return gkeInvalid("Node version %q must be no more than two minor versions below the master version %q.", node, master)
	}
	return nil
}
