package kube_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDNS(t *testing.T) {
	c, client := setUp(t)
	for _, s := range []*corev1.Service{
		service("headless", corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Ports: []corev1.ServicePort{{Port: 8080}}}),
		service("empty", corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Ports: []corev1.ServicePort{{Port: 8080}}}),
		service("front", corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 8000}}}),
		{
			ObjectMeta: metav1.ObjectMeta{Name: "elsewhere", Namespace: namespace},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "front." + namespace + ".svc.cluster.local"},
		},
	} {
		if _, err := client.CoreV1().Services(namespace).Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	create(t, client, deployment("headless", "registry.example.com/model:1", 2))
	waitRollout(t, client, "headless")
	resolver := &net.Resolver{PreferGo: true, StrictErrors: true}
	lookup := func(network, name string) ([]netip.Addr, error) {
		resolver.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, c.DNSAddress())
		}
		return resolver.LookupNetIP(t.Context(), "ip4", name+"."+namespace+".svc.cluster.local.")
	}
	for _, network := range []string{"udp", "tcp"} {
		for name, want := range map[string]int{"headless": 2, "front": 1, "elsewhere": 1} {
			until(t, name+" resolves by "+network, func(context.Context) error {
				found, err := lookup(network, name)
				if err != nil {
					return err
				}
				if len(found) != want || slices.ContainsFunc(found, func(a netip.Addr) bool { return !a.IsLoopback() }) {
					return errors.New("it has other addresses")
				}
				return nil
			})
		}
		for _, name := range []string{"empty", "nobody"} {
			var failure *net.DNSError
			if found, err := lookup(network, name); !errors.As(err, &failure) || !failure.IsNotFound {
				t.Errorf("%s by %s: %v, %v", name, network, found, err)
			}
		}
	}
	if found, err := resolver.LookupNetIP(t.Context(), "ip4", "example.com."); err == nil {
		t.Errorf("a name of the world: %v", found)
	}
}
