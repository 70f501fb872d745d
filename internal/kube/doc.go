// Package kube is what a serving cluster has inside Kubernetes: the gateway, as
// part of the cluster's stack, and model servers, each a stack of its own.
//
// Every object is written by server-side apply under one field manager and found
// by its mark, an annotation that names its stack. What is compared is what was
// written: fields that others own, such as the replicas under an autoscaler, are
// not drift.
//
//	serving-system   the gateway, and one settings Secret for each model server
//	serving-models   the model servers' pods, Services and what belongs to them
//
// A settings Secret is the source of truth of its server. The gateway's
// configuration is rendered from all of them (configuration.go).
package kube
