package kube_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3" // cds.json has its type
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube/kubetest"
)

const nodePort = 30080

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// gatewayFiles are those of the Secret, which answer with a version.
func gatewayFiles(t *testing.T, version string) map[string][]byte {
	return map[string][]byte{
		"bootstrap.json": testdata(t, "bootstrap.json"), "lds.json": testdata(t, "lds.json"), "cds.json": testdata(t, "cds.json"),
		"rds.json": []byte(strings.ReplaceAll(string(testdata(t, "rds.json")), "VERSION", version)),
	}
}

// gatewayDeployment runs Envoy with a mounted Secret.
func gatewayDeployment(replicas int32) *appsv1.Deployment {
	d := deployment("gateway", "envoyproxy/envoy:v1.40.0", replicas)
	c := &d.Spec.Template.Spec.Containers[0]
	c.Args = []string{"-c", "/etc/envoy/bootstrap.json", "--log-level", "warning", "--file-flush-interval-msec", "10"}
	c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")}}}
	c.VolumeMounts = []corev1.VolumeMount{{Name: "config", MountPath: "/etc/envoy", ReadOnly: true}, {Name: "run", MountPath: "/run/envoy"}}
	c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}}
	no := false
	d.Spec.Template.Spec.AutomountServiceAccountToken = &no
	d.Spec.Template.Spec.Volumes = []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "gateway"}}},
		{Name: "run", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	}
	return d
}

// startGateway makes the gateway, a model behind it and their Services.
func startGateway(t *testing.T, client kubernetes.Interface, files map[string][]byte) {
	t.Helper()
	if !kube.HasEnvoy() {
		t.Skip("no Envoy to test with: run `go -C internal/tools run ./install envoy`")
	}
	ctx := t.Context()
	for _, s := range []*corev1.Service{
		service("gateway", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("http"), NodePort: nodePort}}}),
		service("model", corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}}),
		service("model", corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Ports: []corev1.ServicePort{{Port: 8080}}}),
	} {
		if s.Spec.ClusterIP == corev1.ClusterIPNone {
			s.Name = "model-pods"
		}
		if _, err := client.CoreV1().Services(namespace).Create(ctx, s, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	create(t, client, deployment("model", "registry.example.com/model:1", 2))
	create(t, client, gatewayDeployment(2))
	until(t, "the gateway waits for its Secret", func(context.Context) error {
		events, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=FailedMount"})
		if err != nil || len(events.Items) == 0 {
			return fmt.Errorf("no event: %w", err)
		}
		contains(t, events.Items[0].Message, `MountVolume.SetUp failed for volume "config" : secret "gateway" not found`)
		return nil
	})
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "gateway", Namespace: namespace}, Data: files}
	if _, err := client.CoreV1().Secrets(namespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitRollout(t, client, "model")
	waitRollout(t, client, "gateway")
}

// throughNodePort is a client whose connections end at a node, new ones each time.
func throughNodePort(c *kubetest.Cluster) *http.Client {
	node := kubetest.DefaultNodes()[0].Address
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return c.DialNodePort(ctx, node, nodePort) },
	}}
}

