package main_test

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

func TestPubCannotConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := l.Addr().String()
	l.Close()
	plain := newServer(t)
	for _, c := range []struct {
		name, url string
		code      int
		says      string
	}{
		{"B322 nobody there", "mqtt://" + nobody, 3, "connection refused"},
		{"no TLS there", "mqtts://127.0.0.1:" + plain.port, 4, "tls: "},
		{"not authorised", refusing(t, 0x87), 6, "not authorized"},
		{"bad password", refusing(t, 0x86), 6, "bad user name or password"},
		{"refused", refusing(t, 0x97), 5, "quota exceeded"},
		{"says nothing", puppet(t, func([]byte) []byte { return nil }), 3, "connack"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := runCall(t, call{args: []string{"pub", "--url", c.url, "-t", "a", "-q", "1", "-l"}, stdin: strings.NewReader("a\n")})
			require.Equal(t, c.code, r.code, r.stderr)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, c.says)
			require.NotContains(t, r.stderr, "mqtt: sent")
		})
	}
}

// refuser refuses messages whose payload begins with "bad".
type refuser struct{ mochi.HookBase }

func (*refuser) ID() string           { return "refuser" }
func (*refuser) Provides(b byte) bool { return b == mochi.OnPublish }
func (*refuser) OnPublish(_ *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if strings.HasPrefix(string(pk.Payload), "bad") {
		return pk, packets.ErrQuotaExceeded
	}
	return pk, nil
}

func TestPubRefused(t *testing.T) {
	s := newServer(t, new(auth.AllowHook), new(refuser))
	t.Run("the only one", func(t *testing.T) {
		r := run(t, "pub", "--url", s.url, "-t", "a", "-m", "bad", "-q", "1")
		require.Equal(t, 5, r.code, r.stderr)
		require.Equal(t, "mqtt: publish: PUBACK: quota exceeded (0x97): \"quota exceeded\"\n", r.stderr)
	})
	t.Run("some of many", func(t *testing.T) {
		w := newWitness(t, s)
		r := runCall(t, call{args: []string{"pub", "--url", s.url, "-t", "a", "-q", "1", "-l"}, stdin: strings.NewReader("a\nbad\nc\nbad\ne\n")})
		require.Equal(t, 8, r.code, r.stderr)
		require.Contains(t, r.stderr, "mqtt: line 2: PUBACK: quota exceeded (0x97): \"quota exceeded\"\nmqtt: line 4: PUBACK: ")
		require.Contains(t, r.stderr, "mqtt: sent 5, acknowledged 3, failed 2")
		require.Contains(t, r.stderr, "mqtt: 2 of 5 messages were not acknowledged\n")
		require.Equal(t, []string{"a", "c", "e"}, w.payloads(t, 3))
	})
	t.Run("not all are told", func(t *testing.T) {
		r := runCall(t, call{args: []string{"pub", "--url", s.url, "-t", "a", "-q", "1", "-l"}, stdin: strings.NewReader(strings.Repeat("bad\n", 50))})
		require.Equal(t, 8, r.code, r.stderr)
		require.Equal(t, 10, strings.Count(r.stderr, "PUBACK"))
		require.Contains(t, r.stderr, "further failures are counted, and not told")
		require.Contains(t, r.stderr, "sent 50, acknowledged 0, failed 50")
	})
	t.Run("and no further", func(t *testing.T) {
		w := newWitness(t, s)
		p := start(t, "pub", "--url", s.url, "-t", "a", "-q", "1", "-l", "--fail-fast")
		_, err := p.stdin.Write([]byte("a\nbad\n"))
		require.NoError(t, err)
		r := p.wait() // though standard input is open
		require.Equal(t, 8, r.code, r.stderr)
		require.Contains(t, r.stderr, "sent 2, acknowledged 1, failed 1")
		require.Equal(t, []string{"a"}, w.payloads(t, 1))
	})
}

func TestPubLargerThanTheServerTakes(t *testing.T) {
	var taken []string
	url := puppet(t, func(packet []byte) []byte {
		switch packet[0] >> 4 {
		case 1:
			taken = nil
			return []byte{0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 100} // Maximum Packet Size
		case 3:
			taken = append(taken, string(packet[8:]))
			return []byte{0x40, 2, packet[5], packet[6]}
		}
		return nil
	})
	for _, c := range []struct{ name, line, says string }{
		{"by far", strings.Repeat("x", 300_000), "line 3 is longer than 100 bytes, the largest packet that the server takes"},
		{"by little", strings.Repeat("x", 98), "line 3: the server doesn't allow it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdin := "a\nb\n" + c.line + "\nd\n"
			r := runCall(t, call{args: []string{"pub", "--url", url, "-t", "a", "-q", "1", "-l"}, stdin: strings.NewReader(stdin)})
			require.Equal(t, 1, r.code, r.stderr)
			require.Contains(t, r.stderr, "mqtt: "+c.says)
			require.Contains(t, r.stderr, "sent 2, acknowledged 2, failed 0")
			require.Equal(t, []string{"a", "b"}, taken)
		})
	}
	t.Run("all of standard input", func(t *testing.T) {
		r := runCall(t, call{args: []string{"pub", "--url", url, "-t", "a", "-s"}, stdin: strings.NewReader(strings.Repeat("x", 200))})
		require.Equal(t, 1, r.code, r.stderr)
		require.Contains(t, r.stderr, "mqtt: standard input is longer than 100 bytes, the largest packet that the server takes")
	})
	t.Run("one", func(t *testing.T) {
		r := run(t, "pub", "--url", url, "-t", "a", "--size", "100")
		require.Equal(t, 1, r.code, r.stderr)
		require.Contains(t, r.stderr, "mqtt: publish: the server doesn't allow it")
	})
}

