package gateway

import "fmt"

const (
	// Secrets is how many Secrets the files of Render are spread over. One projected
	// volume mounts them as one directory.
	Secrets = 2
	// MaxSecretBytes is what Kubernetes allows the values of a Secret, together
	// (MaxSecretSize in k8s.io/api/core/v1).
	MaxSecretBytes = 1 << 20
)

// SecretOf says which Secret a file of Render belongs to, from 0 to Secrets-1. The
// routes have one for themselves: they are the largest file.
func SecretOf(file string) int {
	if file == FileRoutes {
		return 0
	}
	return 1
}

// A SizeError says that a cluster has more servers than its gateway's
// configuration can hold.
type SizeError struct {
	Servers int
	// Bytes are what one of the Secrets would hold, Limit what it may.
	Bytes, Limit int
}

// Error tells the numbers and the ways out.
func (e *SizeError) Error() string {
	return fmt.Sprintf("the configuration of %d model servers does not fit: %d of %d bytes. "+
		"Give them fewer or shorter tokens, or move some to another cluster", e.Servers, e.Bytes, e.Limit)
}

// fits holds the files to the size of a Secret.
func fits(files map[string][]byte, servers int) error {
	var sizes [Secrets]int
	for name, content := range files {
		sizes[SecretOf(name)] += len(content)
	}
	for _, size := range sizes {
		if size > MaxSecretBytes {
			return &SizeError{Servers: servers, Bytes: size, Limit: MaxSecretBytes}
		}
	}
	return nil
}
