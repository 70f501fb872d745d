package gateway

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// The version is shown to anyone who asks and is made of tokens, among other
// things. It must not be a quick test of a guessed one, so it is slow to make.
const (
	versionRounds = 100_000
	versionSalt   = "serving gateway"
	versionBytes  = 8
)

// WithVersion names the configuration by its contents: equal servers have an
// equal version, however they are ordered, and another release that renders them
// otherwise has another. It takes some hundredths of a second, and fails where
// Render does.
func (c Config) WithVersion() (Config, error) {
	c.Version = "unnamed"
	files, err := Render(c)
	if err != nil {
		return Config{}, err
	}
	all := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(all, "%s %d\n", name, len(files[name]))
		all.Write(files[name])
	}
	key, err := pbkdf2.Key(sha256.New, hex.EncodeToString(all.Sum(nil)), []byte(versionSalt), versionRounds, versionBytes)
	if err != nil {
		return Config{}, fmt.Errorf("naming the gateway's configuration: %w", err)
	}
	c.Version = hex.EncodeToString(key)
	return c, nil
}
