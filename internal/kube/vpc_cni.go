package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// EKS comes with the Amazon VPC CNI, whose enforcement of network policies is off
// until somebody turns it on in two places (EKS User Guide, "Restrict Pod network
// traffic with Kubernetes network policies", self-managed add-on). Until then
// every pod could reach a model without a token. The objects are Amazon's, so
// they are changed in these two places only and never removed; a cluster with
// another CNI has none of them.
const (
	cniNamespace    = "kube-system"
	cniDaemonSet    = "aws-node"
	cniContainer    = "aws-eks-nodeagent"
	cniArgument     = "--enable-network-policy"
	cniConfigMap    = "amazon-vpc-cni"
	cniControlPlane = "enable-network-policy-controller"
)

// enforcement is the gate that has network policies enforced.
type enforcement struct{ api connected }

func (e enforcement) look(ctx context.Context) ([]stack.Difference, error) {
	api, err := e.api(ctx)
	if api == nil || err != nil {
		return nil, err
	}
	found, err := api.cni(ctx)
	if err != nil {
		return nil, err
	}
	var diffs []stack.Difference
	if found.argument != "" {
		diffs = append(diffs, stack.Difference{Field: "DaemonSet " + cniDaemonSet + ": network policies on nodes", Got: "off", Want: "on"})
	}
	if found.configMap {
		diffs = append(diffs, stack.Difference{Field: "ConfigMap " + cniConfigMap + ": network policies in the control plane", Got: "off", Want: "on"})
	}
	return diffs, nil
}

func (e enforcement) pass(ctx context.Context) error {
	api, err := e.api(ctx)
	if err != nil {
		return err
	}
	found, err := api.cni(ctx)
	if err != nil {
		return err
	}
	if found.configMap {
		at := place{configMaps, cniNamespace, cniConfigMap}
		if err := api.patch(ctx, at, map[string]any{"data": map[string]any{cniControlPlane: "true"}}); err != nil {
			return err
		}
	}
	if found.argument == "" {
		return nil
	}
	// The test keeps a change that somebody makes at the same moment.
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": found.argument, "value": found.value},
		{"op": "replace", "path": found.argument, "value": cniArgument + "=true"},
	})
	if err != nil {
		return err
	}
	at := place{daemonSets, cniNamespace, cniDaemonSet}
	_, err = api.client(at).Patch(ctx, at.name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: fieldManager + "-marks"})
	api.reader.wrote()
	return api.explain(ctx, err, true)
}

// cniState is what has to change: the JSON path of the argument that is not true
// and its value, and whether the ConfigMap is.
type cniState struct {
	argument, value string
	configMap       bool
}

func (a *API) cni(ctx context.Context) (cniState, error) {
	var s cniState
	daemons, err := a.theirs(ctx, place{daemonSets, cniNamespace, cniDaemonSet})
	if daemons == nil || err != nil {
		return s, err
	}
	containers, _, _ := unstructured.NestedSlice(daemons.Object, "spec", "template", "spec", "containers")
	for i, c := range containers {
		container, ok := c.(map[string]any)
		if !ok || container["name"] != cniContainer {
			continue
		}
		args, _, _ := unstructured.NestedStringSlice(container, "args")
		if at := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, cniArgument+"=") }); at >= 0 && args[at] != cniArgument+"=true" {
			s.argument, s.value = fmt.Sprintf("/spec/template/spec/containers/%d/args/%d", i, at), args[at]
		}
	}
	settings, err := a.theirs(ctx, place{configMaps, cniNamespace, cniConfigMap})
	if settings == nil || err != nil {
		return s, err
	}
	value, _, _ := unstructured.NestedString(settings.Object, "data", cniControlPlane)
	s.configMap = value != "true"
	return s, nil
}

// theirs reads an object that is somebody else's, or nil.
func (a *API) theirs(ctx context.Context, at place) (*unstructured.Unstructured, error) {
	live, err := a.client(at).Get(ctx, at.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return live, a.explain(ctx, err, false)
}
