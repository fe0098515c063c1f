package main_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTopTable(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.publish(t, "kept/one", "before", true)
	term := startTop(t, s)
	term.awaitRow("kept/one", "before")
	term.awaitRow("kept/one", "yes")
	s.publish(t, "plant/b", "line one\nline \x1b[31mtwo", false)
	s.publish(t, "plant/a", "\x00\xff\x01", false)
	term.awaitRow("plant/b", "line one␊line ␛[31mtwo")
	term.awaitRow("plant/a", "0x00ff01")
	term.awaitText("3 topics")

	term.keys("1")
	term.awaitOrder("kept/one", "plant/a", "plant/b")
	term.keys("r")
	term.awaitOrder("plant/b", "plant/a", "kept/one")
	term.keys("5") // size: the largest first
	term.awaitOrder("plant/b", "kept/one", "plant/a")

	term.keys("/PLANT")
	term.awaitText("2 of 3 topics")
	term.await("no kept/one", func(text string) bool { return row(text, "kept/one") == "" })
	term.keys("\x15+/one\r")
	term.awaitText("1 of 3 topics")
	term.awaitRow("kept/one", "before")
	term.keys("\x1b")
	term.awaitRow("plant/a", "0x00ff01")

	term.keys("?")
	term.awaitText("turns the order round")
	term.keys("x")
	term.awaitRow("plant/a", "0x00ff01")
	term.keys("q")
	term.endsWell()
}

func TestTopFreezeAndDetails(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.publish(t, "x", "first", true)
	term := startTop(t, s)
	term.awaitRow("x", "first")
	term.keys(" ")
	term.awaitText("frozen")
	s.publish(t, "x", "second", false)
	s.publish(t, "y", strings.Repeat("long ", 60)+"\nthe end", false)
	term.keys("\r")
	text := term.awaitText("payload")
	require.Contains(t, text, "first", "what is frozen is what is looked into")
	term.keys("\x1b")
	term.awaitRow("x", "first")
	term.keys(" ")
	term.awaitRow("x", "second")
	term.keys("1jj\r") // the second by topic
	term.awaitText("the end")
	text = term.awaitText("308 bytes")
	require.Contains(t, text, "messages")
	s.publish(t, "y", "short", false)
	term.awaitText("5 bytes")
	term.keys("\x03")
	term.endsWell()
}

func TestTopResize(t *testing.T) {
	s, term := newTop(t, "--sort", "topic")
	for i := range 40 {
		s.publish(t, fmt.Sprintf("t%02d", i), "v", false)
	}
	term.awaitRow("t15", "v") // 20 rows less the head and the foot
	require.Empty(t, row(term.text(), "t16"))
	term.resize(60, 30)
	term.awaitRow("t25", "v")
	require.Empty(t, row(term.text(), "t26"))
	term.keys("G")
	term.awaitRow("t39", "v")
	term.keys("\x1b[5~") // a page up
	term.awaitRow("t13", "v")
	term.resize(20, 3)
	term.resize(1, 1)
	term.resize(100, 20)
	term.awaitText("40 topics")
	require.NoError(t, term.process.Signal(syscall.SIGTERM))
	term.endsWell()
}

func TestTopSaysThatTheServerIsGoneAndBack(t *testing.T) {
	s, term := newTop(t)
	s.publish(t, "a", "1", false)
	term.awaitRow("a", "1")
	s.stop()
	term.awaitText("connection lost")
	term.awaitText("reconnecting")
	l, err := net.Listen("tcp", "127.0.0.1:"+s.port)
	require.NoError(t, err)
	again := serve(t, l)
	term.awaitText("lost once before")
	again.publish(t, "a", "2", true)
	term.awaitRow("a", "2")
	term.keys("q")
	term.endsWell()
}

func TestTopInAFlood(t *testing.T) {
	s, term := newTop(t, "--max-topics", "300", "-q", "0")
	over := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-over:
				return
			default:
				s.Publish(fmt.Sprintf("flood/%d", n%500), fmt.Append(nil, n), false, 0)
			}
		}
	})
	defer func() { close(over); wg.Wait() }()
	term.awaitText("300 topics ")
	term.awaitText("topics forgotten")
	term.keys("/flood/499\r")
	term.awaitText("filter flood/499")
	term.keys("?")
	term.awaitText("turns the order round")
	term.keys("xq")
	term.endsWell()
}

func TestTopWithoutItsServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "mqtt://" + l.Addr().String()
	l.Close()
	term := startTerminal(t, 100, 20, call{args: []string{"top", "--url", url}})
	term.endsWith(3, "connection refused")
}

func TestTopRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, new(nothing))
	term := startTerminal(t, 100, 20, call{args: []string{"top", "--url", s.url}})
	term.endsWith(7, "mqtt: ")
}

func TestTopPrints(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.publish(t, "plant/a", "21.5", true)
	s.publish(t, "plant/b", "\xff", true)
	s.publish(t, "other", "x", true)
	r := run(t, "top", "--url", s.url, "--once", "-t", "plant/#", "-t", "#", "-T", "other", "--sort", "topic")
	require.Equal(t, 0, r.code, r.stderr)
	lines := strings.Split(r.stdout, "\n")
	require.Len(t, lines, 4, r.stdout)
	require.Equal(t, []string{"TOPIC", "AGE", "RATE", "SIZE", "RETAINED", "QOS", "VALUE"}, strings.Fields(lines[0]))
	require.Regexp(t, `^plant/a +\d\S* +\S+ +4 +yes +0 +21.5$`, lines[1])
	require.Regexp(t, `^plant/b +\d\S* +\S+ +1 +yes +0 +0xff$`, lines[2])

	r = run(t, "top", "--url", s.url, "--for", "0.2", "-o", "ndjson", "-t", "plant/a", "-V", "311")
	require.Equal(t, 0, r.code, r.stderr)
	var line struct {
		Topic, Payload  string
		Retain          bool
		Size, Messages  int
		Rate, Age, Time any
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &line), r.stdout)
	require.Equal(t, "plant/a", line.Topic)
	require.Equal(t, "21.5", line.Payload)
	require.Equal(t, 4, line.Size)
	require.True(t, line.Retain)
}

func TestTopPrintsWhatItHasWhenInterrupted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.publish(t, "a", "kept", true)
	p := start(t, "top", "--url", s.url, "--for", "1h", "-d")
	p.stderr.awaitText(t, "<- PUBLISH")
	s.stop()
	p.stderr.awaitText(t, "is lost")
	p.signal(syscall.SIGINT)
	r := p.wait()
	require.Equal(t, 130, r.code)
	require.Contains(t, r.stdout, "kept")
}

func TestTopUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no terminal", nil, "needs a terminal"},
		{"unknown column", []string{"--once", "--sort", "size!"}, "--sort"},
		{"unknown form", []string{"--once", "-o", "xml"}, "give table or ndjson"},
		{"a form without printing", []string{"-o", "ndjson"}, "--once or --for"},
		{"no topics", []string{"--once", "--max-topics", "0"}, "--max-topics 0"},
		{"bad QoS", []string{"--once", "-q", "3"}, "--qos 3"},
		{"bad filter", []string{"--once", "-t", "a#"}, `--topic "a#"`},
		{"bad filter to leave out", []string{"--once", "-T", "+b"}, `--filter-out "+b"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, append([]string{"top"}, c.args...)...)
			require.Equal(t, 2, r.code, r.stderr)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, c.says)
		})
	}
}
