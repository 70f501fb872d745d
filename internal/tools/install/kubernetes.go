package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// kubernetes is the API server behind each of the sandbox's clusters, and its etcd. They have a go.mod of their own: the
// Kubernetes module counts on replacing the parts of itself that are modules too, and its versions are no other tool's.
func kubernetes() (tool, error) {
	tools, err := toolsDir()
	if err != nil {
		return tool{}, err
	}
	source := filepath.Join(tools, "kubernetes")
	version, sum, err := pinned(source, "k8s.io/kubernetes")
	if err != nil {
		return tool{}, err
	}
	return tool{
		key:  strings.Join([]string{"kubernetes", version, sum, platform()}, "-"),
		path: "kube-apiserver",
		build: func(ctx context.Context, at site) error {
			etcd := site{dir: at.dir, path: filepath.Join(at.dir, "etcd"), lock: at.lock}
			say("building etcd and kube-apiserver, which takes some minutes")
			if err := etcd.goBuild(ctx, source, "go.etcd.io/etcd/server/v3", "-s -w"); err != nil {
				return err
			}
			if err := at.goBuild(ctx, source, "k8s.io/kubernetes/cmd/kube-apiserver", "-s -w -X k8s.io/component-base/version.gitVersion="+version); err != nil {
				return err
			}
			_, err := os.Stat(etcd.path)
			return err
		},
	}, nil
}
