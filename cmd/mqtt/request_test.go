package main_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// startReply starts `mqtt reply`, and waits until it is there for requests.
func startReply(t testing.TB, url string, args ...string) *process {
	t.Helper()
	p := start(t, append([]string{"reply", "--url", url, "-v"}, args...)...)
	p.stderr.awaitText(t, "waiting for requests")
	return p
}

func TestRequestAndReply(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	reply := startReply(t, s.url, "-t", "upper", "--exec", `tr a-z A-Z; printf ' %s %s %s' "$MQTT_MESSAGE_TOPIC" "$MQTT_MESSAGE_QOS" "$MQTT_MESSAGE_CONTENT_TYPE"`,
		"-D", "publish", "content-type", "text/upper")
	file := filepath.Join(t.TempDir(), "payload")
	require.NoError(t, os.WriteFile(file, []byte("from a file"), 0o600))

	r := run(t, "request", "--url", s.url, "-t", "upper", "-m", "hello", "-D", "publish", "content-type", "text/plain")
	require.Equal(t, result{0, "HELLO upper 1 text/plain\n", ""}, r)
	require.Equal(t, result{0, "FROM A FILE upper 2 ", ""}, run(t, "request", "--url", s.url, "-t", "upper", "-f", file, "-q", "2", "-o", "raw"))
	require.Equal(t, result{0, "FROM\nSTDIN\n upper 0 \n", ""},
		runCall(t, call{args: []string{"request", "--url", s.url, "-t", "upper", "-s", "-q", "0"}, stdin: strings.NewReader("from\nstdin\n")}))
	require.Equal(t, result{0, " upper 1 \n", ""}, run(t, "request", "-L", s.url+"/upper", "-n"))

	r = run(t, "request", "--url", s.url, "-t", "upper", "-m", "x", "-o", "ndjson", "--latency", "-D", "publish", "correlation-data", "mine")
	require.Equal(t, 0, r.code, r.stderr)
	var answer struct {
		Payload    string
		Properties map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &answer))
	require.Equal(t, "X upper 1 ", answer.Payload)
	require.Equal(t, "mine", answer.Properties["correlation-data"])
	require.Equal(t, "text/upper", answer.Properties["content-type"])
	require.Regexp(t, `^mqtt: answered after \d+\.\d{3} ms\n$`, r.stderr)

	reply.signal(syscall.SIGINT)
	end := reply.wait()
	require.Equal(t, 0, end.code, end.stderr)
	require.Empty(t, end.stdout)
	require.Contains(t, end.stderr, `mqtt: answered "upper" with 24 bytes in `)
}

func TestRequestWantsManyAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	startReply(t, s.url, "-t", "all", "--message", "one")
	startReply(t, s.url, "-t", "all", "--echo")

	r := run(t, "request", "--url", s.url, "-t", "all", "-m", "two", "-C", "2")
	require.Equal(t, 0, r.code, r.stderr)
	require.ElementsMatch(t, []string{"one", "two"}, strings.Fields(r.stdout))

	p := start(t, "request", "--url", s.url, "-t", "all", "-m", "two", "-C", "3", "-W", "0", "-D", "publish", "response-topic", "here/please", "-o", "ndjson")
	p.stdout.await(t, "two answers", func(text string) bool { return strings.Count(text, `"topic":"here/please"`) == 2 })
	p.signal(syscall.SIGINT)
	require.Equal(t, 130, p.wait().code)

	r = run(t, "request", "--url", s.url, "-t", "all", "-m", "two", "-C", "3", "-W", "1")
	require.Equal(t, 27, r.code)
	require.Regexp(t, `mqtt: (\d of 3 answers to "all" came within 1s|no answer to "all" within 1s)`, r.stderr)

	r = run(t, "request", "--url", s.url, "-t", "all", "-m", "two", "-C", "0", "-W", "1")
	require.Equal(t, map[bool]int{true: 0, false: 27}[r.stdout != ""], r.code, "as many as came in time: %s", r.stderr)
}

