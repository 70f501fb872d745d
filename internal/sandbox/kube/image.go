package kube

import (
	"path"
	"strings"
	"time"
)

// What an image does here, by the last part of its repository. The package comment
// has the list.
const (
	imageEnvoy      = "envoy"
	imageUnpullable = "unpullable"
	imageCrashes    = "crashes"
	imageUnready    = "unready"
	imageSlow       = "slow"
	imageStub       = "stub"
)

// slowStart is real time, whatever the scale.
const slowStart = 2 * time.Second

func imageOf(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	name, _, _ = strings.Cut(path.Base(name), ":")
	switch {
	case strings.HasPrefix(name, imageEnvoy):
		return imageEnvoy
	case name == imageUnpullable, name == imageCrashes, name == imageUnready, name == imageSlow:
		return name
	}
	return imageStub
}

// start starts what the image is.
func (c *container) start(book *logbook) (program, error) {
	env, err := c.environment(c.pod.life)
	if err != nil {
		return nil, err
	}
	switch image := imageOf(c.spec.Image); image {
	case imageEnvoy:
		return c.startEnvoy(book, env)
	case imageCrashes:
		return crash(book), nil
	default:
		return c.startStub(book, image)
	}
}
