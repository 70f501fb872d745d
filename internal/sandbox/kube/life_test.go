package kube_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube/kubetest"
)

func TestRestartKeepsObjectsAndCloseLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	certificate, key, err := kubetest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	before := children(t)
	options := kubetest.Options{StateDir: dir, CACertificate: certificate, CAKey: key}
	began := time.Now()
	c := kubetest.Start(t, options)
	t.Logf("started in %s", time.Since(began))
	client := c.Client(t)
	makeNamespace(t, client)
	create(t, client, deployment("model", "registry.example.com/model:1", 1))
	waitRollout(t, client, "model")
	pod := podsOf(t, client, "model")[0]
	for pid, name := range children(t) {
		if before[pid] == "" {
			t.Logf("%s has %s", name, memory(pid))
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if c.Running() {
		t.Error("it runs after it was closed")
	}
	for pid, name := range children(t) {
		if before[pid] == "" {
			t.Errorf("%s is left", name)
		}
	}

	began = time.Now()
	c = kubetest.Start(t, options)
	t.Logf("started again in %s", time.Since(began))
	client = c.Client(t)
	until(t, "the pod runs again", func(ctx context.Context) error {
		now, err := client.CoreV1().Pods(namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if s := now.Status.ContainerStatuses[0]; s.RestartCount != 1 || !s.Ready {
			return fmt.Errorf("%+v", s)
		}
		if now.Status.PodIP != pod.Status.PodIP {
			t.Errorf("its address was %s and is %s", pod.Status.PodIP, now.Status.PodIP)
		}
		return nil
	})
	waitRollout(t, client, "model")
}

func TestStartThatFailsIsTriedAgain(t *testing.T) {
	if !kube.Available() {
		t.Skip("no kube-apiserver to test with")
	}
	t.Setenv("KUBEBUILDER_ASSETS", t.TempDir())
	certificate, key, err := kubetest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	c := kube.New(kube.Config{Name: "demo", CACertificate: certificate, CAKey: key, Hosts: []string{"kube.example.com"}})
	defer c.Close()
	_, err = c.DialAPI(t.Context())
	if err == nil {
		t.Fatal("it started without a program")
	}
	contains(t, err.Error(), `starting the API server of cluster "demo": KUBEBUILDER_ASSETS: `)
	if c.Running() {
		t.Error("it runs")
	}
}

// children are the programs that this process has started, by pid.
func children(t *testing.T) map[int]string {
	t.Helper()
	found := map[int]string{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended.
		}
		_, name, _ := strings.Cut(string(content), "(")
		name, rest, _ := strings.Cut(name, ")")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			found[pid] = name
		}
	}
	return found
}

func memory(pid int) string {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}
