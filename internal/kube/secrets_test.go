package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestSecretsStayInSecrets lives a server's life, with failures, and looks for the
// tokens in everything that the cluster and the provider say.
func TestSecretsStayInSecrets(t *testing.T) {
	w, c := withGateway(t)
	spec := with(server("fraud"), func(s *serving.ModelServer) {
		s.Workload.SecretEnv = map[string]serving.Token{"KEY": {Value: secretValue}}
	})
	var errs []error
	create := func(s serving.ModelServer) {
		_, err := c.CreateModelServer(within(t, 20*time.Second), s)
		errs = append(errs, err)
	}
	create(spec)
	must(t, errs[0])
	create(spec)
	create(with(spec, func(s *serving.ModelServer) { s.Name, s.Path = "other", "/fraud" }))
	create(with(named(spec, "bad"), func(s *serving.ModelServer) { s.Workload.Image = "registry.example.com/crashes:1" }))
	create(with(named(spec, "worse"), func(s *serving.ModelServer) { s.Auth.Tokens["blue"] = serving.Token{Value: tokenA[:10]} }))
	_, err := c.UpdateModelServer(within(t, 20*time.Second), with(spec, func(s *serving.ModelServer) { s.Auth.Tokens["green"] = serving.Token{Value: tokenB} }))
	must(t, err)
	call := w.caller()
	for _, token := range []string{tokenA, tokenB, tokenA + "x"} {
		call.status("/fraud", token)
		call.post("/fraud", "{}", "Authorization", basic("me:"+token))
	}
	seen, err := c.ObserveModelServer(t.Context(), spec)
	must(t, err)
	imported, err := c.ReadModelServer(t.Context(), spec.ID())
	must(t, err)

	texts := map[string]string{"the provider's log": c.log.String()}
	for _, err := range errs[1:] {
		if err == nil {
			t.Error("nothing has failed")
			continue
		}
		texts["an error"] += err.Error() + "\n"
	}
	for name, value := range map[string]any{"what is seen": seen, "what is imported": imported} {
		text, err := json.Marshal(value)
		must(t, err)
		texts[name] = string(text)
	}
	client := w.Client(t)
	for what, text := range w.everything(client) {
		texts[what] = text
	}
	logs := w.logs(client)
	// Envoy writes its access log twice a second.
	told := func() bool {
		log := logs["the log of envoy"]
		return strings.Contains(log, "blue") && strings.Contains(log, "/fraud")
	}
	for start := time.Now(); !told() && time.Since(start) < 10*time.Second; logs = w.logs(client) {
		time.Sleep(200 * time.Millisecond)
	}
	if log := logs["the log of envoy"]; !told() {
		t.Errorf("the access log says %s", log[max(0, len(log)-2000):])
	}
	for what, text := range logs {
		texts[what] = text
	}
	sum := checksum(map[string][]byte{"KEY": []byte(secretValue)})
	for what, text := range texts {
		for _, secret := range []string{tokenA, tokenB, tokenA[:10], secretValue, sum} {
			for form, part := range map[string]string{"as it is": secret, "as base64": base64.StdEncoding.EncodeToString([]byte(secret))[:12], "behind a user": base64.StdEncoding.EncodeToString([]byte("me:" + secret))[:12]} {
				if strings.Contains(text, part) {
					t.Errorf("%s has a secret %s", what, form)
				}
			}
		}
	}
	t.Logf("%d texts were searched", len(texts))

	// Envoy's own interface is a file in the pod.
	bootstrap := bootstrapText(testGateway())
	var b struct {
		Admin struct {
			Address struct {
				Pipe   map[string]any `json:"pipe"`
				Socket map[string]any `json:"socketAddress"`
			} `json:"address"`
		} `json:"admin"`
	}
	must(t, json.Unmarshal([]byte(bootstrap), &b))
	if b.Admin.Address.Pipe == nil || b.Admin.Address.Socket != nil {
		t.Errorf("the admin interface is at %+v", b.Admin.Address)
	}
	for _, path := range []string{"/config_dump", "/clusters", "/stats", "/quitquitquit", "/certs"} {
		if a := call.post(path, ""); a.code != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.code)
		}
	}
}

// everything is each object of the API server but Secrets, as JSON.
func (w *world) everything(client kubernetes.Interface) map[string]string {
	w.t.Helper()
	texts := map[string]string{}
	lists, err := client.Discovery().ServerPreferredResources()
	must(w.t, err)
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		must(w.t, err)
		for _, kind := range list.APIResources {
			if kind.Name == "secrets" || !strings.Contains(strings.Join(kind.Verbs, " "), "list") {
				continue
			}
			all, err := w.admin.Resource(version.WithResource(kind.Name)).List(context.Background(), metav1.ListOptions{})
			if err != nil {
				continue
			}
			text, err := all.MarshalJSON()
			must(w.t, err)
			texts["the list of "+kind.Name] = string(text)
		}
	}
	if len(texts) < 20 {
		w.t.Errorf("%d kinds only", len(texts))
	}
	return texts
}

// logs are those of all containers, by container.
func (w *world) logs(client kubernetes.Interface) map[string]string {
	w.t.Helper()
	texts := map[string]string{}
	for _, namespace := range []string{SystemNamespace, ModelsNamespace} {
		all, err := client.CoreV1().Pods(namespace).List(w.t.Context(), metav1.ListOptions{})
		must(w.t, err)
		for _, pod := range all.Items {
			text, err := client.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: pod.Spec.Containers[0].Name}).DoRaw(w.t.Context())
			if err == nil {
				texts["the log of "+pod.Spec.Containers[0].Name] += string(text)
			}
		}
	}
	return texts
}