func get(client *http.Client, path string) (int, string, error) {
	answer, err := client.Get("http://gateway" + path)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

func TestGatewayServes(t *testing.T) {
	for name, encode := range map[string]func(*testing.T, map[string][]byte){
		"JSON": func(*testing.T, map[string][]byte) {},
		"protobuf": func(t *testing.T, files map[string][]byte) {
			var response discoveryv3.DiscoveryResponse
			if err := protojson.Unmarshal(files["cds.json"], &response); err != nil {
				t.Fatal(err)
			}
			packed, err := proto.Marshal(&response)
			if err != nil {
				t.Fatal(err)
			}
			delete(files, "cds.json")
			files["cds.pb"] = packed
			files["bootstrap.json"] = []byte(strings.ReplaceAll(string(files["bootstrap.json"]), "cds.json", "cds.pb"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, client := setUp(t)
			files := gatewayFiles(t, "v1")
			encode(t, files)
			startGateway(t, client, files)
			web := throughNodePort(c)
			for _, path := range []string{"/by-address?x=1", "/headless"} {
				status, body, err := get(web, path)
				if err != nil || status != http.StatusOK {
					t.Fatalf("%s: %d %s %v", path, status, body, err)
				}
				var echo struct{ Server, Path, Pod string }
				if err := json.Unmarshal([]byte(body), &echo); err != nil {
					t.Fatal(err)
				}
				if echo.Server != "model" || !strings.HasPrefix(path, echo.Path) {
					t.Errorf("%s: the model says %+v", path, echo)
				}
			}
			if status, body, err := get(web, "/version"); err != nil || body != "v1" {
				t.Errorf("the gateway itself: %d %q %v", status, body, err)
			}
			pod := podsOf(t, client, "gateway")[0]
			until(t, "the access log", func(context.Context) error {
				var all strings.Builder
				for _, p := range podsOf(t, client, "gateway") {
					text, err := client.CoreV1().Pods(namespace).GetLogs(p.Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
					if err != nil {
						return err
					}
					all.Write(text)
				}
				if !strings.Contains(all.String(), `"path":"/by-address?x=1"`) {
					return fmt.Errorf("pod %s: %s", pod.Name, &all)
				}
				return nil
			})
		})
	}
}

func TestGatewayTakesOverItsSecret(t *testing.T) {
	c, client := setUp(t)
	startGateway(t, client, gatewayFiles(t, "v1"))
	web := throughNodePort(c)

	ctx, cancel := context.WithCancel(t.Context())
	lost := make(chan error, 1)
	go func() {
		var first error
		for ctx.Err() == nil {
			if status, body, err := get(web, "/by-address"); (err != nil || status != http.StatusOK) && first == nil {
				first = fmt.Errorf("%d %s %w", status, body, err)
			}
		}
		lost <- first
	}()

	replace := func(version string) {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "gateway", Namespace: namespace}, Data: gatewayFiles(t, version)}
		if _, err := client.CoreV1().Secrets(namespace).Update(t.Context(), secret, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	served := func(version string) func(context.Context) error {
		return func(context.Context) error {
			for range 4 {
				if _, body, err := get(web, "/version"); err != nil || body != version {
					return fmt.Errorf("%q %w", body, err)
				}
			}
			return nil
		}
	}
	began := time.Now()
	replace("v2")
	until(t, "v2 is served", served("v2"))
	if late := time.Since(began); late < 500*time.Millisecond {
		t.Errorf("the Secret was taken over in %s, as if somebody had touched the pods", late)
	}

	replace("v3")
	began = time.Now()
	for _, p := range podsOf(t, client, "gateway") {
		_, err := client.CoreV1().Pods(namespace).Patch(t.Context(), p.Name, types.MergePatchType, []byte(`{"metadata": {"annotations": {"config": "v3"}}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, "v3 is served", served("v3"))
	if late := time.Since(began); late > 700*time.Millisecond {
		t.Errorf("after a change of the pods the Secret was taken over in %s", late)
	} else {
		t.Logf("taken over in %s", late)
	}

	// New pods for old, of the gateway and of the model, and nobody notices.
	patchImage(t, client, "gateway", "envoyproxy/envoy:v1.40.0-other")
	patchImage(t, client, "model", "registry.example.com/model:2")
	waitRollout(t, client, "gateway")
	waitRollout(t, client, "model")
	time.Sleep(time.Second) // The old pods end after the rollout.
	cancel()
	if err := <-lost; err != nil {
		t.Errorf("a request was lost: %v", err)
	}
}

func TestNodePortRefuses(t *testing.T) {
	c, client := setUp(t)
	node := kubetest.DefaultNodes()[0].Address
	if _, err := c.DialNodePort(t.Context(), node, nodePort); err == nil {
		t.Error("a port without a Service takes connections")
	}
	s := service("gateway", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080), NodePort: nodePort}}})
	if _, err := client.CoreV1().Services(namespace).Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	create(t, client, deployment("gateway", "registry.example.com/unready:1", 1))
	until(t, "the pod runs", func(context.Context) error {
		if pods := podsOf(t, client, "gateway"); len(pods) != 1 || pods[0].Status.Phase != corev1.PodRunning {
			return errLeft(len(pods))
		}
		return nil
	})
	_, err := c.DialNodePort(t.Context(), node, nodePort)
	if err == nil {
		t.Fatal("a Service without a ready pod takes connections")
	}
	contains(t, err.Error(), "connection refused")
	idle := kube.New(kube.Config{Name: "idle"})
	if _, err := idle.DialNodePort(t.Context(), node, nodePort); err == nil || idle.Running() {
		t.Errorf("a cluster that does not run: %v", err)
	}
}
