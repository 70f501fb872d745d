package sandboxtest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// Kubernetes is an administrator of a cluster, beside whatever is tested.
type Kubernetes struct {
	t       testing.TB
	dynamic dynamic.Interface
	typed   kubernetes.Interface
}

// An Object says where something is in a cluster. Resource is as kubectl has it: deployments.apps, secrets.
type Object struct{ Resource, Namespace, Name string }

func (o Object) String() string { return o.Resource + " " + o.Namespace + "/" + o.Name }

// Kubernetes gives the creator's access to a cluster that exists, by the id that the provider has for it, such as
// aws/us-west-2/prod. Whoever calls is on the Internet, so the endpoint must be open to that.
func (s *Sandbox) Kubernetes(t testing.TB, id string) *Kubernetes {
	t.Helper()
	k, err := s.kubernetes(t, id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// access is what a client of a cluster needs.
type access struct {
	url, token string
	ca         []byte
	// dial connects to a host of the simulated Internet.
	dial func(ctx context.Context, from control.Place, host string, port int) (net.Conn, error)
}

func (s *Sandbox) kubernetes(t testing.TB, id string) (*Kubernetes, error) {
	part := strings.Split(id, "/")
	if len(part) != 3 {
		return nil, fmt.Errorf("%q is not cloud/region/name", id)
	}
	open := s.eks
	if part[0] == "gcp" {
		open = s.gke
	}
	a, err := open(part[1], part[2])
	if err != nil {
		return nil, err
	}
	config := &rest.Config{
		Host: a.url, TLSClientConfig: rest.TLSClientConfig{CAData: a.ca}, QPS: -1, WarningHandler: rest.NoWarnings{}, BearerToken: a.token,
		Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return a.dial(ctx, control.Place{}, host, 443)
		},
	}
	k := &Kubernetes{t: t}
	if k.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	k.typed, err = kubernetes.NewForConfig(config)
	return k, err
}

// at is the client of an object's kind. The version is the one that its group has had for years.
func (k *Kubernetes) at(o Object) dynamic.ResourceInterface {
	name, group, _ := strings.Cut(o.Resource, ".")
	version := "v1"
	if group == "autoscaling" {
		version = "v2"
	}
	kind := k.dynamic.Resource(schema.GroupVersionResource{Group: group, Version: version, Resource: name})
	if o.Namespace == "" {
		return kind
	}
	return kind.Namespace(o.Namespace)
}

// Get reads an object; nil is one that does not exist.
func (k *Kubernetes) Get(o Object) map[string]any {
	k.t.Helper()
	live, err := k.at(o).Get(context.Background(), o.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		k.t.Fatalf("get %s: %v", o, err)
	}
	return live.Object
}

// Secret reads the values of a Secret.
func (k *Kubernetes) Secret(namespace, name string) map[string]string {
	k.t.Helper()
	values := map[string]string{}
	text, _, _ := unstructured.NestedStringMap(k.Get(Object{"secrets", namespace, name}), "data")
	for key, encoded := range text {
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			k.t.Fatal(err)
		}
		values[key] = string(raw)
	}
	return values
}

// List gives the names of the objects of a kind in a namespace.
func (k *Kubernetes) List(resource, namespace string) []string {
	k.t.Helper()
	all, err := k.at(Object{Resource: resource, Namespace: namespace}).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		k.t.Fatalf("list %s: %v", resource, err)
	}
	var names []string
	for _, item := range all.Items {
		names = append(names, item.GetName())
	}
	return names
}

// Merge changes an object as somebody else, by a merge patch.
func (k *Kubernetes) Merge(o Object, patch map[string]any) {
	k.t.Helper()
	text, err := json.Marshal(patch)
	if err == nil {
		_, err = k.at(o).Patch(context.Background(), o.Name, types.MergePatchType, text, metav1.PatchOptions{FieldManager: "somebody"})
	}
	if err != nil {
		k.t.Fatalf("patch %s: %v", o, err)
	}
}

// Create makes an object as somebody else.
func (k *Kubernetes) Create(resource string, object map[string]any) {
	k.t.Helper()
	content := &unstructured.Unstructured{Object: object}
	if _, err := k.at(Object{Resource: resource, Namespace: content.GetNamespace()}).Create(context.Background(), content, metav1.CreateOptions{FieldManager: "somebody"}); err != nil {
		k.t.Fatalf("create %s %s: %v", resource, content.GetName(), err)
	}
}

// Delete removes an object as somebody else.
func (k *Kubernetes) Delete(o Object) {
	k.t.Helper()
	if err := k.at(o).Delete(context.Background(), o.Name, metav1.DeleteOptions{}); err != nil {
		k.t.Fatalf("delete %s: %v", o, err)
	}
}

// Logs are what the pods of a namespace have printed, by pod.
func (k *Kubernetes) Logs(namespace string) map[string][]byte {
	k.t.Helper()
	logs := map[string][]byte{}
	for _, pod := range k.List("pods", namespace) {
		text, err := k.typed.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{}).DoRaw(context.Background())
		if err != nil && !apierrors.IsNotFound(err) {
			k.t.Fatalf("logs of %s: %v", pod, err)
		}
		logs[pod] = text
	}
	return logs
}

// Everything is each object of the cluster but Secrets, as JSON.
func (k *Kubernetes) Everything() map[string][]byte {
	k.t.Helper()
	lists, err := k.typed.Discovery().ServerPreferredResources()
	if err != nil {
		k.t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			k.t.Fatal(err)
		}
		for _, r := range list.APIResources {
			if !slices.Contains(r.Verbs, "list") || version.Group == "" && r.Name == "secrets" {
				continue
			}
			all, err := k.dynamic.Resource(version.WithResource(r.Name)).List(context.Background(), metav1.ListOptions{})
			if err != nil {
				k.t.Fatalf("list %s: %v", r.Name, err)
			}
			for i := range all.Items {
				item := &all.Items[i]
				text, err := item.MarshalJSON()
				if err != nil {
					k.t.Fatal(err)
				}
				found[item.GetKind()+" "+item.GetNamespace()+"/"+item.GetName()] = text
			}
		}
	}
	return found
}
