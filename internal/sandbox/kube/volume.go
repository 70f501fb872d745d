package kube

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// missingError is for a Secret or ConfigMap, or a key of one, that is not there.
type missingError struct{ what string }

func (e *missingError) Error() string { return e.what + " not found" }

// A reader answers with the objects that a pod mounts.
type reader struct {
	ctx  context.Context
	loop *loop
	// live asks the API server instead of the mirror, which is a moment behind.
	live bool
	seen []string
}

func (r *reader) secret(namespace, name string) (map[string][]byte, error) {
	s, ok := r.loop.secrets.get(namespace, name)
	if r.live {
		now, err := r.loop.client.CoreV1().Secrets(namespace).Get(r.ctx, name, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, err
		}
		if ok = err == nil; ok {
			r.loop.secrets.put(now)
			s = now
		}
	}
	if !ok {
		r.seen = append(r.seen, "-")
		return nil, &missingError{fmt.Sprintf("secret %q", name)}
	}
	r.seen = append(r.seen, string(s.UID)+s.ResourceVersion)
	return s.Data, nil
}

func (r *reader) configMap(namespace, name string) (map[string][]byte, error) {
	m, ok := r.loop.configMaps.get(namespace, name)
	if r.live {
		now, err := r.loop.client.CoreV1().ConfigMaps(namespace).Get(r.ctx, name, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, err
		}
		if ok = err == nil; ok {
			r.loop.configMaps.put(now)
			m = now
		}
	}
	if !ok {
		r.seen = append(r.seen, "-")
		return nil, &missingError{fmt.Sprintf("configmap %q", name)}
	}
	r.seen = append(r.seen, string(m.UID)+m.ResourceVersion)
	data := maps.Clone(m.BinaryData)
	if data == nil {
		data = map[string][]byte{}
	}
	for key, value := range m.Data {
		data[key] = []byte(value)
	}
	return data, nil
}

// files are the content of a volume, and false for one that has none to write.
func (p *pod) files(r *reader, v corev1.Volume) (map[string][]byte, bool, error) {
	namespace := p.current().Namespace
	switch {
	case v.Secret != nil:
		data, err := r.secret(namespace, v.Secret.SecretName)
		files, err := items(data, v.Secret.Items, v.Secret.Optional, err)
		return files, true, err
	case v.ConfigMap != nil:
		data, err := r.configMap(namespace, v.ConfigMap.Name)
		files, err := items(data, v.ConfigMap.Items, v.ConfigMap.Optional, err)
		return files, true, err
	case v.DownwardAPI != nil:
		return p.downward(v.DownwardAPI.Items), true, nil
	case v.Projected != nil:
		files, err := p.projected(r, v.Projected.Sources)
		return files, true, err
	}
	return nil, false, nil
}

func (p *pod) projected(r *reader, sources []corev1.VolumeProjection) (map[string][]byte, error) {
	all := map[string][]byte{}
	namespace := p.current().Namespace
	for _, s := range sources {
		var files map[string][]byte
		var err error
		switch {
		case s.Secret != nil:
			data, failure := r.secret(namespace, s.Secret.Name)
			files, err = items(data, s.Secret.Items, s.Secret.Optional, failure)
		case s.ConfigMap != nil:
			data, failure := r.configMap(namespace, s.ConfigMap.Name)
			files, err = items(data, s.ConfigMap.Items, s.ConfigMap.Optional, failure)
		case s.DownwardAPI != nil:
			files = p.downward(s.DownwardAPI.Items)
		case s.ServiceAccountToken != nil:
			files, err = p.token(r.ctx, s.ServiceAccountToken)
		}
		if err != nil {
			return nil, err
		}
		maps.Copy(all, files)
	}
	return all, nil
}

// token is one of the pod's service account. It is fetched once: the process does
// not outlive it.
func (p *pod) token(ctx context.Context, want *corev1.ServiceAccountTokenProjection) (map[string][]byte, error) {
	spec := p.current()
	if old, err := os.ReadFile(filepath.Join(p.dir, "token")); err == nil {
		return map[string][]byte{want.Path: old}, nil
	}
	request := &authv1.TokenRequest{Spec: authv1.TokenRequestSpec{
		BoundObjectRef: &authv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: spec.Name, UID: spec.UID}, ExpirationSeconds: want.ExpirationSeconds,
	}}
	if want.Audience != "" {
		request.Spec.Audiences = []string{want.Audience}
	}
	made, err := p.loop.client.CoreV1().ServiceAccounts(spec.Namespace).CreateToken(ctx, spec.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	token := []byte(made.Status.Token)
	return map[string][]byte{want.Path: token}, os.WriteFile(filepath.Join(p.dir, "token"), token, 0o600)
}

func (p *pod) downward(items []corev1.DownwardAPIVolumeFile) map[string][]byte {
	files := map[string][]byte{}
	for _, item := range items {
		if item.FieldRef != nil {
			files[item.Path] = []byte(p.field(item.FieldRef.FieldPath))
		}
	}
	return files
}

// items picks the keys that a volume wants, under the names that it wants.
func items(data map[string][]byte, wanted []corev1.KeyToPath, optional *bool, err error) (map[string][]byte, error) {
	may := optional != nil && *optional
	if err != nil {
		if may {
			return map[string][]byte{}, nil
		}
		return nil, err
	}
	if wanted == nil {
		return data, nil
	}
	files := map[string][]byte{}
	for _, item := range wanted {
		content, ok := data[item.Key]
		if !ok && !may {
			return nil, &missingError{fmt.Sprintf("references non-existent key: %s:", item.Key)}
		}
		if ok {
			files[item.Path] = content
		}
	}
	return files, nil
}
