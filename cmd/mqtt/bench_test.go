package main_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// measured is what the tests look at of a summary.
type measured struct {
	Work          string
	Interrupted   bool
	Seconds, Rate float64
	Configuration struct {
		Count, Clients, Subscribers, QoS, Size int
		Topic                                  string
	}
	Machine struct {
		Cores int
		Go    string
	}
	Scheduled, Offered, Acknowledged, Failed       int64
	Received, Lost, Duplicated, Reordered, Foreign int64
	Reconnects                                     int64
	Latency                                        struct {
		Count                   int64
		Min, P50, P90, P99, Max float64
		P999                    float64
		Percentiles             []struct {
			Percentile, Us float64
			Count          int64
		}
	}
	Calibration *struct{ Rate, Limit, P99 float64 }
	FailIf      []struct {
		Condition string
		Met       bool
	} `json:"fail_if"`
	Intervals []struct {
		At, Length float64
		Offered    int64
	}
}

// benchPatience has what is under way at the end be waited for as long as a test waits: these runs share their processors.
var benchPatience = []string{"MQTT_DRAIN=" + patience.String()}

func bench(t *testing.T, args ...string) result {
	t.Helper()
	return runCall(t, call{args: append([]string{"bench"}, args...), env: benchPatience})
}

func startBench(t *testing.T, args ...string) *process {
	t.Helper()
	return startCall(t, call{args: append([]string{"bench"}, args...), env: benchPatience})
}

func measuredBy(t *testing.T, r result) (m measured) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &m), "stdout: %s\nstderr: %s", r.stdout, r.stderr)
	return m
}

// Who subscribes at QoS 1 to a mochi server while somebody publishes has it lock itself up now and then (Inflight.NextImmediate takes a
// lock for reading twice), so bench sub and e2e subscribe at QoS 0 here.
func TestBenchCountsExactly(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want measured
	}{
		{"pub QoS 0", []string{"pub", "--rate", "4000"}, measured{Scheduled: 2000, Acknowledged: 2000}},
		{"pub QoS 1, clients", []string{"pub", "-q", "1", "--clients", "3", "--rate", "4000"}, measured{Scheduled: 2000, Acknowledged: 2000}},
		{"pub QoS 2 on 3.1.1, saturated", []string{"pub", "-q", "2", "--saturate", "-V", "311"}, measured{Acknowledged: 2000}},
		{"pub QoS 0, saturated", []string{"pub", "--saturate", "--size", "10"}, measured{Acknowledged: 2000}},
		{"e2e", []string{"e2e", "--rate", "4000", "--publishers", "3", "--subscribers", "2"}, measured{Scheduled: 2000, Acknowledged: 2000, Received: 4000}},
		{"e2e, saturated", []string{"e2e", "--saturate", "-t", "a/b"}, measured{Acknowledged: 2000, Received: 2000}},
		{"rtt", []string{"rtt", "-q", "1", "--clients", "2"}, measured{Acknowledged: 2000, Received: 2000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			r := bench(t, append(c.args, "--count", "2000", "--json", "--url", s.url)...)
			require.Equal(t, 0, r.code, r.stderr)
			m := measuredBy(t, r)
			require.Equal(t, c.args[0], m.Work)
			require.Equal(t, 2000, m.Configuration.Count)
			require.Equal(t, []int64{c.want.Scheduled, 2000, c.want.Acknowledged, 0}, []int64{m.Scheduled, m.Offered, m.Acknowledged, m.Failed})
			require.Equal(t, []int64{c.want.Received, 0, 0, 0, 0, 0}, []int64{m.Received, m.Lost, m.Duplicated, m.Reordered, m.Foreign, m.Reconnects})
			require.NotZero(t, m.Machine.Cores)
			require.Contains(t, m.Machine.Go, "go1.")
			l := m.Latency
			require.Greater(t, m.Rate, 0.0)
			require.True(t, l.Min <= l.P50 && l.P50 <= l.P90 && l.P90 <= l.P99 && l.P99 <= l.P999 && l.P999 <= l.Max && l.Max > 0, "%+v", l)
			if c.want.Scheduled > 0 {
				require.Equal(t, max(c.want.Acknowledged, c.want.Received), l.Count)
				require.Equal(t, l.Count, l.Percentiles[len(l.Percentiles)-1].Count)
			}
			var offered int64
			for _, i := range m.Intervals {
				offered += i.Offered
			}
			require.Equal(t, m.Offered, offered, "the seconds together are the whole")
		})
	}
}

