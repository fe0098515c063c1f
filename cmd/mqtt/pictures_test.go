package main_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/picture"
)

// picturesInto names the environment variable with the directory for the pictures; without it none are made. `make pictures` sets it.
const picturesInto = "SLUICE_PICTURES"

// script is how a picture comes about. It is of the screen after the last step.
type script struct {
	name       string // of the file: cli-NAME.svg
	args       []string
	cols, rows int
	steps      []step
}

// step waits until the screen shows text and for some time more, then types keys.
type step struct {
	await string
	then  time.Duration
	keys  string
}

var scripts = []script{
	{"sub", []string{"sub", "-t", "plant/#", "-T", "plant/camera/#", "-o", "pretty"}, 100, 20, []step{{"plant/", 4 * time.Second, ""}}},
	{"bench", []string{"bench", "e2e", "-q", "1", "--rate", "2000", "--duration", "5"}, 110, 30, []step{{"p99", 30 * time.Second, ""}}},
	{"top", []string{"top", "-t", "plant/#"}, 110, 20, []step{{"connected", 17 * time.Second, "jjj"}, {"plant/", time.Second, ""}}},
}

func TestPictures(t *testing.T) {
	dir := os.Getenv(picturesInto)
	if dir == "" {
		return // pictures are made when they are asked for
	}
	for _, sc := range scripts {
		t.Run(sc.name, func(t *testing.T) {
			s := plant(t)
			term := startTerminal(t, sc.cols, sc.rows, call{args: append(sc.args, "-p", s.port), env: []string{"COLORTERM="}})
			for _, st := range sc.steps {
				term.awaitText(st.await)
				select {
				case <-time.After(st.then):
				case <-term.over:
				}
				if st.keys != "" {
					term.keys(st.keys)
				}
			}
			now := <-term.screens
			svg := picture.SVG(now.emulator, "mqtt "+shellWords(sc.args))
			term.screens <- now
			require.NoError(t, os.WriteFile(filepath.Join(dir, "cli-"+sc.name+".svg"), svg, 0o644))
		})
	}
}

// shellWords is a command line as one would type it.
func shellWords(args []string) string {
	var words []string
	for _, arg := range args {
		if strings.ContainsAny(arg, "#* ") {
			arg = "'" + arg + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// plant is a server where much is going on, at the usual port if that is free.
func plant(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:1883")
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	require.NoError(t, err)
	s := serve(t, l, &limits{set: func(c *mochi.Capabilities) { c.MaximumMessageExpiryInterval = 0 }}) // else each message says that it expires in a day
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	every := func(period time.Duration, publish func(n int)) {
		wg.Go(func() {
			for n, next := 0, time.NewTicker(period); ; n++ {
				publish(n)
				select {
				case <-next.C:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	say := func(topic string, retain bool, qos byte, format string, args ...any) {
		s.Publish(topic, fmt.Appendf(nil, format, args...), retain, qos)
	}
	say("plant/firmware", true, 1, "2.14.0")
	say("plant/line/3/mode", true, 2, "automatic")
	for i := 1; i <= 4; i++ {
		every(time.Duration(i)*70*time.Millisecond, func(n int) {
			say(fmt.Sprintf("plant/line/%d/temperature", i), false, 0, `{"t":%.1f,"unit":"°C"}`, 60+float64(i)+8*math.Sin(float64(n)/30))
		})
		every(time.Duration(i)*400*time.Millisecond, func(n int) {
			say(fmt.Sprintf("plant/line/%d/count", i), true, 1, "%d", 18230*i+n)
		})
	}
	every(25*time.Millisecond, func(n int) {
		if math.Sin(float64(n)/40) > rand.Float64()-0.5 {
			say("plant/camera/frames", false, 0, "\xff\xd8\xff\xe0\x00\x10JFIF\x00%04d%s", n, strings.Repeat("\xa7\x1e", 3000))
		}
	})
	every(3*time.Second, func(n int) {
		say("plant/alarm", false, 2, "press 2: %s", []string{"pressure low", "pressure is back", "door open"}[n%3])
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return s
}
