package kube

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// words are what the pods of a Deployment say about why they are not ready.
type words struct {
	lines []string
	// hopeless says that waiting will not help.
	hopeless bool
	// crashed is a pod whose container ended, for its last lines.
	crashed, container string
	previous           bool
}

// podPatience is how long an image may fail to be pulled or a container to be
// made: registries and kubelets have hiccups, and a name that is wrong stays
// wrong. Tests have less.
var podPatience = 90 * time.Second

const (
	// annotationRevision numbers the generations of a Deployment, on itself and on
	// its ReplicaSets (deploymentutil.RevisionAnnotation of Kubernetes).
	annotationRevision = "deployment.kubernetes.io/revision"
	// crashes is how many restarts make a crash loop.
	crashes = 3
	// mostPods bounds an error's length.
	mostPods = 3
)

// podsSay asks the pods of a Deployment's newest generation: what an earlier one
// says, an image that was wrong for instance, may be what an apply is mending.
func (a *API) podsSay(ctx context.Context, at place, deployment *unstructured.Unstructured) (words, error) {
	if !statusOf(deployment).seen {
		return words{}, nil
	}
	labels, _, _ := unstructured.NestedStringMap(deployment.Object, "spec", "selector", "matchLabels")
	var selector []string
	for _, key := range names(labels) {
		selector = append(selector, key+"="+labels[key])
	}
	generations, err := a.list(ctx, replicaSets, at.namespace, strings.Join(selector, ","))
	if err != nil {
		return words{}, err
	}
	hash := ""
	for _, name := range names(generations) {
		if s := generations[name]; metav1.IsControlledBy(s, deployment) && s.GetAnnotations()[annotationRevision] == deployment.GetAnnotations()[annotationRevision] {
			hash = s.GetLabels()[labelPodTemplate]
		}
	}
	if hash == "" {
		return words{}, nil
	}
	items, err := a.list(ctx, pods, at.namespace, strings.Join(append(selector, labelPodTemplate+"="+hash), ","))
	if err != nil {
		return words{}, err
	}
	all := readPods(items)
	slices.SortFunc(all, func(x, y livePod) int {
		return cmp.Or(y.CreationTimestamp.Compare(x.CreationTimestamp.Time), cmp.Compare(x.Name, y.Name))
	})
	var w words
	for _, pod := range all {
		w.hear(pod, time.Now())
	}
	if len(w.lines) > mostPods {
		w.lines = append(w.lines[:mostPods], fmt.Sprintf("and %d more", len(w.lines)-mostPods))
	}
	return w, nil
}

// hear notes why a pod is not ready.
func (w *words) hear(pod livePod, now time.Time) {
	for _, c := range pod.Status.Conditions {
		if c.is("PodScheduled", "False") {
			w.say(pod, "no node takes it: "+c.Message)
			return
		}
	}
	if pod.ready() {
		return
	}
	for _, s := range pod.Status.ContainerStatuses {
		waiting, ended := s.State.Waiting, s.State.Terminated
		late := now.Sub(pod.CreationTimestamp.Time) > podPatience
		switch {
		case s.Ready:
		case waiting != nil && slices.Contains([]string{"ErrImagePull", "ImagePullBackOff"}, waiting.Reason):
			w.say(pod, fmt.Sprintf("the image %s cannot be pulled (%s): %s", s.Image, waiting.Reason, waiting.Message))
			w.hopeless = w.hopeless || late
		case waiting != nil && slices.Contains([]string{"InvalidImageName", "CreateContainerConfigError", "CreateContainerError", "RunContainerError"}, waiting.Reason):
			w.say(pod, waiting.Reason+": "+waiting.Message)
			w.hopeless = w.hopeless || late || waiting.Reason == "InvalidImageName"
		case waiting != nil && waiting.Reason == "CrashLoopBackOff" || ended != nil || s.RestartCount > 0:
			times := s.RestartCount
			if s.State.Running == nil {
				times++
			}
			if ended == nil {
				ended = s.LastState.Terminated
			}
			w.say(pod, fmt.Sprintf("the container ended %s%s", counted(times), exit(ended)))
			w.crashed, w.container, w.previous = pod.Name, s.Name, s.State.Terminated == nil
			w.hopeless = w.hopeless || s.RestartCount >= crashes
		case waiting != nil:
			w.say(pod, cmp.Or(waiting.Message, waiting.Reason))
		default:
			w.say(pod, "runs and is not ready: it does not answer its readiness probe")
		}
	}
	if len(pod.Status.ContainerStatuses) == 0 {
		w.say(pod, "phase "+pod.Status.Phase)
	}
}

func counted(times int32) string {
	if times == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", times)
}

func exit(t *endedContainer) string {
	if t == nil {
		return ""
	}
	text := fmt.Sprintf(", at last with exit code %d", t.ExitCode)
	if t.Reason != "" && t.Reason != "Error" {
		text += " (" + t.Reason + ")"
	}
	return text
}

func (w *words) say(pod livePod, line string) {
	w.lines = append(w.lines, "pod "+pod.Name+": "+strings.TrimSpace(line))
}

// text is one line for people.
func (w words) text(s rolloutStatus) string {
	text := fmt.Sprintf("%d of %d pods are ready", s.ready, s.replicas)
	if s.failure != "" {
		text += "; no pod can be made: " + s.failure
	}
	if len(w.lines) > 0 {
		text += "; " + strings.Join(w.lines, "; ")
	}
	return text
}

// lastLines is how much of a container's log an error shows.
const lastLines = 10

// withLogs adds the last lines of a container that ended.
func (w words) withLogs(ctx context.Context, api *API, namespace string, s rolloutStatus) string {
	text := w.text(s)
	if w.crashed == "" {
		return text
	}
	query := url.Values{"container": {w.container}, "tailLines": {fmt.Sprint(lastLines)}}
	if w.previous {
		query.Set("previous", "true")
	}
	body, _, err := api.raw(ctx, "/api/v1/namespaces/"+namespace+"/pods/"+w.crashed+"/log?"+query.Encode())
	if lines := strings.TrimSpace(string(body)); err == nil && lines != "" {
		text += "\nlast lines of " + w.crashed + ":\n  " + strings.ReplaceAll(lines, "\n", "\n  ")
	}
	return text
}

// raw gets what is not an object: a log, or an answer of a pod.
func (a *API) raw(ctx context.Context, path string) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(a.access.URL, "/")+path, nil)
	if err != nil {
		return nil, nil, err
	}
	response, err := a.http.Do(request)
	if err != nil {
		return nil, nil, a.explain(ctx, err, false)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(body)))
	}
	return body, response.Header, err
}