func TestRequestIsInterruptedBetweenTwo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	startReply(t, s.url, "-t", "a", "--echo")
	p := start(t, "request", "--url", s.url, "-t", "a", "-m", "x", "--repeat", "10", "--interval", "1h", "--latency")
	p.stdout.awaitText(t, "x\n")
	p.signal(syscall.SIGINT)
	r := p.wait()
	require.Equal(t, 130, r.code)
	require.Contains(t, r.stderr, "mqtt: 1 of 1 answered")
}

// TestReplyInAGroup: one of a group answers, so that a request has one answer.
func TestReplyInAGroup(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 2 {
		startReply(t, s.url, "-t", "jobs", "--group", "workers", "--echo", "--parallel", "4")
	}
	r := run(t, "request", "--url", s.url, "-t", "jobs", "-m", "x", "-C", "2", "-W", "1")
	require.Equal(t, 27, r.code, "two answers: %s", r.stdout)
	r = run(t, "request", "--url", s.url, "-t", "jobs", "-m", "x", "--repeat", "20", "--latency")
	require.Equal(t, strings.Repeat("x\n", 20), r.stdout)
	require.Regexp(t, `^mqtt: 20 of 20 answered: min \S+ ms, p50 \S+ ms, p90 \S+ ms, p99 \S+ ms, max \S+ ms\n$`, r.stderr)
}

func TestRequestWithoutAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := run(t, "request", "--url", s.url, "-t", "nobody", "-m", "x", "-q", "0", "--wait", "0.2")
	require.Equal(t, 27, r.code)
	require.Contains(t, r.stderr, `no answer to "nobody" within 200ms; is the service running?`)
	r = run(t, "request", "--url", s.url, "-t", "nobody", "-m", "x", "-q", "0", "-W", "0.1", "--repeat", "2", "--latency")
	require.Equal(t, 27, r.code)
	require.Contains(t, r.stderr, "0 of 2 answered\n")

	p := start(t, "request", "--url", s.url, "-t", "nobody", "-m", "x", "-q", "0", "-W", "0", "-d")
	p.stderr.awaitText(t, `-> PUBLISH`)
	p.signal(syscall.SIGINT)
	r = p.wait()
	require.Equal(t, 130, r.code)
	require.Contains(t, r.stderr, "mqtt: interrupted")
}

// TestReplyWithoutAnswer: a command that fails sends no answer, and --exec-failed says what becomes of the request.
func TestReplyWithoutAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ask := func(topic string) *process {
		return start(t, "request", "--url", s.url, "-t", topic, "-m", "x", "-W", "0")
	}
	skip := startReply(t, s.url, "-t", "skip", "--exec", "echo half; echo oops >&2; exit 3")
	ask("skip")
	said := skip.stderr.awaitText(t, "no answer to")
	require.Contains(t, said, "oops\n")
	require.Contains(t, said, `mqtt: no answer to "skip": --exec: exit status 3`)
	skip.signal(syscall.SIGINT)
	require.Equal(t, 0, skip.wait().code)

	stop := startReply(t, s.url, "-t", "stop", "--exec", "exit 3", "--exec-failed", "stop")
	ask("stop")
	r := stop.wait()
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, `mqtt: no answer to "stop", which stays unacknowledged: --exec: exit status 3`)

	reject := start(t, "reply", "--url", s.url, "-t", "reject", "--exec", "exit 3", "--exec-failed", "reject", "-d")
	reject.stderr.awaitText(t, "<- SUBACK")
	ask("reject")
	said = reject.stderr.await(t, "PUBACK", func(text string) bool { return strings.Contains(text, "-> PUBACK") })
	require.Regexp(t, `-> PUBACK \d+ bytes id 1 unspecified error\n`, said)

	narrow := newServer(t, ofPackets(1000))
	large := startReply(t, narrow.url, "-t", "large", "--exec", "yes")
	start(t, "request", "--url", narrow.url, "-t", "large", "-n", "-W", "0")
	large.stderr.awaitText(t, `no answer to "large": --exec: the answer is larger than the server takes`)

	count := startReply(t, s.url, "-t", "count", "--echo", "-C", "1")
	publishOnce(t, s.url, mqtt.Message{Topic: "count", Payload: []byte("no request")})
	count.stderr.awaitText(t, `a message to "count" has no response topic, so nobody waits for an answer; skipped`)
	require.Equal(t, 0, run(t, "request", "--url", s.url, "-t", "count", "-m", "x").code)
	require.Equal(t, 0, count.wait().code)
}

