package kube

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// status is what a kubelet would say of the pod.
func (p *pod) status(spec *corev1.Pod) *corev1.PodStatus {
	s := spec.Status.DeepCopy()
	p.mu.Lock()
	mounted, broken := p.mounted, p.broken
	p.mu.Unlock()
	s.HostIP = p.machine.Address.String()
	s.HostIPs = []corev1.HostIP{{IP: s.HostIP}}
	s.ObservedGeneration = spec.Generation
	if s.StartTime == nil {
		s.StartTime = &p.started
	}
	if mounted {
		s.PodIP = p.ip.String()
		s.PodIPs = []corev1.PodIP{{IP: s.PodIP}}
	}
	s.InitContainerStatuses, s.ContainerStatuses = nil, nil
	initialized, ready, running, over, succeeded := true, mounted, false, true, true
	for _, c := range p.containers {
		is := c.status()
		if !mounted && is.State.Waiting != nil {
			is.State.Waiting.Message = broken
		}
		if c.init {
			s.InitContainerStatuses = append(s.InitContainerStatuses, is)
			done := is.State.Terminated != nil && is.State.Terminated.ExitCode == 0
			initialized = initialized && done
			continue
		}
		if slices.ContainsFunc(spec.Spec.InitContainers, func(i corev1.Container) bool { return i.Name == is.Name }) {
			s.InitContainerStatuses = append(s.InitContainerStatuses, is)
		} else {
			s.ContainerStatuses = append(s.ContainerStatuses, is)
		}
		ready = ready && is.Ready
		running = running || is.State.Running != nil || is.RestartCount > 0
		over = over && c.isOver()
		succeeded = succeeded && is.State.Terminated != nil && is.State.Terminated.ExitCode == 0
	}
	switch {
	case over && succeeded:
		s.Phase = corev1.PodSucceeded
	case over:
		s.Phase = corev1.PodFailed
	case running || s.Phase == corev1.PodRunning:
		s.Phase = corev1.PodRunning
	default:
		s.Phase = corev1.PodPending
	}
	if over {
		ready = false
	}
	setPodCondition(s, corev1.PodScheduled, true, "", "")
	setPodCondition(s, corev1.PodReadyToStartContainers, mounted, "", "")
	unready := "containers with unready status: " + names(s.ContainerStatuses)
	setPodCondition(s, corev1.PodInitialized, initialized, "ContainersNotInitialized", "containers with incomplete status: "+names(s.InitContainerStatuses))
	setPodCondition(s, corev1.ContainersReady, ready, "ContainersNotReady", unready)
	setPodCondition(s, corev1.PodReady, ready, "ContainersNotReady", unready)
	return s
}

// names lists the containers that are not ready, as a kubelet prints them.
func names(all []corev1.ContainerStatus) string {
	out := "["
	for _, c := range all {
		if !c.Ready {
			if len(out) > 1 {
				out += " "
			}
			out += c.Name
		}
	}
	return out + "]"
}

func setPodCondition(s *corev1.PodStatus, kind corev1.PodConditionType, is bool, reason, message string) {
	want := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: second()}
	if !is {
		want.Status, want.Reason, want.Message = corev1.ConditionFalse, reason, message
	}
	at := slices.IndexFunc(s.Conditions, func(c corev1.PodCondition) bool { return c.Type == kind })
	if at < 0 {
		s.Conditions = append(s.Conditions, want)
		return
	}
	have := &s.Conditions[at]
	if have.Status == want.Status {
		want.LastTransitionTime = have.LastTransitionTime
	}
	want.ObservedGeneration = have.ObservedGeneration
	*have = want
}
