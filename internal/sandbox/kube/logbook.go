package kube

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// logLines is how much of a container's output is kept.
const logLines = 20_000

// A logbook is the output of one run of a container.
type logbook struct {
	mu    sync.Mutex
	lines []logLine
	// first is the number of the first line that is kept.
	first int
	part  []byte
	over  bool
}

type logLine struct {
	at   time.Time
	text []byte
}

type logQuery struct {
	lines, bytes int
	since        time.Time
	timestamps   bool
}

// Write takes output as it comes; a line counts once it is whole.
func (b *logbook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.part = append(b.part, p...)
	for {
		line, rest, found := bytes.Cut(b.part, []byte("\n"))
		if !found {
			return len(p), nil
		}
		b.lines = append(b.lines, logLine{time.Now(), bytes.Clone(line)})
		b.part = rest
		if len(b.lines) > 2*logLines {
			b.first += len(b.lines) - logLines
			b.lines = append([]logLine(nil), b.lines[len(b.lines)-logLines:]...)
		}
	}
}

// end says that no more will come.
func (b *logbook) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.part) > 0 {
		b.lines = append(b.lines, logLine{time.Now(), b.part})
		b.part = nil
	}
	b.over = true
}

func (b *logbook) ended() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over
}

// write answers a query and says where to go on.
func (b *logbook) write(w io.Writer, q logQuery) (next int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := b.lines
	for len(lines) > 0 && lines[0].at.Before(q.since) {
		lines = lines[1:]
	}
	if q.lines >= 0 && len(lines) > q.lines {
		lines = lines[len(lines)-q.lines:]
	}
	var out []byte
	for _, line := range lines {
		out = line.append(out, q.timestamps)
	}
	if q.bytes > 0 && len(out) > q.bytes {
		out = out[:q.bytes]
	}
	_, _ = w.Write(out)
	return b.first + len(b.lines)
}

// follow writes what came since.
func (b *logbook) follow(w io.Writer, from int, timestamps bool) (next int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []byte
	for _, line := range b.lines[max(0, from-b.first):] {
		out = line.append(out, timestamps)
	}
	_, _ = w.Write(out)
	return b.first + len(b.lines)
}

func (l logLine) append(out []byte, timestamps bool) []byte {
	if timestamps {
		out = l.at.UTC().AppendFormat(out, time.RFC3339Nano)
		out = append(out, ' ')
	}
	return append(append(out, l.text...), '\n')
}
