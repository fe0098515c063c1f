package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// The whole way: a server process, client processes, the report.
func TestSideBySide(t *testing.T) {
	var report, progress strings.Builder
	s := settings{rounds: 1, scale: 0.001, size: 64, only: "publish QoS 1, 1000 in flight", peers: "limit, sluice,paho"}
	if err := sideBySide(t.Context(), &report, &progress, s); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"| work | socket limit | Sluice | of the limit | paho.mqtt.golang | Sluice : best in Go |", "| publish QoS 1, 1000 in flight | ", "1 → 1", "## CPU for each message",
	} {
		if !strings.Contains(report.String(), part) {
			t.Errorf("the report has no %q:\n%s", part, &report)
		}
	}
	if !strings.Contains(progress.String(), "publish QoS 1, 1000 in flight\n") {
		t.Errorf("progress: %q", &progress)
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	for complaint, s := range map[string]settings{
		`no row contains "nothing"; these are there:`:                       {only: "nothing"},
		`there is no client "nobody"; these are there: limit, sluice, paho`: {peers: "nobody"},
		`-cpuprofile is for one row; -only "receive QoS" chooses`:           {only: "receive QoS", profile: "p"},
		"-growth measures limit and sluice; -peers paho has neither":        {growth: true, peers: "paho"},
		"-rounds 0: there must be one at least":                             {only: "trip", rounds: -1},
	} {
		s.rounds++
		err := sideBySide(t.Context(), new(strings.Builder), new(strings.Builder), s)
		if err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%+v: %v, want %q", s, err, complaint)
		}
	}
}

// The profile is that of the client process.
func TestProfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "profile")
	s := settings{rounds: 1, scale: 0.001, size: 64, only: "round trip", profile: path}
	if err := sideBySide(t.Context(), new(strings.Builder), new(strings.Builder), s); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("there is no profile: %v, %v", info, err)
	}
}

// broken is a client that does its work badly.
type broken struct {
	cannot string
	err    error
}

func (b broken) do(context.Context, order) (result, error) { return result{Cannot: b.cannot}, b.err }

// A client that fails or can't do a work has a dash and a reason, and only for Sluice and the limit that is an error.
func TestWhoFails(t *testing.T) {
	all := []candidate{{"sluice", "Sluice", 0, inGo, sluice{}}, {"other", "Other", 4, inGo, broken{}}}
	m := func(name string, a, b cell) measurement {
		return measurement{row{name: name, order: order{Work: "publish"}}, []cell{a, b}}
	}
	figures := cell{rate: 1000, result: result{N: 10, CPU: 1e-6, Before: 1, After: 2}}
	d := &document{candidates: all, works: []measurement{
		m("good", figures, figures),
		m("other fails", figures, cell{why: "it\nbroke", failed: true}),
		m("other can't", figures, cell{why: "it hasn't that"}),
	}}
	if err := d.failures(); err != nil {
		t.Errorf("failures() = %v for what another client failed at", err)
	}
	text := d.text()
	for _, line := range []string{
		"| good | 1,000 | 1,000 | 1.00 |", "| other fails | 1,000 | - | - |", "- other fails, Other: it broke", "- other can't, Other: it hasn't that", "| good | 1 → 2 | 1 → 2 |",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the report has no line %q:\n%s", line, text)
		}
	}
	d.works = append(d.works, m("bad", cell{why: "it broke", failed: true}, figures))
	if err := d.failures(); err == nil || err.Error() != "bad, Sluice: it broke" {
		t.Errorf("failures() = %v", err)
	}
}

func TestOnePerforms(t *testing.T) {
	gone := errors.New("gone")
	if _, err := perform(candidate{peer: broken{err: gone}}, order{}); err != gone {
		t.Errorf("perform() = %v, want %v", err, gone)
	}
	if got, err := perform(candidate{peer: broken{cannot: "no"}}, order{}); err != nil || got.Cannot != "no" {
		t.Errorf("perform() = %+v, %v", got, err)
	}
}

// leaking leaves goroutines behind: more than those of earlier tests, which may end meanwhile.
type leaking struct{ until chan struct{} }

const leaks = 100

func (l leaking) do(context.Context, order) (result, error) {
	for range leaks {
		go func() { <-l.until }()
	}
	return result{N: 1, Seconds: 1}, nil
}