func TestBenchSubCountsWhatBenchPubPublishes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	sub := startBench(t, "sub", "--count", "2000", "--json", "--url", s.url)
	sub.stderr.awaitText(t, "subscribed")
	r := bench(t, "pub", "-q", "1", "--clients", "2", "--rate", "4000", "--warmup", "0.1", "--count", "2000", "--url", s.url)
	require.Equal(t, 0, r.code, r.stderr)
	got := sub.wait()
	require.Equal(t, 0, got.code, got.stderr)
	m := measuredBy(t, got)
	require.Equal(t, []int64{2000, 0, 0, 0, 0}, []int64{m.Received, m.Lost, m.Duplicated, m.Reordered, m.Foreign}, "without the warm-up's")
	require.Equal(t, int64(2000), m.Latency.Count)
	require.Greater(t, m.Rate, 0.0)
}

func TestBenchSubCountsWhatOthersPublish(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	sub := startBench(t, "sub", "-t", "others/#", "--count", "100", "--json", "--fail-if", "p99>1s", "--url", s.url)
	sub.stderr.awaitText(t, "subscribed")
	for range 100 {
		require.NoError(t, s.Publish("others/x", []byte("21.5"), false, 0))
	}
	got := sub.wait()
	require.Equal(t, 9, got.code, "a latency that nobody told doesn't hold what was asked for")
	m := measuredBy(t, got)
	require.Equal(t, []int64{100, 100, 0, 0}, []int64{m.Received, m.Foreign, m.Lost, m.Latency.Count})
}

func TestBenchConn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, pace := range [][]string{{"--rate", "400"}, {"--saturate"}} {
		r := bench(t, append([]string{"conn", "--clients", "40", "--duration", "0.1", "--json", "--url", s.url}, pace...)...)
		require.Equal(t, 0, r.code, r.stderr)
		m := measuredBy(t, r)
		require.Equal(t, []int64{40, 40, 0, 0}, []int64{m.Offered, m.Acknowledged, m.Failed, m.Reconnects})
		require.Equal(t, int64(40), m.Latency.Count)
	}
}

func TestBenchWithoutAServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	for _, work := range []string{"pub", "sub", "e2e", "conn", "rtt"} {
		r := bench(t, work, "--url", "mqtt://"+l.Addr().String())
		require.Equal(t, 3, r.code, work)
		require.Empty(t, r.stdout)
		require.Contains(t, r.stderr, "check that a server listens there")
	}
}

func TestBenchUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		says string
	}{
		{"", "say what to measure: pub, sub, e2e, conn or rtt"},
		{"nosuch", `bench can't measure "nosuch"`},
		{"pub --fail-if p99>5", "give a duration"},
		{"pub --fail-if lost>5", `bench pub has no figure "lost"`},
		{"e2e --size 31", "needs payloads of 32 bytes at least"},
		{"e2e --size 5000 --max-packet-size 5000", "no message would come back"},
		{"pub --size 268435456", "a payload has 0 to 267386880 bytes"},
		{"rtt --size 0", "needs payloads of 32 bytes at least"},
		{"sub -t $share/g/a --fail-if lost>0", "of a shared subscription each client gets a part"},
		{"pub --svg .", "--svg \".\" is a directory"},
		{"pub --svg no/such/file", "--svg: there is no directory"},
		{"pub --svg bench_test.go/file", "--svg: there is no directory"},
		{"pub --rate 5 --saturate", "--rate and --saturate"},
		{"pub --rate 0", "--rate 0"},
		{"pub --rate 1e-11", "--rate 1e-11"},
		{"pub --rate NaN", "--rate NaN"},
		{"pub --count 0", "--count 0"},
		{"pub --duration 0", "--duration 0"},
		{"pub --clients 0", "--clients"},
		{"e2e --subscribers 0", "--subscribers 0: there has to be one"},
		{"e2e --subscribers 2000000", "--subscribers 2000000: there has to be one, and no more than a million"},
		{"e2e -t $share/g/a", "no $share/ in front"},
		{"pub -q 3", "a QoS is 0, 1 or 2"},
		{"pub -t a/+", "has no + and no #"},
		{"pub -t a -L mqtt://localhost/b", "--topic and --topic-url"},
		{"rtt --rate 5", "unknown flag: --rate"},
	} {
		r := bench(t, strings.Fields(c.args)...)
		require.Equal(t, 2, r.code, c.args)
		require.Contains(t, r.stderr, c.says)
		require.Empty(t, r.stdout)
	}
}

