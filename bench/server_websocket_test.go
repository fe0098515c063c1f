package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// frame is one of a client.
func frame(first byte, content string) []byte {
	mask := []byte{7, 77, 177, 250}
	b := []byte{first}
	switch n := len(content); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, mask...)
	for i := range len(content) {
		b = append(b, content[i]^mask[i%4])
	}
	return b
}

// heard is a webSocket that reads from r, and what it writes.
func heard(r io.Reader) (*webSocket, *written) {
	w := &written{}
	return &webSocket{Conn: w, in: bufio.NewReaderSize(r, readAhead)}, w
}

type written struct {
	net.Conn
	bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) { return w.Buffer.Write(p) }
func (w *written) Read(p []byte) (int, error)  { panic("it reads elsewhere") }

// Frames are read as what they hold, whatever their sizes, however they come, and into whatever is there for it.
func TestFramesAreReadAsOneStream(t *testing.T) {
	var wire []byte
	var want strings.Builder
	for i, n := range []int{0, 1, 2, 3, 7, 8, 125, 126, 127, 1000, 65535, 65536, 200_000, 5} {
		content := strings.Repeat(string(rune('a'+i)), n)
		first := byte(last | binaryFrame)
		if i%3 == 1 {
			first = continued
		}
		wire = append(wire, frame(first, content)...)
		wire = append(wire, frame(last|ping, "are you there?")...)
		want.WriteString(content)
	}
	wire = append(wire, frame(last|closing, "\x03\xe8")...)
	for name, r := range map[string]io.Reader{
		"at once": bytes.NewReader(wire), "by bytes": iotest.OneByteReader(bytes.NewReader(wire)), "by halves": iotest.HalfReader(bytes.NewReader(wire)),
	} {
		for _, room := range []int{1, 5, 4096, 300_000} {
			w, answers := heard(r)
			if name == "at once" {
				w, answers = heard(bytes.NewReader(wire))
			}
			var got []byte
			for p := make([]byte, room); ; {
				n, err := w.Read(p)
				got = append(got, p[:n]...)
				if err == io.EOF {
					break
				}
				if err != nil || n == 0 {
					t.Fatalf("%s, room for %d: %d bytes, %v", name, room, n, err)
				}
			}
			if string(got) != want.String() {
				t.Errorf("%s, room for %d: %d bytes, want %d", name, room, len(got), want.Len())
			}
			if pongs := strings.Count(answers.String(), "\x8a\x0eare you there?"); pongs != 14 {
				t.Errorf("%s, room for %d: %d pongs", name, room, pongs)
			}
			if name != "at once" {
				break // it is used up
			}
		}
	}
}

// Several small frames that are here are one read, and one that isn't whole isn't waited for.
func TestFramesThatAreHereAreReadTogether(t *testing.T) {
	here, there := io.Pipe()
	w, _ := heard(here)
	go there.Write(append(append(frame(last|binaryFrame, "one"), frame(last|binaryFrame, "two")...), frame(last|binaryFrame, "three")[:5]...))
	p := make([]byte, 100)
	if n, err := w.Read(p); err != nil || string(p[:n]) != "onetwo" {
		t.Errorf("Read() = %q, %v", p[:n], err)
	}
	there.Close()
	if n, err := w.Read(p); n != 0 || err == nil {
		t.Errorf("Read() = %d, %v", n, err)
	}
}

func TestFramesThatBreakTheRules(t *testing.T) {
	for complaint, wire := range map[string][]byte{
		"a text frame came":             frame(last|text, "hello"),
		"a client's frame isn't masked": {last | binaryFrame, 1, 'x'},
	} {
		w, _ := heard(bytes.NewReader(wire))
		if _, err := w.Read(make([]byte, 10)); err == nil || err.Error() != complaint {
			t.Errorf("Read() = %v, want %s", err, complaint)
		}
	}
}

// The frames that it writes have heads of each size; nothing in them is masked.
func TestFramesAreWritten(t *testing.T) {
	for n, head := range map[int]string{3: "\x82\x03", 126: "\x82\x7e\x00\x7e", 65536: "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"} {
		w, wire := heard(nil)
		content := strings.Repeat("x", n)
		if got, err := w.Write([]byte(content)); got != n || err != nil || wire.String() != head+content {
			t.Errorf("%d bytes: %d, %v, % x", n, got, err, wire.Bytes()[:10])
		}
	}
}

func TestUpgrade(t *testing.T) {
	for request, answer := range map[string]string{
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", // RFC 6455 §1.3
		"": "",
	} {
		here, there := net.Pipe()
		go func() {
			io.WriteString(here, "GET /mqtt HTTP/1.1\r\nHost: h\r\n"+request+"\r\n")
			if answer == "" {
				return
			}
			r, err := http.ReadResponse(bufio.NewReader(here), nil)
			if err != nil || r.StatusCode != 101 || r.Header.Get("Sec-WebSocket-Accept") != answer || r.Header.Get("Sec-WebSocket-Protocol") != "mqtt" {
				t.Errorf("%+v, %v", r, err)
			}
			here.Close()
		}()
		conn, err := upgrade(there)
		if (err == nil) != (answer != "") {
			t.Errorf("upgrade() = %v", err)
		}
		if conn != nil {
			if _, err := conn.Read(make([]byte, 1)); err != io.EOF { // the answer was read
				t.Errorf("Read() = %v", err)
			}
		}
		there.Close()
	}
}
