package mqtttest_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// link makes a connection with both its ends.
func link(t *testing.T, v codec.Version) (*client, *mqtttest.Conn) {
	t.Helper()
	s := mqtttest.NewServer()
	t.Cleanup(s.Close)
	c := dial(t, s, v)
	sc, err := s.Accept(t.Context())
	require.NoError(t, err)
	return c, sc
}

func TestConnSpeaksTheVersionOfTheConnect(t *testing.T) {
	overVersions(t, func(t *testing.T, v codec.Version) {
		c, sc := link(t, v)
		require.Zero(t, sc.Version())
		require.ErrorIs(t, sc.Send(&codec.ConnAck{}), mqtttest.ErrNoVersion)
		c.send(&codec.Connect{ClientID: "me", CleanStart: true})
		require.Equal(t, "me", sc.Handshake(t).ClientID)
		require.Equal(t, v, sc.Version())
		require.Equal(t, codec.Success, expect[*codec.ConnAck](c).Code)
		c.send(publish(1, 7, "a/b", "hi"), &codec.PingReq{})
		p := mqtttest.Expect[*codec.Publish](t, sc)
		require.Equal(t, "hi", string(p.Payload))
		mqtttest.Expect[*codec.PingReq](t, sc)
		require.NoError(t, sc.Send(&codec.PubAck{PacketID: 7}, &codec.PingResp{}))
		require.EqualValues(t, 7, expect[*codec.PubAck](c).PacketID)
		expect[*codec.PingResp](c)
	})
}

func TestConnHandshakeWithAnAnswerOfItsOwn(t *testing.T) {
	c, sc := link(t, codec.V5)
	c.send(&codec.Connect{})
	sc.Handshake(t, codec.ConnAck{Code: codec.NotAuthorized})
	require.Equal(t, codec.NotAuthorized, expect[*codec.ConnAck](c).Code)
}

func TestConnReadsWhatCameInPieces(t *testing.T) {
	c, sc := link(t, codec.V311)
	sc.SetVersion(codec.V311)
	sc.Pipe().In().Chunk(1)
	want := strings.Repeat("x", 1000)
	c.send(publish(0, 0, "a", want), publish(0, 0, "b", "y"))
	p := mqtttest.Expect[*codec.Publish](t, sc)
	q := mqtttest.Expect[*codec.Publish](t, sc)
	require.Equal(t, want, string(p.Payload), "a packet is the caller's own")
	require.Equal(t, "y", string(q.Payload))
}

func TestConnReadRaw(t *testing.T) {
	c, sc := link(t, codec.V311)
	sc.SetVersion(codec.V311)
	c.send(&codec.PingReq{}, publish(0, 0, "a/b", "hi"))
	raw, err := sc.ReadRaw(t.Context())
	require.NoError(t, err)
	require.Equal(t, []byte{0xC0, 0}, raw)
	raw, err = sc.ReadRaw(t.Context())
	require.NoError(t, err)
	require.Equal(t, "0\x07\x00\x03a/bhi", string(raw))
}

func TestConnReadKeepsWhatCameBeforeContextEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, sc := link(t, codec.V311)
		sc.SetVersion(codec.V311)
		_, err := c.conn.Write([]byte{0xC0})
		require.NoError(t, err)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err = sc.Read(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = c.conn.Write([]byte{0})
		require.NoError(t, err)
		mqtttest.Expect[*codec.PingReq](t, sc)
	})
}

func TestConnReadErrors(t *testing.T) {
	for _, tc := range []struct {
		name   string
		bytes  []byte
		reason error
	}{
		{"closed between packets", nil, io.EOF},
		{"closed within a packet", []byte{0x30, 5, 0}, io.ErrUnexpectedEOF},
		{"reserved type (§2.1.2)", []byte{0, 0}, codec.MalformedPacket},
		{"flags of PUBREL (§2.1.3)", []byte{0x60, 2, 0, 1}, codec.MalformedPacket},
		{"body too short (§3.3.2.1)", []byte{0x30, 2, 0, 5}, codec.MalformedPacket},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, sc := link(t, codec.V5)
			sc.SetVersion(codec.V5)
			_, err := c.conn.Write(tc.bytes)
			require.NoError(t, err)
			c.conn.Close()
			_, err = sc.Read(t.Context())
			require.ErrorIs(t, err, tc.reason)
		})
	}
}

func TestConnSendIsOneWriteOrNone(t *testing.T) {
	c, sc := link(t, codec.V5)
	sc.SetVersion(codec.V5)
	err := sc.Send(&codec.PingResp{}, &codec.PubAck{PacketID: 0})
	require.ErrorIs(t, err, codec.ProtocolError)
	require.Zero(t, sc.Pipe().Out().Buffered())
	require.NoError(t, sc.SendBytes([]byte{0xD0}))
	require.NoError(t, sc.SendBytes([]byte{0x00}))
	expect[*codec.PingResp](c)
}

func TestConnStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, sc := link(t, codec.V5)
		sc.SetVersion(codec.V5)
		sc.Stall()
		c.send(&codec.PingReq{})
		sc.ExpectNothing(t, time.Hour)
		sc.Resume()
		mqtttest.Expect[*codec.PingReq](t, sc)
	})
}

func TestConnCloseLeavesWhatWasSent(t *testing.T) {
	c, sc := link(t, codec.V5)
	sc.SetVersion(codec.V5)
	require.NoError(t, sc.Send(&codec.PingResp{}))
	sc.Close()
	sc.Close()
	expect[*codec.PingResp](c)
	c.closed()
}

// mockT is a test that may fail.
type mockT struct {
	testing.TB
	failure chan<- string
}

func (m mockT) Helper() {}

func (m mockT) Fatalf(format string, args ...any) {
	m.failure <- strings.TrimSpace(strings.Join([]string{format, describe(args)}, " "))
	runtime.Goexit()
}

func describe(args []any) string {
	var b strings.Builder
	for _, a := range args {
		switch a := a.(type) {
		case string:
			b.WriteString(a + " ")
		case error:
			b.WriteString(a.Error() + " ")
		}
	}
	return b.String()
}

// failureOf says how f failed its test; "" when it didn't.
func failureOf(f func(t testing.TB)) string {
	failure := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(mockT{failure: failure})
	}()
	<-done
	select {
	case s := <-failure:
		return s
	default:
		return ""
	}
}

func TestHelpersFailTheTest(t *testing.T) {
	ping := func(c *client) { c.send(&codec.PingReq{}) }
	end := func(c *client) { c.conn.Close() }
	quiet := func(*client) {}
	for _, tc := range []struct {
		name   string
		client func(*client)
		helper func(testing.TB, *mqtttest.Conn)
		fails  string // what the failure tells; "" when it must not fail
	}{
		{"expect: what came", ping, func(t testing.TB, c *mqtttest.Conn) { mqtttest.Expect[*codec.PingReq](t, c) }, ""},
		{"expect: any", ping, func(t testing.TB, c *mqtttest.Conn) { mqtttest.Expect[codec.Packet](t, c) }, ""},
		{"expect: another packet", ping, func(t testing.TB, c *mqtttest.Conn) { mqtttest.Expect[*codec.Publish](t, c) }, "PINGREQ"},
		{"expect: the end", end, func(t testing.TB, c *mqtttest.Conn) { mqtttest.Expect[*codec.Publish](t, c) }, "the end of the connection"},
		{"expect: nothing came", quiet, func(t testing.TB, c *mqtttest.Conn) { mqtttest.Expect[*codec.Publish](t, c) }, "nothing"},
		{"nothing: nothing came", quiet, func(t testing.TB, c *mqtttest.Conn) { c.ExpectNothing(t, time.Hour) }, ""},
		{"nothing: a packet", ping, func(t testing.TB, c *mqtttest.Conn) { c.ExpectNothing(t, time.Hour) }, "PINGREQ"},
		{"nothing: the end", end, func(t testing.TB, c *mqtttest.Conn) { c.ExpectNothing(t, time.Hour) }, "the end of the connection"},
		{"closed: the end", end, func(t testing.TB, c *mqtttest.Conn) { c.ExpectClosed(t) }, ""},
		{"closed: a packet", ping, func(t testing.TB, c *mqtttest.Conn) { c.ExpectClosed(t) }, "PINGREQ"},
		{"closed: nothing", quiet, func(t testing.TB, c *mqtttest.Conn) { c.ExpectClosed(t) }, "nothing"},
		{"handshake: another packet", ping, func(t testing.TB, c *mqtttest.Conn) { c.Handshake(t) }, "PINGREQ"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, sc := link(t, codec.V5)
				sc.SetVersion(codec.V5)
				tc.client(c)
				got := failureOf(func(t testing.TB) { tc.helper(t, sc) })
				if tc.fails == "" {
					require.Empty(t, got)
				} else {
					require.Contains(t, got, tc.fails)
				}
			})
		})
	}
}

func TestServerPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mqtttest.NewServer()
		defer s.Close()
		s.SetPatience(3 * time.Second)
		dial(t, s, codec.V5)
		sc, err := s.Accept(t.Context())
		require.NoError(t, err)
		start := time.Now()
		require.NotEmpty(t, failureOf(func(t testing.TB) { sc.Handshake(t) }))
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestConnReadsOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, sc := link(t, codec.V5)
		sc.SetVersion(codec.V5)
		first := make(chan error, 1)
		go func() { _, err := sc.Read(t.Context()); first <- err }()
		synctest.Wait()
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err := sc.Read(ctx)
		require.True(t, errors.Is(err, context.DeadlineExceeded))
		c.send(&codec.PingReq{})
		require.NoError(t, <-first)
	})
}