// publishOnce publishes a message from this process.
func publishOnce(t testing.TB, url string, m mqtt.Message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := mqtt.Connect(ctx, url, mqtt.Config{})
	require.NoError(t, err)
	require.NoError(t, client.Publish(ctx, m))
	require.NoError(t, client.Close(ctx))
}

// TestReplyOfACommandThatLeavesAChild: the child has the answer's pipe still.
func TestReplyOfACommandThatLeavesAChild(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	reply := startReply(t, s.url, "-t", "a", "--exec", "cat '"+fifo+"' 2>&- & printf hello")
	require.Equal(t, result{0, "hello\n", ""}, run(t, "request", "--url", s.url, "-t", "a", "-n"))
	require.NoError(t, os.WriteFile(fifo, nil, 0)) // the child ends
	reply.signal(syscall.SIGINT)
	require.Equal(t, 0, reply.wait().code)
}

// TestReplyFinishesAtAnInterrupt: the answer that is being made is still sent; what isn't made within --drain is given up.
func TestReplyFinishesAtAnInterrupt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	gate := filepath.Join(t.TempDir(), "gate")
	slowly := "echo begun >&2; until cat '" + gate + "' 2>&-; do sleep 0.05; done"
	open := func() { // at once with all that is in it
		require.NoError(t, os.WriteFile(gate+".new", []byte("done"), 0o600))
		require.NoError(t, os.Rename(gate+".new", gate))
	}
	reply := startReply(t, s.url, "-t", "slow", "--exec", slowly)
	request := start(t, "request", "--url", s.url, "-t", "slow", "-n")
	reply.stderr.awaitText(t, "begun")
	reply.signal(syscall.SIGINT)
	open()
	require.Equal(t, result{0, "done\n", ""}, request.wait())
	require.Equal(t, 0, reply.wait().code)

	require.NoError(t, os.Remove(gate))
	// Ctrl-C goes to all that the terminal has, but not to the command that makes the answer.
	term := startTerminal(t, 80, 24, call{args: []string{"reply", "--url", s.url, "-t", "terminal", "--exec", slowly, "-v"}})
	term.awaitText("waiting for requests")
	request = start(t, "request", "--url", s.url, "-t", "terminal", "-n")
	term.awaitText("begun")
	term.keys("\x03")
	term.awaitText("^C")
	open()
	require.Equal(t, result{0, "done\n", ""}, request.wait())
	code, _ := term.wait()
	require.Equal(t, 0, code)

	require.NoError(t, os.Remove(gate))
	reply = startReply(t, s.url, "-t", "never", "--exec", slowly, "--drain", "100ms")
	start(t, "request", "--url", s.url, "-t", "never", "-n")
	reply.stderr.awaitText(t, "begun")
	reply.signal(syscall.SIGINT)
	require.Equal(t, 130, reply.wait().code)
}

// TestReplyAcknowledgesBehindTheAnswer looks at the packets.
func TestReplyAcknowledgesBehindTheAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	reply := start(t, "reply", "--url", s.url, "-t", "a", "--echo", "-d", "-C", "1")
	reply.stderr.awaitText(t, "<- SUBACK")
	require.Equal(t, 0, run(t, "request", "--url", s.url, "-t", "a", "-m", "x").code)
	said := reply.wait().stderr
	require.Regexp(t, regexp.MustCompile(`(?s)-> PUBLISH .*topic "responses/.*<- PUBACK .*-> PUBACK `), said)
}

