package kube_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestModelStub speaks to a model server as callers do, by every protocol.
func TestModelStub(t *testing.T) {
	c, client := setUp(t)
	s := service("model", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080), NodePort: nodePort}}})
	if _, err := client.CoreV1().Services(namespace).Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	create(t, client, deployment("model", "registry.example.com/model:1", 1))
	waitRollout(t, client, "model")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return c.DialNodePort(ctx, c.Nodes()[1].Address, nodePort)
	}
	do := func(t *testing.T, http2 bool, request *http.Request) (status int, trailer http.Header, body []byte) {
		t.Helper()
		var protocols http.Protocols
		protocols.SetHTTP1(!http2)
		protocols.SetUnencryptedHTTP2(http2)
		transport := &http.Transport{DialContext: dial, Protocols: &protocols}
		defer transport.CloseIdleConnections()
		answer, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err = io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Trailer, body
	}
	request := func(t *testing.T, method, path string, body []byte) *http.Request {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://model"+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for proto, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			binary := []byte{0xFF, 0, 1}
			r := request(t, http.MethodPost, "/v1/predict%2Fx?a=b", binary)
			r.Header.Set("X-Serving-Client", "batch")
			status, _, body := do(t, http2, r)
			var echo struct {
				Server, Method, Path, Query, Body, Proto string
				Base64                                   bool
				Headers                                  map[string][]string
			}
			if err := json.Unmarshal(body, &echo); err != nil || status != http.StatusOK {
				t.Fatalf("%d %s", status, body)
			}
			if echo.Server != "model" || echo.Method != "POST" || echo.Path != "/v1/predict%2Fx" || echo.Query != "a=b" || echo.Proto != proto ||
				!echo.Base64 || echo.Body != base64.StdEncoding.EncodeToString(binary) || echo.Headers["x-serving-client"][0] != "batch" {
				t.Errorf("%s", body)
			}
			_, _, body = do(t, http2, request(t, http.MethodGet, "/stream?n=3&interval=1ms", nil))
			if strings.Count(string(body), "data: ") != 4 || !strings.HasSuffix(string(body), "data: [DONE]\n\n") {
				t.Errorf("events: %s", body)
			}
		})
	}
	t.Run("gRPC", func(t *testing.T) {
		message := []byte{0, 0, 0, 0, 2, 8, 1}
		r := request(t, http.MethodPost, "/inference.Service/Predict", message)
		r.Header.Set("Content-Type", "application/grpc")
		_, trailer, body := do(t, true, r)
		if !bytes.Equal(body, message) || trailer.Get("Grpc-Status") != "0" {
			t.Errorf("%x, trailers %v", body, trailer)
		}
	})
	t.Run("WebSocket", func(t *testing.T) {
		conn, err := dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		r := request(t, http.MethodGet, "/ws", nil)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") // RFC 6455, section 1.3.
		if err := r.Write(conn); err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(conn)
		answer, err := http.ReadResponse(reader, r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
			t.Fatalf("%d %v", answer.StatusCode, answer.Header)
		}
		// A masked text frame, section 5.7, which comes back without the mask.
		if _, err := conn.Write([]byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}); err != nil {
			t.Fatal(err)
		}
		frame := make([]byte, 7)
		if _, err := io.ReadFull(reader, frame); err != nil || string(frame[2:]) != "Hello" || frame[0] != 0x81 {
			t.Errorf("%q %v", frame, err)
		}
	})
	log, err := client.CoreV1().Pods(namespace).GetLogs(podsOf(t, client, "model")[0].Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
	if err != nil || !strings.Contains(string(log), "POST /v1/predict/x HTTP/1.1") || strings.Contains(string(log), "a=b") {
		t.Errorf("%s %v", log, err)
	}
}
