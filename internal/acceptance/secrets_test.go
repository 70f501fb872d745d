package acceptance_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The private key is in nothing that Terraform, the provider or the cloud keep
// or print, however the run ends.
func TestAccSecrets(t *testing.T) {
	for name, run := range map[string]func(w *world, first, second pair){
		"apply and rotate": func(w *world, first, second pair) {
			w.serve(first)
			w.plan(2, "-out=first")
			w.want(0, w.run("show", "-json", "first"))
			w.want(0, w.run("apply", "-no-color", "first"))
			w.serve(second)
			w.plan(2, "-out=second", "-json")
			w.want(0, w.run("show", "-json", "second"))
			w.want(0, w.run("apply", "-no-color", "second"))
			w.want(0, w.run("show", "-json"))
			w.plan(0)
		},
		"the cloud refuses the create": func(w *world, first, _ pair) {
			w.fault(w.crowded)
			w.serve(first)
			w.want(1, w.run("apply", "-auto-approve"))
		},
		"the cloud refuses the rotation": func(w *world, first, second pair) {
			w.serve(first).apply()
			w.fault(w.crowded)
			w.serve(second)
			w.want(1, w.run("apply", "-auto-approve"))
		},
		"the key does not match": func(w *world, first, second pair) {
			w.set("certificate_pem", first.certificate).set("private_key", second.key)
			w.plan(1)
			w.want(1, w.run("apply", "-auto-approve", "-json"))
		},
		"the key is cut off": func(w *world, first, _ pair) {
			w.serve(first).set("private_key", first.key[:len(first.key)*2/3])
			w.plan(1)
		},
		"the key is among the certificates": func(w *world, first, _ pair) {
			w.serve(first).set("certificate_pem", first.certificate+first.key)
			w.plan(1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				// RSA keys have many lines, and numbers of their own.
				first, second := issue(t), sign(t, rsaKey(t), nil)
				w.use("certificate.tf")
				w.env["TF_LOG"] = "TRACE"
				w.env["TF_LOG_PATH"] = filepath.Join(w.dir, "trace.log")
				run(w, first, second)
				places := w.everything()
				if len(places["trace.log"]) < 10_000 || !bytes.Contains(places["trace.log"], []byte("provider.terraform-provider-serving")) {
					t.Errorf("the log has only %d bytes, so it is no evidence", len(places["trace.log"]))
				}
				for _, p := range []pair{first, second} {
					for what, secret := range p.secrets(t) {
						for place, content := range places {
							if bytes.Contains(content, []byte(secret)) {
								t.Errorf("%s has %s", place, what)
							}
						}
					}
				}
			})
		})
	}
}

// The search finds a key where there is one, in each of the forms that it
// knows.
func TestSecretsAreFound(t *testing.T) {
	t.Parallel()
	p := issue(t)
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	file, err := z.Create("tfplan")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, p.key)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	inner := base64.StdEncoding.EncodeToString([]byte(p.key))
	for name, text := range map[string]string{
		"plain":            "key = " + p.key,
		"escaped":          strings.ReplaceAll(p.key, "\n", `\n`),
		"in an archive":    archive.String(),
		"encoded twice":    `{"private":"` + base64.StdEncoding.EncodeToString([]byte(`{"a":"`+inner+`"}`)) + `"}`,
		"a scalar":         fmt.Sprint(scalars(p.signer)["scalar"]),
		"without armature": strings.Join(strings.Split(p.key, "\n")[2:3], ""),
	} {
		content := opened([]byte(text))
		if !slices.ContainsFunc(valuesOf(p.secrets(t)), func(secret string) bool { return bytes.Contains(content, []byte(secret)) }) {
			t.Errorf("%s: the key was not found", name)
		}
	}
}

func valuesOf(m map[string]string) []string {
	var values []string
	for _, v := range m {
		values = append(values, v)
	}
	return values
}

// everything is all that a world has kept or printed, with what is encoded or
// packed in it.
func (w *world) everything() map[string][]byte {
	w.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found[filepath.Base(path)] = opened(content)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	state, err := w.State()
	if err != nil {
		w.Fatal(err)
	}
	for name, text := range state {
		found["the state of "+name] = opened(text)
	}
	found["the clouds' call log"] = opened(fmt.Append(nil, w.Calls()))
	found["what was printed"] = opened(w.output.text.Bytes())
	return found
}

var encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]{24,}={0,2}`)

// opened adds to a text what is packed in it as an archive, and what is encoded
// in it as base64, in up to three layers.
func opened(content []byte) []byte {
	all := slices.Clone(content)
	if archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content))); err == nil {
		for _, file := range archive.File {
			if r, err := file.Open(); err == nil {
				inner, _ := io.ReadAll(r)
				all = append(all, inner...)
				r.Close()
			}
		}
	}
	layer := all
	for range 3 {
		var next []byte
		for _, run := range encoded.FindAll(layer, -1) {
			run = bytes.TrimRight(run, "=")
			for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				if inner, err := alphabet.DecodeString(string(run)); err == nil {
					next = append(append(next, '\n'), inner...)
					break
				}
			}
		}
		all = append(all, next...)
		layer = next
	}
	return all
}
