package kube

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestWords: what pods say, and whether waiting helps.
func TestWords(t *testing.T) {
	t.Parallel()
	waiting := func(reason, message string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	ended := func(code int32, reason string) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
	}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	container := func(state, last corev1.ContainerState, restarts int32) corev1.PodStatus {
		return corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{Name: "model", Image: "r/x:1", State: state, LastTerminationState: last, RestartCount: restarts}}}
	}
	condition := func(kind corev1.PodConditionType, is corev1.ConditionStatus, message string) corev1.PodStatus {
		return corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: kind, Status: is, Message: message}}}
	}
	const young, old = 100 * time.Millisecond, time.Hour
	for _, c := range []struct {
		name     string
		age      time.Duration
		status   corev1.PodStatus
		line     string
		hopeless bool
		// logs are those of the container before this one, of this one, or nobody's.
		logs string
	}{
		{"ready", old, condition(corev1.PodReady, corev1.ConditionTrue, ""), "", false, ""},
		{"just made", young, corev1.PodStatus{Phase: corev1.PodPending}, "phase Pending", false, ""},
		{"no node", old, condition(corev1.PodScheduled, corev1.ConditionFalse, "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."), "no node takes it: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.", false, ""},
		{"first pull", young, container(waiting("ErrImagePull", "not found"), corev1.ContainerState{}, 0), "the image r/x:1 cannot be pulled (ErrImagePull): not found", false, ""},
		{"pulls in vain", old, container(waiting("ImagePullBackOff", "not found"), corev1.ContainerState{}, 0), "the image r/x:1 cannot be pulled (ImagePullBackOff): not found", true, ""},
		{"bad name", young, container(waiting("InvalidImageName", "bad"), corev1.ContainerState{}, 0), "InvalidImageName: bad", true, ""},
		{"a hiccup of the kubelet", young, container(waiting("CreateContainerConfigError", "failed to sync secret cache"), corev1.ContainerState{}, 0), "CreateContainerConfigError: failed to sync secret cache", false, ""},
		{"no such Secret", old, container(waiting("CreateContainerConfigError", "secret \"x\" not found"), corev1.ContainerState{}, 0), "CreateContainerConfigError: secret \"x\" not found", true, ""},
		{"ended once", young, container(ended(1, "Error"), corev1.ContainerState{}, 0), "the container ended once, at last with exit code 1", false, "this"},
		{"restarted", young, container(running, ended(3, "Error"), 1), "the container ended once, at last with exit code 3", false, "before"},
		{"crash loop", young, container(waiting("CrashLoopBackOff", "back-off"), ended(1, "Error"), 3), "the container ended 4 times, at last with exit code 1", true, "before"},
		{"out of memory", young, container(waiting("CrashLoopBackOff", "back-off"), ended(137, "OOMKilled"), 4), "the container ended 5 times, at last with exit code 137 (OOMKilled)", true, "before"},
		{"starting", young, container(waiting("ContainerCreating", ""), corev1.ContainerState{}, 0), "ContainerCreating", false, ""},
		{"not ready", old, container(running, corev1.ContainerState{}, 0), "runs and is not ready: it does not answer its readiness probe", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			var w words
			w.hear(livePodOf(t, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x-1", CreationTimestamp: metav1.NewTime(now.Add(-c.age))}, Status: c.status}), now)
			want := c.line
			if want != "" {
				want = "pod x-1: " + want
			}
			if got := strings.Join(w.lines, "\n"); got != want {
				t.Errorf("says %q, should say %q", got, want)
			}
			if w.hopeless != c.hopeless {
				t.Errorf("hopeless is %v", w.hopeless)
			}
			logs := ""
			if w.crashed != "" {
				logs = map[bool]string{true: "before", false: "this"}[w.previous]
			}
			if logs != c.logs {
				t.Errorf("logs of %q, should be of %q", logs, c.logs)
			}
		})
	}
	sidecar := container(running, corev1.ContainerState{}, 0)
	sidecar.ContainerStatuses = append(sidecar.ContainerStatuses, corev1.ContainerStatus{Name: "proxy", Ready: true, State: running})
	var w words
	w.hear(livePodOf(t, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x-1"}, Status: sidecar}), time.Now())
	if len(w.lines) != 1 {
		t.Errorf("a container that is ready complains: %v", w.lines)
	}
}

func TestWordsAreFew(t *testing.T) {
	t.Parallel()
	text := words{lines: []string{"pod a: x", "pod b: y"}}.text(rolloutStatus{ready: 1, replicas: 3, failure: "exceeded quota"})
	if want := "1 of 3 pods are ready; no pod can be made: exceeded quota; pod a: x; pod b: y"; text != want {
		t.Errorf("%q, should be %q", text, want)
	}
}
