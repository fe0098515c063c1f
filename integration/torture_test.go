//go:build integration

package integration

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/boltstore"
)

// TestTorture kills a publisher and two consumers with stores on disk, and in a half of its runs the server too, at random
// moments, and checks what was stored, taken and sent against the promises of a durable store (contract 11 and 19).
// SLUICE_TORTURE is how many numbers are published at each QoS in all runs together, and with that how often processes are
// killed; without it, there are few of everything, and half of the runs.
//
// While the server lives nothing is excused, but that it begins an exchange again after its PUBREL, where its own log shows
// that (witness.again). A server that was killed may come back as it was some time ago (TestCrashesLoseNothingThatWasSaved
// says why). Then a message may be missing when the server had answered to it, the consumer has not acknowledged it, and the
// server's log last speaks of it in a life that a kill has ended; and it may come again as new where by the packets of the
// consumer the exchange before was over, or wasn't and the server used its identifier for another message.
//
// With -artifacts, what the processes wrote down stays, and after a failure the server's log too.
func TestTorture(t *testing.T) {
	long := os.Getenv("SLUICE_TORTURE")
	count, err := strconv.Atoi(cmp.Or(long, "1500"))
	require.NoError(t, err)
	count /= 6
	var runs []*torture
	for i, versions := range [][]mqtt.Version{{mqtt.V5, mqtt.V311}, {mqtt.V5}, {mqtt.V311}} {
		run := torture{name: fmt.Sprint(versions), versions: versions, count: count, deaths: max(4, count/100)}
		if calm := run; long != "" || i == 0 {
			runs = append(runs, &calm)
		}
		if long != "" || i > 0 {
			run.name, run.servers = run.name+" server", max(1, count/475)
			runs = append(runs, &run)
		}
	}
	var table strings.Builder
	fmt.Fprintln(&table, header)
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			r.run(t)
			fmt.Fprintln(&table, r.row())
		})
	}
	t.Logf("\n%s", &table)
}

// torture is one run.
type torture struct {
	name     string
	versions []mqtt.Version // of the publisher's processes, in turn; the first and the last are those of the consumers
	count    int            // numbers of each QoS
	deaths   int            // of each of the three roles
	servers  int            // deaths of the server

	published      *published
	byHand, onTake *taken
	took           time.Duration
	outcome
}

func (r *torture) run(t *testing.T) {
	server := &mosquitto{name: "witness", url: environment(t, "MQTT_WITNESS")}
	log := environment(t, "MQTT_WITNESS_LOG")
	limit := 3*time.Minute + time.Duration(r.count)*100*time.Millisecond
	ctx, stop := context.WithTimeout(t.Context(), limit)
	defer stop()
	start := time.Now()
	c := newCell(t, server, mqtt.V5, mqtt.ExactlyOnce)
	folder := t.ArtifactDir()
	line := func(name string, versions ...mqtt.Version) *role {
		id := c.name(strings.ReplaceAll(name, " ", "-"))
		c.forget(mqtt.Config{Servers: []string{server.url}, Version: mqtt.V5, ClientID: id})
		return &role{deaths: r.deaths, versions: versions, spared: make(chan struct{}), task: task{
			Role: name, URL: server.url, ClientID: id, Files: filepath.Join(folder, id), Root: c.root, Count: r.count,
			Limit: limit,
		}}
	}
	publisher := line(publishing, r.versions...)
	byHand, onTake := line(takingByHand, r.versions[0]), line(takingOnTake, r.versions[len(r.versions)-1])
	for _, first := range []*role{publisher, byHand, onTake} {
		require.NoError(t, first.begin(ctx))
	}
	server.stop(t) // and so it has the sessions on its disk
	server.start(t)
	before, err := os.Stat(log)
	require.NoError(t, err)
	defer keepLog(t, log, before.Size(), folder)

	calm := make(chan struct{})
	var lives sync.WaitGroup
	live := func(role *role, calm <-chan struct{}, after func()) {
		lives.Go(func() {
			if err := role.live(ctx, calm); err != nil {
				t.Error(err)
				stop() // the others wait for what doesn't come
				return
			}
			after()
		})
	}
	live(publisher, calm, func() {
		if reached(ctx, byHand.spared, onTake.spared) { // the last process of each has to see it
			r.end(ctx, t, server, c.root)
		}
	})
	live(byHand, calm, func() {})
	live(onTake, calm, func() {})
	for range r.servers {
		pause(ctx)
		server.kill(t)
		server.start(t)
	}
	close(calm)
	lives.Wait()
	require.False(t, t.Failed())
	r.took = time.Since(start)
	r.judge(t, publisher, byHand, onTake, log, before.Size())
}

// keepLog keeps what the server has written down, if the test has failed. It is large, so that the server's own is emptied.
func keepLog(t *testing.T, log string, from int64, folder string) {
	if t.Failed() {
		words, err := os.ReadFile(log)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "server.log"), words[from:], 0o600))
	}
	require.NoError(t, os.Truncate(log, 0))
}

// pause is the time until the server is killed, for the same reason that moment has.
func pause(ctx context.Context) {
	select {
	case <-time.After(rand.N(2 * time.Second)):
	case <-ctx.Done():
	}
}

// end publishes the last message, when the publisher's are with the server.
func (r *torture) end(ctx context.Context, t *testing.T, server server, root string) {
	cfg := mqtt.Config{Version: mqtt.V5}
	server.access(&cfg)
	client, err := mqtt.New(cfg)
	if err == nil {
		err = client.Connect(ctx)
	}
	if err == nil {
		err = client.Publish(ctx, mqtt.Message{Topic: root + end.String(), Payload: []byte(end.String()), QoS: mqtt.ExactlyOnce})
	}
	if err == nil {
		err = client.Close(ctx)
	}
	if err != nil {
		t.Error(err)
	}
}

func (r *torture) judge(t *testing.T, publisher, byHand, onTake *role, log string, from int64) {
	read := func(role *role) []record {
		tape, err := readTape(role.Files + ".tape")
		require.NoError(t, err)
		return tape
	}
	w, err := readWitness(log, from)
	require.NoError(t, err)
	r.published = judgePublished(read(publisher), r.servers == 0)
	r.published.witnessed(w)
	r.byHand = judgeTaken(read(byHand), true, r.servers == 0)
	r.onTake = judgeTaken(read(onTake), false, r.servers == 0)
	var c complaints
	r.compare(&c, w, byHand.ClientID, onTake.ClientID)
	for _, list := range [][]string{c.list, r.published.list, r.byHand.list, r.onTake.list} {
		for i, complaint := range list {
			if i == 20 {
				t.Errorf("and %d more", len(list)-i)
				break
			}
			t.Error(complaint)
		}
	}
	requireNothingKept(t, publisher, "mn")
	if r.servers == 0 { // else there may be what the server has forgotten
		requireNothingKept(t, byHand, "mnr")
		requireNothingKept(t, onTake, "mnr")
	}
}

// requireNothingKept shows that a store has nothing left to do: no record of these kinds.
func requireNothingKept(t *testing.T, role *role, kinds string) {
	store, err := boltstore.Open(role.Files + ".store")
	require.NoError(t, err)
	defer store.Close()
	for kept, err := range store.Load(t.Context()) {
		require.NoError(t, err)
		require.NotContains(t, kinds, string(kept.Key[:1]), "%s: %q", role.Role, kept.Key)
	}
}