// startOldServer starts a server that speaks MQTT 3.1.1 alone, and does no more than to say yes.
func startOldServer(t testing.TB) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				for buf := make([]byte, 1024); ; {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					switch {
					case buf[0] == 0x10 && buf[8] == 5:
						conn.Write([]byte{0x20, 2, 0, 1}) // unacceptable protocol version
						return
					case buf[0] == 0x10:
						conn.Write([]byte{0x20, 2, 0, 0})
					case buf[0] == 0x82:
						conn.Write([]byte{0x90, 3, buf[2], buf[3], 0})
					case buf[n-2] == 0xE0:
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return "mqtt://" + l.Addr().String()
}

func TestRequestAndReplyNeed5(t *testing.T) {
	t.Parallel()
	url := startOldServer(t)
	for _, args := range [][]string{{"request", "-t", "a", "-m", "x"}, {"reply", "-t", "a", "--echo"}} {
		r := run(t, append(args, "--url", url)...)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "requests and answers need MQTT 5.0, and the server speaks 3.1.1; give another server")
	}
}

func TestRequestUsage(t *testing.T) {
	for _, c := range []struct {
		says string
		args []string
	}{
		{"no topic given", []string{"request", "-m", "x"}},
		{`-t "a/+": topic name contains a wildcard`, []string{"request", "-t", "a/+", "-m", "x"}},
		{"no payload given; -m, -f and -s say what it is, -n that it is empty", []string{"request", "-t", "a"}},
		{"--message and --file both say what the payload is", []string{"request", "-t", "a", "-m", "x", "-f", "y"}},
		{"nosuch: no such file", []string{"request", "-t", "a", "-f", "nosuch"}},
		{"requests and answers need MQTT 5.0; leave -V away", []string{"request", "-t", "a", "-m", "x", "-V", "311"}},
		{"--qos 3", []string{"request", "-t", "a", "-m", "x", "-q", "3"}},
		{`--output "pretty": give line, raw or ndjson`, []string{"request", "-t", "a", "-m", "x", "-o", "pretty"}},
		{"--count -1", []string{"request", "-t", "a", "-m", "x", "-C", "-1"}},
		{"--timeout is over, which must be more than 0", []string{"request", "-t", "a", "-m", "x", "-C", "0", "-W", "0"}},
		{"--repeat 0: give a number from 1 up", []string{"request", "-t", "a", "-m", "x", "--repeat", "0"}},
		{"leave --count away", []string{"request", "-t", "a", "-m", "x", "--repeat", "2", "-C", "2"}},
		{"--interval needs --repeat", []string{"request", "-t", "a", "-m", "x", "--interval", "1"}},
		{"no topic given", []string{"reply", "--echo"}},
		{"no answer given; --exec, --message and --echo say what it is", []string{"reply", "-t", "a"}},
		{"--exec and --echo both say what the answer is", []string{"reply", "-t", "a", "--echo", "--exec", "cat"}},
		{`-t "a/#/b": topic filter`, []string{"reply", "-t", "a/#/b", "--echo"}},
		{`--group "a/b": a name has no /, + and #`, []string{"reply", "-t", "a", "--echo", "--group", "a/b"}},
		{"--parallel 0: give 1 to 1000", []string{"reply", "-t", "a", "--echo", "--parallel", "0"}},
		{`--exec-failed "x": give skip, reject or stop`, []string{"reply", "-t", "a", "--exec", "cat", "--exec-failed", "x"}},
		{"requests and answers need MQTT 5.0", []string{"reply", "-t", "a", "--echo", "-V", "31"}},
		{"an answer has its request's", []string{"reply", "-t", "a", "--echo", "-D", "publish", "correlation-data", "x"}},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			r := run(t, c.args...)
			require.Equal(t, 2, r.code, r.stderr)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, c.says)
		})
	}
}

func TestRequestReachesNoServer(t *testing.T) {
	for _, args := range [][]string{{"request", "-t", "a", "-m", "x"}, {"reply", "-t", "a", "--echo"}} {
		r := run(t, append(args, "--url", "mqtt://127.0.0.1:1")...)
		require.Equal(t, 3, r.code, r.stderr)
	}
}
