package kube

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// environment is what the container's program would see, by name.
func (c *container) environment(ctx context.Context) (map[string]string, error) {
	r := &reader{ctx: ctx, loop: c.pod.loop, live: len(c.spec.EnvFrom) > 0 || slices.ContainsFunc(c.spec.Env, func(e corev1.EnvVar) bool { return e.ValueFrom != nil })}
	namespace := c.pod.current().Namespace
	env := map[string]string{"HOSTNAME": c.pod.current().Name}
	for _, from := range c.spec.EnvFrom {
		var data map[string][]byte
		var err error
		var optional *bool
		switch {
		case from.SecretRef != nil:
			data, err = r.secret(namespace, from.SecretRef.Name)
			optional = from.SecretRef.Optional
		case from.ConfigMapRef != nil:
			data, err = r.configMap(namespace, from.ConfigMapRef.Name)
			optional = from.ConfigMapRef.Optional
		}
		if err != nil && (optional == nil || !*optional) {
			return nil, err
		}
		for key, value := range data {
			env[from.Prefix+key] = string(value)
		}
	}
	for _, e := range c.spec.Env {
		value, ok, err := c.value(r, e)
		if err != nil {
			return nil, err
		}
		if ok {
			env[e.Name] = expand(value, env)
		}
	}
	return env, nil
}

func (c *container) value(r *reader, e corev1.EnvVar) (value string, ok bool, err error) {
	if e.ValueFrom == nil {
		return e.Value, true, nil
	}
	namespace := c.pod.current().Namespace
	var data map[string][]byte
	var key, in string
	var optional *bool
	switch from := e.ValueFrom; {
	case from.FieldRef != nil:
		return c.pod.field(from.FieldRef.FieldPath), true, nil
	case from.SecretKeyRef != nil:
		key, in, optional = from.SecretKeyRef.Key, "Secret "+namespace+"/"+from.SecretKeyRef.Name, from.SecretKeyRef.Optional
		data, err = r.secret(namespace, from.SecretKeyRef.Name)
	case from.ConfigMapKeyRef != nil:
		key, in, optional = from.ConfigMapKeyRef.Key, "ConfigMap "+namespace+"/"+from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Optional
		data, err = r.configMap(namespace, from.ConfigMapKeyRef.Name)
	case from.ResourceFieldRef != nil:
		name := strings.TrimPrefix(strings.TrimPrefix(from.ResourceFieldRef.Resource, "limits."), "requests.")
		q := c.spec.Resources.Limits[corev1.ResourceName(name)]
		return fmt.Sprint(q.Value()), true, nil
	}
	may := optional != nil && *optional
	if err != nil {
		if may {
			err = nil
		}
		return "", false, err
	}
	content, found := data[key]
	if !found && !may {
		return "", false, &missingError{fmt.Sprintf("couldn't find key %s in %s: it was", key, in)}
	}
	return string(content), found, nil
}

var envReference = regexp.MustCompile(`\$?\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)`)

// expand replaces $(NAME), of which $$(NAME) is spared.
func expand(text string, env map[string]string) string {
	return envReference.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "$$") {
			return found[1:]
		}
		if value, ok := env[found[2:len(found)-1]]; ok {
			return value
		}
		return found
	})
}

// field is a field of the pod, by the path that the downward API has for it.
func (p *pod) field(path string) string {
	spec := p.current()
	if key, ok := strings.CutPrefix(path, "metadata.labels['"); ok {
		return spec.Labels[strings.TrimSuffix(key, "']")]
	}
	if key, ok := strings.CutPrefix(path, "metadata.annotations['"); ok {
		return spec.Annotations[strings.TrimSuffix(key, "']")]
	}
	switch path {
	case "metadata.name":
		return spec.Name
	case "metadata.namespace":
		return spec.Namespace
	case "metadata.uid":
		return string(spec.UID)
	case "spec.nodeName":
		return spec.Spec.NodeName
	case "spec.serviceAccountName":
		return spec.Spec.ServiceAccountName
	case "status.hostIP":
		return p.machine.Address.String()
	case "status.podIP", "status.podIPs":
		return p.ip.String()
	}
	return ""
}