func TestBenchTheCommandLineSaysItBeforeTheEnvironmentDoes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, c := range []struct {
		args, env string
		topic     string
	}{
		{"--saturate --url " + s.url, "MQTT_RATE=0.01", "mqtt-bench/%c"},
		{"--rate 1000 --url " + s.url, "MQTT_SATURATE=true", "mqtt-bench/%c"},
		{"-L " + s.url + "/a", "MQTT_TOPIC=b", "a"},
		{"-t a", "MQTT_TOPIC_URL=" + s.url + "/b", "a"},
	} {
		r := runCall(t, call{args: strings.Fields("bench pub --count 3 --json " + c.args), env: append([]string{c.env}, benchPatience...)})
		require.Equal(t, 0, r.code, r.stderr)
		m := measuredBy(t, r)
		require.Equal(t, c.topic, m.Configuration.Topic)
		require.Equal(t, strings.Contains(c.args, "--saturate"), m.Scheduled == 0)
	}
}

func TestBenchFailIf(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := bench(t, "pub", "-q", "1", "--count", "50", "--fail-if", "failed>0", "--fail-if", "max>1us", "--json", "--url", s.url)
	require.Equal(t, 9, r.code)
	require.Contains(t, r.stderr, "mqtt: --fail-if max>1us is met: max is ")
	m := measuredBy(t, r)
	require.Equal(t, []bool{false, true}, []bool{m.FailIf[0].Met, m.FailIf[1].Met})
	r = bench(t, "pub", "-q", "1", "--count", "50", "--fail-if", "max>1m", "--url", s.url)
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, "max>1m: not met")
}

func TestBenchCalibrates(t *testing.T) {
	for _, work := range []string{"pub", "sub", "e2e", "conn", "rtt"} {
		t.Run(work, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			args := []string{work, "--duration", "0.2", "--calibrate", "--json", "--url", s.url}
			if work == "conn" {
				args = append(args, "--clients", "20")
			} else {
				args = append(args, "--warmup", "0")
			}
			r := bench(t, args...)
			require.Equal(t, 0, r.code, r.stderr)
			m := measuredBy(t, r)
			require.NotNil(t, m.Calibration)
			require.Greater(t, m.Calibration.Limit, 0.0)
			require.Greater(t, m.Calibration.P99, 0.0)
		})
	}
}

func TestBenchDraws(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	file := filepath.Join(t.TempDir(), "bench.svg")
	r := bench(t, "pub", "-q", "1", "--rate", "500", "--count", "700", "--svg", file, "--url", s.url)
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, "acknowledged   700")
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	elements := map[string]int{}
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			elements[e.Name.Local]++
		}
	}
	require.Equal(t, 1, elements["svg"])
	require.Greater(t, elements["path"], 20)
	r = bench(t, "pub", "--count", "10", "--svg", "/dev/full", "--url", s.url)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "--svg: write /dev/full: no space left on device")
	require.Contains(t, r.stdout, "acknowledged   10", "what was measured isn't lost with the picture")
}

