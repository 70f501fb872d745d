package kube

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // RFC 6455 wants it.
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// echoEvents sends server-sent events: as many as the query's n says, one each
// interval.
func echoEvents(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil {
		n = 5
	}
	interval, err := time.ParseDuration(r.URL.Query().Get("interval"))
	if err != nil {
		interval = 50 * time.Millisecond
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	for i := range n {
		if i > 0 {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(interval):
			}
		}
		fmt.Fprintf(w, "id: %d\ndata: {\"token\": %d}\n\n", i, i)
		if flush() != nil {
			return
		}
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}

// echoGRPC sends every message back as it comes, whatever the method is.
func echoGRPC(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w).Flush
	buffer := make([]byte, 32<<10)
	for {
		n, err := r.Body.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil || flush() != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// The operations of WebSocket frames that are not messages.
const (
	wsClose = 0x8
	wsPing  = 0x9
	wsPong  = 0xA
)

// echoWebSocket sends every frame back, until the caller closes.
func echoWebSocket(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 wants it.
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "no WebSocket on this protocol", http.StatusNotImplemented)
		return
	}
	defer conn.Close()
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	for rw.Flush() == nil {
		first, payload, err := readFrame(rw.Reader)
		if err != nil {
			return
		}
		operation := first & 0xF
		switch operation {
		case wsPong:
			continue
		case wsPing:
			first = 0x80 | wsPong
		}
		writeFrame(rw.Writer, first, payload)
		if operation == wsClose {
			_ = rw.Flush()
			return
		}
	}
}

// readFrame answers with a frame's first byte and its payload, unmasked.
func readFrame(r *bufio.Reader) (first byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1] & 0x7F)
	if extra := map[uint64]int{126: 2, 127: 8}[size]; extra > 0 {
		var wide [8]byte
		if _, err := io.ReadFull(r, wide[8-extra:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(wide[:])
	}
	if size > 16<<20 {
		return 0, nil, fmt.Errorf("a frame of %d bytes", size)
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(r, mask[:]); err != nil {
			return 0, nil, err
		}
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, err
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0], payload, nil
}

func writeFrame(w *bufio.Writer, first byte, payload []byte) {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	_, _ = w.Write(head)
	_, _ = w.Write(payload) // A failure shows at the flush.
}
