package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// timeToSchema starts a provider as Terraform does and asks for its schema: it tells the provider by a cookie that it is
// no user at a terminal, reads from its output where it serves, and makes one gRPC call there. A gRPC call with an empty
// message is one HTTP/2 request, so nothing but the standard library is needed and no message is decoded.
func timeToSchema(ctx context.Context, binary string, env ...string) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append(os.Environ(), append(env, "PLUGIN_PROTOCOL_VERSIONS=5,6", "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("%s said nothing about where it serves: %w", binary, err)
	}
	// The line is "core protocol|protocol|network|address|kind|certificate".
	parts := strings.Split(strings.TrimSpace(line), "|")
	method, ok := map[string]string{"5": "/tfplugin5.Provider/GetSchema", "6": "/tfplugin6.Provider/GetProviderSchema"}[parts[min(1, len(parts)-1)]]
	if !ok || len(parts) < 5 {
		return 0, fmt.Errorf("%s serves in an unknown way: %s", binary, line)
	}
	size, err := unary(ctx, parts[2], parts[3], method)
	if err == nil && size < 10 {
		err = fmt.Errorf("%s answered %s with %d bytes", binary, method, size)
	}
	return time.Since(start), err
}

// unary makes one gRPC call with an empty message and gives the size of the answer.
func unary(ctx context.Context, network, address, method string) (int64, error) {
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	// A message is a byte that says whether it is compressed, its length, and itself.
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://provider"+method, strings.NewReader("\x00\x00\x00\x00\x00"))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var head [5]byte
	if _, err := io.ReadFull(answer.Body, head[:]); err != nil {
		return 0, fmt.Errorf("call %s: %w, status %s %s", method, err, answer.Header.Get("Grpc-Status"), answer.Header.Get("Grpc-Message"))
	}
	size, err := io.Copy(io.Discard, answer.Body)
	if err == nil && size != int64(binary.BigEndian.Uint32(head[1:])) {
		err = fmt.Errorf("call %s: the answer ended early", method)
	}
	return size, err
}