func TestGoroutinesLeftBehindAreCounted(t *testing.T) {
	until := make(chan struct{})
	defer close(until)
	got, err := perform(candidate{name: "other", kind: inGo, peer: leaking{until}}, order{})
	if err != nil || got.After < got.Before+leaks/2 {
		t.Errorf("perform() = %d → %d, %v", got.Before, got.After, err)
	}
	if _, err := perform(candidate{name: "sluice", kind: inGo, peer: leaking{until}}, order{}); err == nil {
		t.Error("Sluice may leave a goroutine behind")
	}
}

func TestResultOf(t *testing.T) {
	got, err := resultOf([]byte("chatter\n{\"N\":3,\"Seconds\":2}\n"))
	if err != nil || got.N != 3 || got.Seconds != 2 {
		t.Errorf("resultOf() = %+v, %v", got, err)
	}
	if _, err := resultOf([]byte("panic: no")); err == nil || !strings.Contains(err.Error(), "panic: no") {
		t.Errorf("resultOf() = %v", err)
	}
}

func TestMedians(t *testing.T) {
	got, rate := medians([]result{{N: 10, Seconds: 1, CPU: 30, After: 1}, {N: 20, Seconds: 1, CPU: 20, After: 5}, {N: 30, Seconds: 1, CPU: 60, After: 2}})
	if rate != 20 || got.CPU != 2 || got.After != 5 || got.N != 20 {
		t.Errorf("medians() = %+v, %v", got, rate)
	}
}

func TestFigure(t *testing.T) {
	for f, want := range map[float64]string{0: "0", 0.004: "0", 0.126: "0.13", 9.99: "9.99", 12.34: "12.3", 123.4: "123", 1234: "1,230", 999_600: "1,000,000", 1234567: "1,230,000"} {
		if got := figure(f); got != want {
			t.Errorf("figure(%v) = %q, want %q", f, got, want)
		}
	}
}

// What an order asks for follows from the row, the client and its pace.
func TestOrderOf(t *testing.T) {
	r := &runner{scale: 1, size: 64}
	both, only5 := candidate{name: "both"}, candidate{name: "new", version: 5}
	for i, c := range []struct {
		candidate      candidate
		row            row
		rate           float64
		n, size, speak int
	}{
		{both, row{}, 0, 2000, 64, 4},
		{both, row{}, 100_000, 15_000, 64, 4},
		{only5, row{}, 0, 2000, 64, 5},
		{both, row{order: order{Version: 5}}, 0, 2000, 64, 5},
		{both, row{order: order{Size: 1 << 20}}, 0, 20, 1 << 20, 4},
		{both, row{order: order{N: 10_000, Work: "reconnect"}, fixed: true}, 99, 10_000, 64, 4},
	} {
		o := r.orderOf(c.candidate, c.row, c.rate)
		if o.N != c.n || o.Size != c.size || o.Version != c.speak {
			t.Errorf("case %d: %+v", i, o)
		}
	}
	if a, b := r.orderOf(both, row{}, 0), r.orderOf(both, row{}, 0); a.Client == b.Client {
		t.Errorf("two runs have the ClientID %s", a.Client)
	}
}

// The server floods with what was asked for, and no more than a window of it before something is acknowledged.
func TestFloodMindsTheWindow(t *testing.T) {
	for _, c := range []struct{ version, window, receiveMaximum, want int }{{4, 7, 65535, 7}, {4, 0, 65535, 50}, {5, 30, 5, 5}, {5, 30, 65535, 30}} {
		here, there := net.Pipe()
		s := &session{conn: there, version: codec.Version(c.version), most: c.receiveMaximum}
		o := order{Version: c.version, QoS: 1, Size: 16, N: 50, Window: c.window}
		if err := s.flood(o.request()); err != nil {
			t.Fatal(err)
		}
		got := make(chan int, 1)
		go func() {
			n, _ := io.Copy(io.Discard, here)
			got <- int(n)
		}()
		if err := s.flooding.run(s); err != nil {
			t.Fatal(err)
		}
		there.Close()
		if n := <-got / s.flooding.ring.stride; n != c.want {
			t.Errorf("%+v: %d messages", c, n)
		}
	}
}