func TestPubAServerThatEndsConnectionsForALine(t *testing.T) {
	t.Parallel()
	s := newServer(t, ofPackets(1000)) // which this server doesn't say
	w := newWitness(t, s)
	stdin := "a\nb\n" + strings.Repeat("x", 2000) + "\nd\n"
	r := runCall(t, call{args: []string{"pub", "--url", s.url, "-t", "a", "-q", "1", "-l"}, stdin: strings.NewReader(stdin)})
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, "the server doesn't acknowledge line 3, of 2001 bytes: 3 connections in a row have ended before the oldest message was acknowledged")
	require.Contains(t, r.stderr, "sent 4, acknowledged 2, failed 2")
	require.Equal(t, []string{"a", "b"}, w.payloads(t, 2))
}

// Messages of QoS 0 have their outcome on each connection, and say nothing of the one that the connections end for.
func TestPubAServerThatEndsConnectionsForALineAmongOthers(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	url := puppet(t, func(packet []byte) []byte {
		switch packet[0] >> 1 {
		case 0x10 >> 1:
			connections.Add(1)
			return []byte{0x20, 3, 0, 0, 0}
		case 0x32 >> 1, 0x3a >> 1: // QoS 1
			return []byte{0x40, 3, packet[5], packet[6], 1} // a Reason Code that there isn't
		}
		return []byte{}
	})
	stdin := io.MultiReader(strings.NewReader(`{"topic":"a","qos":1}`+"\n"), endless(`{"topic":"a"}`+"\n"))
	r := runCall(t, call{args: []string{"pub", "--url", url, "--ndjson"}, stdin: stdin})
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, "mqtt: the server doesn't acknowledge line 1, of 1 bytes: 3 connections in a row have ended")
	require.EqualValues(t, 3, connections.Load())
}

// endless is a line, again and again.
type endless string

func (line endless) Read(p []byte) (int, error) { return copy(p, line), nil }

// Line 2 waits for its turn when the server says what it takes, and standard input has ended by then.
func TestPubASecondConnectionThatTakesLess(t *testing.T) {
	connections := 0
	url := puppet(t, func(packet []byte) []byte {
		switch {
		case packet[0]>>4 == 1:
			if connections++; connections == 1 {
				return []byte{0x20, 3, 0, 0, 0}
			}
			return []byte{0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 100} // Maximum Packet Size
		case packet[0]>>4 == 3 && connections > 1:
			return []byte{0x40, 2, packet[5], packet[6]}
		}
		return nil
	})
	r := runCall(t, call{args: []string{"pub", "--url", url, "-t", "a", "-q", "1", "-l", "--max-inflight", "1"}, stdin: strings.NewReader("a\n" + strings.Repeat("x", 110))})
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, "line 2: the server doesn't allow it")
	require.Contains(t, r.stderr, "sent 2, acknowledged 1, failed 1")
}

func TestPubAFileThatCannotBeRead(t *testing.T) {
	s := newServer(t)
	directory := t.TempDir()
	r := run(t, "pub", "--url", s.url, "-t", "a", "-f", directory)
	require.Equal(t, 1, r.code, r.stderr)
	require.Equal(t, "mqtt: reading the file: read "+directory+": is a directory\n", r.stderr)
}

func TestPubPropertiesOnAnOldServer(t *testing.T) {
	url := old(t)
	r := run(t, "pub", "--url", url, "-t", "a", "-m", "x")
	require.Equal(t, 0, r.code, r.stderr)
	r = run(t, "pub", "--url", url, "-t", "a", "-m", "x", "-D", "publish", "content-type", "a")
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, "the server speaks MQTT 3.1.1, and -D publish needs 5.0")
	r = runCall(t, call{args: []string{"pub", "--url", url, "--ndjson"},
		stdin: strings.NewReader(`{"topic":"a"}` + "\n" + `{"topic":"a","properties":{"content-type":"a"}}` + "\n" + `{"topic":"a"}` + "\n")})
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, "mqtt: line 2: ")
	require.Contains(t, r.stderr, "sent 1, acknowledged 1, failed 0")
}