func TestBenchShowsALiveLineOnATerminal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	term := startTerminal(t, 100, 40, call{args: []string{"bench", "pub", "-q", "1", "--rate", "500", "--count", "1300", "--url", s.url}})
	term.awaitText("in flight")
	screen := term.awaitText("p99.9")
	code, raw := term.wait()
	require.Equal(t, 0, code, raw)
	require.NotContains(t, screen, "in flight", "it goes when the summary comes")
	require.GreaterOrEqual(t, strings.Count(raw, "\r\x1b[K"), 2)
}

func TestBenchIsSilentWithoutATerminal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := bench(t, "pub", "--rate", "500", "--count", "600", "--url", s.url)
	require.Equal(t, 0, r.code)
	for line := range strings.Lines(r.stderr) {
		require.Contains(t, line, "warning", "nothing else has to be said")
	}
	r = bench(t, "pub", "--rate", "500", "--count", "600", "--lines", "--url", s.url)
	require.Equal(t, 0, r.code)
	require.Contains(t, r.stderr, "   1s  offered ")
}

func TestBenchTellsWhatItHasWhenInterrupted(t *testing.T) {
	for _, work := range []string{"pub", "sub", "e2e", "conn", "rtt"} {
		t.Run(work, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			args := []string{work, "--duration", "600", "--json", "--lines", "--url", s.url}
			if work == "conn" {
				args = append(args, "--clients", "20")
			} else {
				args = append(args, "--warmup", "0")
			}
			p := startBench(t, args...)
			p.stderr.awaitText(t, "reconnects 0")
			p.signal(syscall.SIGINT)
			r := p.wait()
			require.Equal(t, 130, r.code, r.stderr)
			m := measuredBy(t, r)
			require.True(t, m.Interrupted)
			require.Equal(t, m.Offered, m.Acknowledged)
			require.Zero(t, m.Failed+m.Lost)
			if work == "sub" {
				require.Zero(t, m.Offered)
			} else {
				require.NotZero(t, m.Offered)
			}
		})
	}
}

func TestBenchGoesOnWhenAConnectionIsLost(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := newDisturber(t, s)
	b := startBench(t, "pub", "-q", "1", "--rate", "500", "--count", "1500", "--json", "--lines", "--url", p.url)
	b.stderr.awaitText(t, "   1s  offered")
	p.cut()
	r := b.wait()
	require.Equal(t, 0, r.code, r.stderr)
	m := measuredBy(t, r)
	require.Equal(t, []int64{1500, 1500, 0, 1}, []int64{m.Offered, m.Acknowledged, m.Failed, m.Reconnects})
	require.Contains(t, r.stderr, "a connection was lost")
	require.Contains(t, r.stderr, "all connections are there again")
}

// A server that stands still for 200 ms makes 200 of 2000 messages late that are due each millisecond. Who waits for each answer before
// sending the next sees one.
func TestBenchSeesAPauseInAllThatItMadeLate(t *testing.T) {
	for _, work := range []struct{ name, qos string }{{"pub", "1"}, {"e2e", "0"}} {
		t.Run(work.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			p := newDisturber(t, s)
			p.pauseAfter(40_000, 200*time.Millisecond) // bytes of some 400 messages
			r := bench(t, work.name, "-q", work.qos, "--rate", "1000", "--count", "2000", "--json", "--url", p.url)
			require.Equal(t, 0, r.code, r.stderr)
			m := measuredBy(t, r)
			require.Equal(t, int64(2000), m.Latency.Count)
			require.GreaterOrEqual(t, m.Latency.Max, 190_000.0, "microseconds")
			require.GreaterOrEqual(t, m.Latency.P99, 150_000.0, "20 messages have waited for 180 ms and longer")
			late := int64(0)
			for _, rung := range m.Latency.Percentiles {
				if rung.Us < 50_000 {
					late = m.Latency.Count - rung.Count
				}
			}
			require.GreaterOrEqual(t, late, int64(100), "150 messages have waited for 50 ms and longer")
			t.Logf("p50 %.0f us, p90 %.0f us, p99 %.0f us, max %.0f us, %d above 50 ms", m.Latency.P50, m.Latency.P90, m.Latency.P99, m.Latency.Max, late)
		})
	}
}
