package kube_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube/kubetest"
)

func TestWhoMayDoWhat(t *testing.T) {
	c, _ := setUp(t)
	read := func(client kubernetes.Interface) error {
		_, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
		return err
	}
	write := func(client kubernetes.Interface) error {
		m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "x-", Namespace: namespace}}
		_, err := client.CoreV1().ConfigMaps(namespace).Create(t.Context(), m, metav1.CreateOptions{})
		return err
	}
	rule := func(client kubernetes.Interface) error {
		_, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		return err
	}
	fine := func(err error) bool { return err == nil }
	for name, tt := range map[string]struct {
		token             string
		read, write, rule func(error) bool
	}{
		"admin":   {kubetest.AdminToken, fine, fine, fine},
		"edit":    {kubetest.EditToken, fine, fine, apierrors.IsForbidden},
		"view":    {kubetest.ViewToken, fine, apierrors.IsForbidden, apierrors.IsForbidden},
		"unknown": {"somebody", apierrors.IsUnauthorized, apierrors.IsUnauthorized, apierrors.IsUnauthorized},
		"none":    {"", apierrors.IsUnauthorized, apierrors.IsUnauthorized, apierrors.IsUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := kubernetes.NewForConfig(c.Config(tt.token))
			if err != nil {
				t.Fatal(err)
			}
			for verb, is := range map[string]struct {
				err  error
				want func(error) bool
			}{"read": {read(client), tt.read}, "write": {write(client), tt.write}, "rule": {rule(client), tt.rule}} {
				if !is.want(is.err) {
					t.Errorf("%s: %v", verb, is.err)
				}
			}
		})
	}
}
